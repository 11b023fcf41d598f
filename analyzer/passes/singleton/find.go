package singleton

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"sort"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// finder looks for the singletons that one package declares.
type finder struct {
	*run
	path  string
	types map[*types.Named]*trait
	uses  map[string][]*flow.Effect // effects of this package on package variables, by name
}

// candidate is a package variable, or a field of one, that is a manager.
type candidate struct {
	path  []string
	trait *trait
	typ   types.Type
}

func (f *finder) find() {
	f.types = map[*types.Named]*trait{}
	f.indexUses()
	f.foreign()
	f.located()
	specs := f.variables()
	for _, v := range specs {
		for _, c := range f.candidates(v.obj) {
			if !f.tabled(v.obj, c) {
				f.declare(v, c)
			}
		}
	}
}

// variable is a package variable with its declaration.
type variable struct {
	obj  *types.Var
	name *ast.Ident
	spec *ast.ValueSpec
}

// variables lists the package's variables in file order, blank ones left out.
func (f *finder) variables() []variable {
	var out []variable
	for _, file := range f.pass.Files {
		if Bound(file) {
			continue
		}
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				vs, ok := spec.(*ast.ValueSpec)
				if !ok {
					continue
				}
				for _, name := range vs.Names {
					if v, ok := f.pass.TypesInfo.Defs[name].(*types.Var); ok && name.Name != "_" {
						out = append(out, variable{v, name, vs})
					}
				}
			}
		}
	}
	return out
}

// indexUses collects what this package does to package variables, channels
// expanded.
func (f *finder) indexUses() {
	f.uses = map[string][]*flow.Effect{}
	for _, fn := range f.p.Touching() {
		for _, e := range f.p.Expand(f.p.Body(fn)) {
			if root := e.Target.Root(); root.Op == flow.Global {
				f.uses[root.Name] = append(f.uses[root.Name], e)
			}
		}
	}
}

// candidates are the managers in one variable: the variable itself, or fields of
// the struct that it holds.
func (f *finder) candidates(v *types.Var) []candidate {
	if alias := f.p.Alias(v); len(alias) > 0 {
		return f.aliased(v, alias)
	}
	t := v.Type()
	if held := f.held(v); held != nil {
		t = held
	}
	if f.named(v) {
		tr := trait{declared: true}
		if known := f.traitOf(t); known != nil {
			tr = *known
			tr.declared = true
		}
		return []candidate{{trait: &tr, typ: t}}
	}
	if found := f.within(t, nil, 0); len(found) > 0 {
		if isChan(t) && f.queues(v) {
			found[0].trait.queue = true
		}
		return found
	}
	if l, ok := f.evidence(v); l.Library != "" {
		return []candidate{{trait: &trait{library: l.Library, addressed: !l.All}, typ: t}}
	} else if ok && f.turnover(v) {
		return []candidate{{trait: &trait{}, typ: t}}
	}
	if lib, addressed := f.feeds(v); lib != "" {
		return []candidate{{trait: &trait{library: lib, addressed: addressed}, typ: t}}
	}
	if tr := f.lastConnection(v); tr != nil {
		return []candidate{{trait: tr, typ: t}}
	}
	return nil
}

// named reports whether somebody declared the variable, or a function of this
// package that returns it, to be a process-wide manager.
func (f *finder) named(v *types.Var) bool {
	if len(f.opts.Accessors) == 0 {
		return false
	}
	if f.listed(v.Name()) {
		return true
	}
	state := &flow.Value{Op: flow.Global, Name: flow.VarName(v)}
	for _, fn := range f.p.Funcs() {
		if fn.Signature().Recv() == nil && f.listed(fn.Name()) {
			if sum := f.p.FuncSummary(fn); sum != nil && returnsState(sum, state) {
				return true
			}
		}
	}
	return false
}

// listed reports whether the options name an object of this package.
func (f *finder) listed(name string) bool {
	return slices.ContainsFunc(f.opts.Accessors, func(accessor string) bool { return Names(accessor, f.path, name) })
}

// Names reports whether an accessor, "path.Name", stands for an object of a package:
// by its import path or the end of it, from a slash on.
func Names(accessor, path, name string) bool {
	full := path + "." + name
	return accessor == full || strings.HasSuffix(full, "/"+accessor)
}

