package fixer

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// work is what one round knows: every site, and the groups of edits that would
// move them.
type work struct {
	sites   []*site
	catalog map[string]*bind.Op // by the full name of the function
	files   map[string]*bind.File
	inside  map[string]bool // functions that hold sites
	homes   []*home
	groups  []*group
}

// site is one use of a singleton, in the program as it is now.
type site struct {
	*singleton.Site
	pkg *driver.Package
	at  token.Position
	end token.Position

	op      *bind.Op
	home    *home
	taken   *lookup // how it takes a connection out of the registry, nil for all others
	already bool    // an earlier run bound it
	group   *group  // nil when nothing can be done
	status  ledger.Status
	reason  ledger.Reason
	hint    string
}

// survey collects the sites of the program and works out the edits for them.
func (e *engine) survey() (*work, error) {
	w := &work{files: map[string]*bind.File{}}
	e.collect(w)
	w.catalog = e.catalog()
	e.assign(w, w.catalog)
	if err := e.settleHomes(w); err != nil {
		return nil, err
	}
	for _, s := range w.sites {
		if err := e.rewrite(w, s); err != nil {
			return nil, err
		}
	}
	e.rewritePairs(w)
	e.record(w)
	if !e.surveyed {
		e.noteSkipped()
	}
	e.surveyed = true
	return w, nil
}

// collect lists each site once, although its file may belong to a package and to
// its variant with tests.
func (e *engine) collect(w *work) {
	seen := map[token.Position]bool{}
	for _, pkg := range e.program.Packages {
		if pkg.Result == nil {
			continue
		}
		for _, s := range pkg.Result.Sites {
			one := &site{Site: s, pkg: pkg, at: e.program.Fset.Position(s.Node.Pos()), end: e.program.Fset.Position(s.Node.End())}
			if !seen[one.at] {
				seen[one.at] = true
				w.sites = append(w.sites, one)
			}
		}
	}
	slices.SortStableFunc(w.sites, func(a, b *site) int {
		if a.at.Filename != b.at.Filename {
			return strings.Compare(a.at.Filename, b.at.Filename)
		}
		return a.at.Offset - b.at.Offset
	})
}

// catalog maps the full names of functions to what they send, over all packages
// from source.
func (e *engine) catalog() map[string]*bind.Op {
	ops := map[string]*bind.Op{}
	for _, pkg := range e.program.Packages {
		if pkg.Result == nil || pkg.ForTest != "" {
			continue
		}
		for fn, f := range pkg.Result.Funcs {
			if op := opOf(fn, f, pkg.Result.Funcs); op != nil {
				ops[op.Name()] = op
			}
		}
	}
	return ops
}

// opOf is the op that a function is, or nil.
func opOf(fn *types.Func, f *singleton.Func, all map[*types.Func]*singleton.Func) *bind.Op {
	kind, ok := bind.KindOf(f.Role)
	if !ok {
		return nil
	}
	op := &bind.Op{Func: bind.General(fn), Kind: kind, Key: keyParts(f.Keys), Ungated: f.Reentrant}
	if len(f.Keys) == 0 && f.State != "" {
		op.Setter = setter(fn, f.State, all)
	}
	if len(op.Key) == 0 && op.Setter == nil {
		return nil
	}
	return op
}

// setter finds the method that sets the field which picks the receivers of fn,
// and does nothing else with it.
func setter(fn *types.Func, field string, all map[*types.Func]*singleton.Func) *types.Func {
	var found *types.Func
	for other, f := range all {
		if f.Sets != field || !sameReceiver(fn, other) || other.Signature().Params().Len() != 1 || other.Signature().Results().Len() > 0 {
			continue
		}
		if found != nil {
			return nil
		}
		found = other
	}
	return found
}

func sameReceiver(a, b *types.Func) bool {
	x, y := a.Signature().Recv(), b.Signature().Recv()
	return x != nil && y != nil && types.Identical(deref(x.Type()), deref(y.Type()))
}

func deref(t types.Type) types.Type {
	if p, ok := t.(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func keyParts(keys []singleton.Param) []bind.KeyPart {
	var parts []bind.KeyPart
	for _, k := range keys {
		if k.Index == 0 || k.Looked {
			return nil // picked by the receiver, or by code that nobody could read
		}
		parts = append(parts, bind.KeyPart{Param: k.Index - 1, Path: strings.Join(k.Path, ".")})
	}
	return parts
}

// assign finds the op behind each addressed site and the home of its emitter.
func (e *engine) assign(w *work, catalog map[string]*bind.Op) {
	for _, s := range w.sites {
		if _, op := w.valueAt(s); op != nil {
			s.op = op
			s.home = w.homeOf(e, s)
			s.home.add(op)
			continue
		}
		if _, addressed := bind.KindOf(s.Role); !addressed {
			continue
		}
		if e.assignChannel(w, s) || e.assignLookup(w, s) || s.Callee == nil {
			continue
		}
		op := catalog[s.Callee.Origin().FullName()]
		if op == nil && s.Addressee != nil {
			op = e.opAt(s)
			if op != nil {
				catalog[op.Name()] = op
			}
		}
		if op == nil || e.privateWrapper(w, s) {
			continue
		}
		s.op = op
		s.home = w.homeOf(e, s)
		s.home.add(op)
	}
	if len(w.homes) == 0 {
		return
	}
	graph := newGraph(e.program)
	for _, h := range w.homes {
		h.addMethods(catalog)
		for _, op := range h.ops {
			op.Ungated = op.Ungated || graph.mayWaitForItself(op, w.holdsSites)
		}
	}
}

// opAt makes an op of what is known at the site alone: the method is one of an
// interface, or of a package whose functions were not looked into.
func (e *engine) opAt(s *site) *bind.Op {
	kind, _ := bind.KindOf(s.Role)
	key := keyParts(s.Addressee.Keys)
	if len(key) == 0 {
		return nil
	}
	fn := s.Callee
	for _, pkg := range e.program.ByPath(fn.Pkg().Path()) {
		if pkg.ForTest != "" || pkg.Types == nil {
			continue
		}
		if own := sameFunc(pkg.Types, fn); own != nil {
			fn = own
		}
	}
	return &bind.Op{Func: bind.General(fn), Kind: kind, Key: key}
}

// sameFunc finds fn in another variant of its package.
func sameFunc(pkg *types.Package, fn *types.Func) *types.Func {
	if fn.Pkg() == pkg {
		return fn
	}
	recv := fn.Signature().Recv()
	if recv == nil {
		found, _ := pkg.Scope().Lookup(fn.Name()).(*types.Func)
		return found
	}
	named, ok := types.Unalias(deref(recv.Type())).(*types.Named)
	if !ok {
		return nil
	}
	owner := pkg.Scope().Lookup(named.Obj().Name())
	if owner == nil {
		return nil
	}
	obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(owner.Type()), true, pkg, fn.Name())
	if types.IsInterface(owner.Type()) {
		obj, _, _ = types.LookupFieldOrMethod(owner.Type(), true, pkg, fn.Name())
	}
	found, _ := obj.(*types.Func)
	return found
}

// rolesKept are what no stage of a fix rewrites unasked.
var rolesKept = map[findings.Role]ledger.Reason{
	findings.Broadcast:       ledger.Broadcast,
	findings.Register:        ledger.Registration,
	findings.Unregister:      ledger.Registration,
	findings.Lifecycle:       ledger.Lifecycle,
	findings.Query:           ledger.Query,
	findings.Escape:          ledger.Escape,
	findings.RoleDeclaration: ledger.Declaration,
	findings.Other:           ledger.AddresseeUnknown,
}
