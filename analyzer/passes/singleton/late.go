package singleton

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// foreign finds managers whose own package does not know what they hold: a map of
// any that another package fills with connections, an interface or any variable
// that another package sets or asserts to a manager.
func (f *finder) foreign() {
	f.contents()
	f.channels()
	for _, file := range f.pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeAssertExpr:
				if n.Type != nil {
					f.learn(n.X, f.p.TypeOf(n.Type))
				}
			case *ast.AssignStmt:
				if len(n.Lhs) == len(n.Rhs) {
					for i, lhs := range n.Lhs {
						f.learn(lhs, f.concrete(n.Rhs[i], 0))
					}
				}
			case *ast.TypeSwitchStmt:
				f.switched(n)
			case *ast.CallExpr:
				f.registered(n)
			}
			return true
		})
	}
}

// contents judges variables of other packages by what this one stores in them.
func (f *finder) contents() {
	names := make([]string, 0, len(f.uses))
	for name := range f.uses {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if v := f.variableNamed(name); v != nil && v.Pkg() != f.pass.Pkg {
			if lib := libraryOf(f.uses[name]); lib != "" {
				f.adopt(v, Late{Library: lib})
			} else if _, known := f.result.Late[name]; !known && callsBack(f.uses[name]) {
				f.result.Late[name] = Late{}
			}
		}
	}
}

// channels judges channels of other packages by what becomes here of the values
// that are sent on them.
func (f *finder) channels() {
	for _, key := range slices.Sorted(maps.Keys(f.p.Consumers())) {
		v := f.variableNamed(key)
		if v == nil || v.Pkg() == f.pass.Pkg {
			continue
		}
		if lib, addressed := f.feeds(v); lib != "" {
			f.adopt(v, Late{Library: lib, All: !addressed})
		}
	}
}

// tables notes the variables without a visible connection that turn out to be
// tables.
func (r *run) tables() {
	for _, s := range r.result.Sites {
		if s.Singleton.Library == "" && s.Role == findings.Register && !s.Test && s.Addressee != nil && s.Addressee.Expr != nil {
			if r.pass.TypesInfo.Types[s.Addressee.Expr].Value != nil {
				r.result.Late[s.Singleton.ID] = r.result.Late[s.Singleton.ID].And(Late{Table: true})
			}
		}
	}
}

// tabled reports whether a variable is known to be a table.
func (f *finder) tabled(v *types.Var, c candidate) bool {
	if c.trait.library != "" || c.trait.declared || c.trait.alias {
		return false
	}
	l, _ := f.late(strings.Join(append([]string{flow.VarName(v)}, c.path...), "."))
	return l.Table
}

// callsBack reports whether something given from outside is handed to a callback of
// one element of a container, picked by a key.
func callsBack(effects []*flow.Effect) bool {
	for _, e := range effects {
		if e.Op == flow.Call && e.Target.Op == flow.Field && given(flow.Join(e.Args...)) && keyed(e.Target) {
			return true
		}
	}
	return false
}

// keyed reports whether a step of v is an element picked by something that is no
// constant.
func keyed(v *flow.Value) bool {
	for ; v != nil; v = v.X {
		if v.Op != flow.Elem {
			continue
		}
		for _, k := range v.Keys {
			if k.Op != flow.Const {
				return true
			}
		}
	}
	return false
}

// turnover reports whether entries come and go while the program runs, as they do in
// a registry of users and not in a table of handlers.
func (f *finder) turnover(v *types.Var) bool {
	comes, goes := false, false
	for _, e := range f.uses[flow.VarName(v)] {
		comes = comes || e.Op == flow.Put && (given(e.Val) || given(e.Key))
		goes = goes || e.Op == flow.Del
	}
	return comes && goes
}

// variableNamed finds a package variable of an import by its name across packages.
func (f *finder) variableNamed(name string) *types.Var {
	dot := strings.LastIndex(name, ".")
	if dot < 0 {
		return nil
	}
	for _, imp := range append(f.pass.Pkg.Imports(), f.pass.Pkg) {
		if conns.CleanPath(imp.Path()) == name[:dot] {
			v, _ := imp.Scope().Lookup(name[dot+1:]).(*types.Var)
			return v
		}
	}
	return nil
}

// learn notes that the variable that e names holds a value of type t.
func (f *finder) learn(e ast.Expr, t types.Type) {
	v, _ := f.p.ObjectOf(e).(*types.Var)
	f.learnVar(v, t)
}

func (f *finder) learnVar(v *types.Var, t types.Type) {
	if v == nil || t == nil || !flow.IsPackageVar(v) || !types.IsInterface(v.Type()) || types.IsInterface(t) {
		return
	}
	if tr := f.traitOf(t); tr != nil && tr.library != "" {
		f.adopt(v, Late{Library: tr.library})
	}
}

// registered learns from an argument of a function that stores it in a variable of
// its package: an implementation that registers itself.
func (f *finder) registered(call *ast.CallExpr) {
	fn, ok := f.p.ObjectOf(call.Fun).(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Signature().Recv() != nil || !f.p.Catalog.FirstParty(fn.Pkg().Path()) {
		return
	}
	sum := f.p.FuncSummary(fn)
	if sum == nil {
		return
	}
	for _, e := range sum.Effects {
		if e.Op != flow.Assign || e.Target.Op != flow.Global {
			continue
		}
		for _, val := range e.Val {
			if i := val.Index - 1; val.Op == flow.Param && i >= 0 && i < len(call.Args) {
				f.learnVar(f.variableNamed(e.Target.Name), f.concrete(call.Args[i], 0))
			}
		}
	}
}

func (f *finder) switched(n *ast.TypeSwitchStmt) {
	var x ast.Expr
	switch assign := n.Assign.(type) {
	case *ast.AssignStmt:
		if ta, ok := ast.Unparen(assign.Rhs[0]).(*ast.TypeAssertExpr); ok {
			x = ta.X
		}
	case *ast.ExprStmt:
		if ta, ok := ast.Unparen(assign.X).(*ast.TypeAssertExpr); ok {
			x = ta.X
		}
	}
	if x == nil {
		return
	}
	for _, clause := range n.Body.List {
		if c, ok := clause.(*ast.CaseClause); ok {
			for _, t := range c.List {
				f.learn(x, f.p.TypeOf(t))
			}
		}
	}
}

// adopt makes a variable a singleton although its package does not declare it one.
func (f *finder) adopt(v *types.Var, l Late) {
	if v.Pkg() == nil || !f.p.Catalog.FirstParty(v.Pkg().Path()) {
		return
	}
	name := flow.VarName(v)
	for _, s := range f.states {
		if s.variable() == name && s.Library != "" {
			return
		}
	}
	f.result.Late[name] = l
	if v.Pkg() == f.pass.Pkg {
		return // declared below, from the same evidence
	}
	s := &Singleton{
		ID: name, Package: conns.CleanPath(v.Pkg().Path()), Name: v.Name(), Library: l.Library, Severity: findings.Warning, Form: findings.Map,
		Type: types.TypeString(v.Type(), func(p *types.Package) string { return p.Name() }),
	}
	switch {
	case types.IsInterface(v.Type()):
		s.Form = findings.Interface
	case isChan(v.Type()):
		s.Form = findings.Channels
	}
	if l.All {
		s.Severity = findings.Info
	}
	delete(f.states, s.ID)
	f.know(s)
}