// aliased makes a copy of a known manager one too.
func (f *finder) aliased(v *types.Var, alias flow.Set) []candidate {
	for _, a := range alias {
		for _, s := range f.states {
			if flow.Same(a, s.value) {
				return []candidate{{trait: &trait{library: s.Library, severity: s.Severity, alias: true}, typ: v.Type()}}
			}
		}
	}
	return nil
}

// held is the type of what an interface, any, atomic or memoised variable holds.
func (f *finder) held(v *types.Var) types.Type {
	if named := conns.Named(v.Type()); named != nil && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "sync/atomic" {
		if named.TypeArgs().Len() > 0 {
			return named.TypeArgs().At(0)
		}
	}
	if t := f.holds(v.Type()); t != nil {
		return t
	}
	if sig, ok := v.Type().Underlying().(*types.Signature); ok {
		if sig.Params().Len() == 0 && sig.Results().Len() > 0 && f.memoised(v) {
			return sig.Results().At(0).Type()
		}
		return nil
	}
	if !types.IsInterface(v.Type()) {
		return nil
	}
	for _, e := range f.p.Definitions(v) {
		if t := f.concrete(e, 0); t != nil {
			if _, several := t.(*types.Tuple); several {
				return nil // a constructor that may fail, and may have others beside it
			}
			return t
		}
	}
	return nil
}

// memoised reports whether v is what sync.OnceValue made.
func (f *finder) memoised(v *types.Var) bool {
	for _, e := range f.p.Definitions(v) {
		call, ok := ast.Unparen(e).(*ast.CallExpr)
		if !ok {
			continue
		}
		if fn, ok := f.p.ObjectOf(call.Fun).(*types.Func); ok && fn.Pkg() != nil && fn.Pkg().Path() == "sync" {
			return true
		}
	}
	return false
}

// concrete is the type behind the interface-typed expression e.
func (f *finder) concrete(e ast.Expr, depth int) types.Type {
	t := f.p.TypeOf(e)
	if t == nil || depth > 3 {
		return nil
	}
	if !types.IsInterface(t) {
		return t
	}
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil
	}
	fn, ok := f.p.ObjectOf(call.Fun).(*types.Func)
	if !ok {
		return nil
	}
	decl := f.p.Decl(fn)
	if decl == nil || decl.Body == nil {
		return nil
	}
	var found types.Type
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && found == nil && len(r.Results) > 0 {
			found = f.concrete(r.Results[0], depth+1)
		}
		_, lit := n.(*ast.FuncLit)
		return !lit
	})
	return found
}

const maxFields = 2

// within finds the managers in a value of type t: the value itself, or fields of a
// struct that merely collects what the program needs.
func (f *finder) within(t types.Type, path []string, depth int) []candidate {
	if tr := f.traitOf(t); tr != nil {
		return []candidate{{path: path, trait: tr, typ: t}}
	}
	st, ok := structOf(t)
	if !ok || depth >= maxFields || !f.own(t) {
		return nil
	}
	var out []candidate
	for field := range st.Fields() {
		if types.IsInterface(field.Type()) || isChan(field.Type()) && f.p.Catalog.Bears(t) != "" {
			continue
		}
		out = append(out, f.within(field.Type(), append(path[:len(path):len(path)], field.Name()), depth+1)...)
	}
	return out
}

// own reports whether the struct type belongs to the code being read.
func (f *finder) own(t types.Type) bool {
	named := conns.Named(t)
	return named == nil || named.Obj().Pkg() != nil && f.p.Catalog.FirstParty(named.Obj().Pkg().Path())
}

func structOf(t types.Type) (*types.Struct, bool) {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	return st, ok
}

