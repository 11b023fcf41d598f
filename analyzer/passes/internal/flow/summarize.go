package flow

import (
	"go/ast"
	"go/types"
	"sort"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

const smallStatements, thinStatements = 12, 4

// summarize computes what callers need to know of f. A function that is asked for
// while it is being read, by recursion, gives only its results so far.
func (p *Package) summarize(f *fn) *Summary {
	if f.summary != nil || f.building {
		return f.summary
	}
	f.building = true
	n := statements(f.body)
	sum := &Summary{Small: n <= smallStatements, Thin: n <= thinStatements, Runs: p.runs(f, 0)}
	outer := p.suspend()
	for i := 0; i < f.sig.Results().Len(); i++ {
		sum.Results = append(sum.Results, export(p.returned(f, i)))
	}
	for _, e := range p.bodyOf(f) {
		if x := exportEffect(e); x != nil && p.matters(x) {
			sum.Effects = append(sum.Effects, x)
		}
	}
	p.resume(outer)
	sum.Effects = Dedupe(sum.Effects)
	sum.Reads = p.reads(f)
	f.summary = sum
	f.building = false
	return sum
}

// matters reports whether callers need to know of an effect. In a package without
// sockets only stores, deliveries and callbacks do, and what happens to package
// state.
func (p *Package) matters(e *Effect) bool {
	return p.Core() || rank(e.Op) == 0 || e.Op == Call || e.Op == Upgrade || e.Target.Root().Op == Global || e.Op == Assign && fresh(e.Val) ||
		e.Op == Invoke && e.Target.Passes(Elem)
}

// bodyOf is what the body of f does, computed once.
func (p *Package) bodyOf(f *fn) []*Effect {
	if !f.read {
		f.read = true
		f.effects = p.bodyEffects(f)
	}
	return f.effects
}

// bench is the state of one evaluation.
type bench struct {
	busy         map[ast.Expr]bool
	draft        map[ast.Expr]Set
	cut          bool
	depth, steps int
}

// suspend sets the state of the evaluation aside, so that another function is
// read from a clean slate: its summary must not depend on who asked first.
func (p *Package) suspend() bench {
	saved := bench{busy: p.busy, draft: p.draft, cut: p.cut, depth: p.depth, steps: p.steps}
	p.busy, p.draft, p.cut, p.depth, p.steps = map[ast.Expr]bool{}, map[ast.Expr]Set{}, false, 0, 0
	return saved
}

func (p *Package) resume(b bench) {
	p.busy, p.draft, p.cut, p.depth, p.steps = b.busy, b.draft, b.cut, b.depth, b.steps
}

func statements(body *ast.BlockStmt) int {
	n := 0
	ast.Inspect(body, func(node ast.Node) bool {
		switch node.(type) {
		case *ast.BlockStmt:
		case ast.Stmt:
			n++
		}
		return true
	})
	return n
}

// returned joins what f returns as result i.
func (p *Package) returned(f *fn, i int) Set {
	var out []Set
	for _, r := range f.returns {
		switch {
		case len(r.Results) == 0:
			if v := namedResult(p, f, i); v != nil {
				out = append(out, p.Var(v))
			}
		case i < len(r.Results) && (len(r.Results) > 1 || i == 0):
			if len(r.Results) == 1 && f.sig.Results().Len() > 1 {
				out = append(out, p.def(def{expr: r.Results[0], index: i}))
			} else {
				out = append(out, p.Eval(r.Results[i]))
			}
		case len(r.Results) == 1:
			out = append(out, p.def(def{expr: r.Results[0], index: i}))
		}
	}
	return meaningful(Join(out...))
}

// meaningful drops constants, such as the nil of an error path, beside values
// that say something.
func meaningful(s Set) Set {
	var kept Set
	for _, v := range s {
		if v.Op != Const {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return s
	}
	return kept
}

func namedResult(p *Package, f *fn, i int) *types.Var {
	var list *ast.FieldList
	if f.decl != nil {
		list = f.decl.Type.Results
	} else {
		list = f.lit.Type.Results
	}
	if list == nil {
		return nil
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			if i == 0 {
				v, _ := p.Info.Defs[name].(*types.Var)
				return v
			}
			i--
		}
	}
	return nil
}

// export strips what only makes sense inside the function.
func export(s Set) Set {
	out := make([]Set, len(s))
	for i, v := range s {
		out[i] = Set{exportValue(v)}
	}
	return Join(out...)
}

func exportValue(v *Value) *Value {
	if v == nil {
		return nil
	}
	switch v.Op {
	case LitParam, Closure:
		return &Value{Op: Opaque, Lib: v.Lib}
	}
	if !v.look().local {
		return v
	}
	c := v.clone()
	c.at = nil
	c.X = exportValue(v.X)
	if v.Keys != nil {
		c.Keys = exportEach(v.Keys)
	}
	c.Args = exportEach(v.Args)
	return c
}

func exportEach(s Set) Set {
	if s == nil {
		return nil
	}
	out := make(Set, len(s))
	for i, v := range s {
		out[i] = exportValue(v)
	}
	return out
}

// exportEffect drops effects on what does not outlive the function.
func exportEffect(e *Effect) *Effect {
	c := &Effect{Op: e.Op, Name: e.Name, Target: exportValue(e.Target), Key: exportEach(e.Key), Val: exportEach(e.Val), Guards: exportEach(e.Guards)}
	for _, a := range e.Args {
		c.Args = append(c.Args, exportEach(a))
	}
	switch c.Target.Root().Op {
	case Param, Global:
		return c
	case Accepted:
		if e.Op == Upgrade {
			return c
		}
	}
	return nil
}

// Impls maps the interfaces that this package knows to its types that implement
// them.
func (p *Package) Impls() map[string][]string {
	if p.impls != nil {
		return p.impls
	}
	p.impls = map[string][]string{}
	concrete := concreteTypes(p.Types)
	if len(concrete) == 0 {
		return p.impls
	}
	for _, pkg := range append([]*types.Package{p.Types}, p.Types.Imports()...) {
		if !p.Catalog.FirstParty(pkg.Path()) {
			continue
		}
		for _, iface := range interfaces(pkg) {
			p.implementers(iface, concrete)
		}
	}
	return p.impls
}

func (p *Package) implementers(iface *types.TypeName, concrete []*types.TypeName) {
	it, _ := iface.Type().Underlying().(*types.Interface)
	key := conns.CleanPath(iface.Pkg().Path()) + "." + iface.Name()
	for _, t := range concrete {
		if types.Implements(types.NewPointer(t.Type()), it) {
			p.impls[key] = append(p.impls[key], conns.CleanPath(t.Pkg().Path())+"."+t.Name())
		}
	}
	sort.Strings(p.impls[key])
}

func concreteTypes(pkg *types.Package) []*types.TypeName {
	return typeNames(pkg, func(named *types.Named) bool {
		return !types.IsInterface(named) && named.TypeParams().Len() == 0 && types.NewMethodSet(types.NewPointer(named)).Len() > 0
	})
}

func interfaces(pkg *types.Package) []*types.TypeName {
	return typeNames(pkg, func(named *types.Named) bool {
		it, ok := named.Underlying().(*types.Interface)
		return ok && it.NumMethods() > 0 && named.TypeParams().Len() == 0
	})
}

func typeNames(pkg *types.Package, keep func(*types.Named) bool) []*types.TypeName {
	var out []*types.TypeName
	scope := pkg.Scope()
	for _, name := range scope.Names() {
		tn, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || tn.IsAlias() {
			continue
		}
		if named, ok := tn.Type().(*types.Named); ok && keep(named) {
			out = append(out, tn)
		}
	}
	return out
}

// methodOf is the summary of a method of the type "path.Name", promoted ones
// included.
func (p *Package) methodOf(typ, method string) *Summary {
	dot := strings.LastIndex(typ, ".")
	path, name := typ[:dot], typ[dot+1:]
	if path != conns.CleanPath(p.Types.Path()) {
		return p.World.Func(path, path+".("+name+")."+method)
	}
	tn, ok := p.Types.Scope().Lookup(name).(*types.TypeName)
	if !ok {
		return nil
	}
	return p.promoted(tn.Type(), method)
}

// promoted is the summary of a method as called on t, with the embedded fields on
// the way spelled out.
func (p *Package) promoted(t types.Type, method string) *Summary {
	obj, index, _ := types.LookupFieldOrMethod(t, true, p.Types, method)
	if f, ok := obj.(*types.Func); ok {
		return p.through(t, f, index)
	}
	return nil
}

// through is promoted for the method that lies at index.
func (p *Package) through(t types.Type, f *types.Func, index []int) *Summary {
	if types.IsInterface(f.Signature().Recv().Type()) {
		return nil // an embedded interface only passes the question on
	}
	sums := p.targets(f)
	if len(sums) == 0 {
		return nil
	}
	if len(index) == 1 {
		return sums[0]
	}
	recv := Set{{Op: Param}}
	for _, i := range index[:len(index)-1] {
		st, ok := under(t).(*types.Struct)
		if !ok {
			return nil
		}
		recv, t = field(recv, st.Field(i).Name(), ""), st.Field(i).Type()
	}
	return rebase(sums[0], recv, f.Signature().Params().Len())
}

// rebase replaces the receiver of a summary.
func rebase(s *Summary, recv Set, params int) *Summary {
	b := &binding{params: []Set{recv}}
	for i := 1; i <= params; i++ {
		b.params = append(b.params, Set{{Op: Param, Index: i}})
	}
	out := &Summary{Small: s.Small, Thin: s.Thin, Runs: s.Runs}
	for _, r := range s.Results {
		out.Results = append(out.Results, b.set(r))
	}
	for _, e := range s.Effects {
		out.Effects = append(out.Effects, b.effect(e)...)
	}
	return out
}

// MethodSummary is what a method does when called on a value of the named type.
func (p *Package) MethodSummary(named *types.Named, method string) *Summary {
	obj := named.Obj()
	if obj.Pkg() == nil {
		return nil
	}
	return p.methodOf(conns.CleanPath(obj.Pkg().Path())+"."+obj.Name(), method)
}

// Implementations are the types of this package and of those it imports that are
// known to implement the interface "path.Name".
func (p *Package) Implementations(iface string) []types.Type {
	var out []types.Type
	for _, name := range merge(p.Impls()[iface], p.World.Impls(iface)) {
		dot := strings.LastIndex(name, ".")
		if pkg := p.reachable(name[:dot]); pkg != nil {
			if tn, ok := pkg.Scope().Lookup(name[dot+1:]).(*types.TypeName); ok {
				out = append(out, tn.Type())
			}
		}
	}
	return out
}

// reachable finds an imported package by its path.
func (p *Package) reachable(path string) *types.Package {
	if conns.CleanPath(p.Types.Path()) == path {
		return p.Types
	}
	for _, imp := range p.Types.Imports() {
		if conns.CleanPath(imp.Path()) == path {
			return imp
		}
	}
	return nil
}