func (f *finder) declare(v variable, c candidate) {
	name := strings.Join(append([]string{v.obj.Name()}, c.path...), ".")
	s := &Singleton{
		ID: f.path + "." + name, Package: f.path, Name: name, Path: c.path,
		Library: c.trait.library, Type: types.TypeString(c.typ, types.RelativeTo(nil)), Object: v.obj, Named: conns.Named(c.typ), Node: v.name,
	}
	s.Type = types.TypeString(c.typ, func(p *types.Package) string { return p.Name() })
	if node := fieldNode(v, c.path); node != nil {
		s.Node = node
	}
	s.Severity, s.Reason = c.trait.judge()
	if s.Severity != findings.Info && !c.trait.declared && strings.HasSuffix(f.p.Fset.Position(v.name.Pos()).Filename, "_test.go") {
		s.Severity, s.Reason = findings.Info, "it is declared in a test, which has no users"
	}
	if s.Severity != findings.Info && !c.trait.declared && f.testServer() {
		s.Severity, s.Reason = findings.Info, "its package serves tests, which have no users"
	}
	s.Form = f.form(v, c)
	st := f.know(s)
	if c.trait.alias {
		delete(f.states, s.ID)
	} else {
		f.functions(st)
	}
	f.result.Singletons = append(f.result.Singletons, s)
	sort.SliceStable(f.result.Singletons, func(i, j int) bool {
		return f.result.Singletons[i].Node.Pos() < f.result.Singletons[j].Node.Pos()
	})
}

// fieldNode is the declaration of a field of an anonymous struct variable.
func fieldNode(v variable, path []string) ast.Node {
	if len(path) == 0 {
		return nil
	}
	st, ok := v.spec.Type.(*ast.StructType)
	if !ok {
		return nil
	}
	for _, field := range st.Fields.List {
		for _, name := range field.Names {
			if name.Name == path[0] {
				return name
			}
		}
	}
	return nil
}

// functions lists the accessors of a singleton and the package functions that act
// on it.
func (f *finder) functions(st *state) {
	for _, fn := range f.p.Touching() {
		sum := f.p.FuncSummary(fn)
		if sum == nil || fn.Signature().Recv() != nil {
			continue
		}
		switch {
		case returnsState(sum, st.value):
			st.Accessors = append(st.Accessors, fn.Name())
		case fn.Exported() && actsOn(f.p.Expand(sum.Effects), st.value) || fn.Exported() && returnsPart(sum, st.value):
			st.Funcs = append(st.Funcs, fn.Name())
		}
	}
}

func returnsState(sum *flow.Summary, state *flow.Value) bool {
	for _, r := range sum.Results {
		for _, v := range r {
			if flow.Same(v, state) {
				return true
			}
		}
	}
	return false
}

// returnsPart reports whether a result is a part of the state, a list of such parts,
// or a value such as its length.
func returnsPart(sum *flow.Summary, state *flow.Value) bool {
	for _, r := range sum.Results {
		for _, v := range r {
			if v.MadeOf(func(part *flow.Value) bool { return part.Contains(state) }) {
				return true
			}
		}
	}
	return false
}

func actsOn(effects []*flow.Effect, state *flow.Value) bool {
	for _, e := range effects {
		if e.Target.Contains(state) {
			return true
		}
	}
	return false
}

// severityOf orders what is known of a manager into a severity.
func (t *trait) judge() (findings.Severity, string) {
	switch {
	case t.declared:
		return findings.Warning, ""
	case t.severity != "":
		return t.severity, ""
	case t.client:
		return findings.Info, "its connections lead to a server, not to users"
	case t.queue:
		return findings.Info, "it is a queue of what to send, and each entry brings the connection that somebody else picked"
	case t.serves:
		return findings.Info, "it accepts connections but keeps none; if it reaches users by other means, declare it with --accessor or in .wsmig.yaml"
	case t.library == "":
		return findings.Info, "no known connection type can be reached; if it sends to users, declare it with --accessor or in .wsmig.yaml"
	case !t.addressed:
		return findings.Info, "it only ever sends the same to everyone"
	}
	return findings.Warning, ""
}

// testServer reports whether the package is there for tests: outside them it makes
// servers of net/http/httptest.
func (f *finder) testServer() bool {
	imported := func(imp *types.Package) bool { return imp.Path() == "net/http/httptest" }
	if !slices.ContainsFunc(f.pass.Pkg.Imports(), imported) {
		return false
	}
	for id, obj := range f.pass.TypesInfo.Uses {
		if obj.Pkg() == nil || !imported(obj.Pkg()) || strings.HasSuffix(f.p.Fset.Position(id.Pos()).Filename, "_test.go") {
			continue
		}
		if strings.HasSuffix(obj.Name(), "Server") { // a Recorder is used elsewhere as well
			return true
		}
	}
	return false
}
