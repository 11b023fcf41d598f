package singleton

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// setting is one place that gives a package variable its value.
type setting struct {
	decl  *ast.FuncDecl // nil at package level
	once  bool          // inside sync.Once.Do
	check bool          // under a test of the variable against nil
}

// form names how the singleton is written.
func (f *finder) form(v variable, c candidate) findings.Form {
	switch {
	case c.trait.alias:
		return findings.Alias
	case c.trait.last:
		return findings.LastConnection
	case len(c.path) > 0 && f.embeds(v.obj, c.path[0]):
		return findings.Embedded
	case len(c.path) > 0:
		return findings.Field
	case f.memoised(v.obj):
		return findings.OnceValue
	case isAtomic(v.obj.Type()):
		return findings.Atomic
	}
	settings := f.settings(v.obj)
	for _, s := range settings {
		if s.once {
			return findings.OnceGetter
		}
	}
	for _, s := range settings {
		if s.check {
			return findings.LazyGetter
		}
	}
	return f.plainForm(v, c, settings)
}

func (f *finder) plainForm(v variable, c candidate, settings []setting) findings.Form {
	switch {
	case types.IsInterface(v.obj.Type()) && f.locates(v.obj):
		return findings.Locator
	case types.IsInterface(v.obj.Type()):
		return findings.Interface
	case f.generic(v):
		return findings.Generic
	case isChan(v.obj.Type()):
		return findings.Channels
	case c.trait.container || conns.Untyped(v.obj.Type()):
		return findings.Map
	}
	if init := initial(v); init != nil {
		if !v.obj.Exported() && f.onlyFunctions(v.obj) {
			return findings.PackageFunctions
		}
		if isLiteral(init) {
			return findings.Literal
		}
		return findings.Var
	}
	for _, s := range settings {
		if s.decl != nil && s.decl.Recv == nil && s.decl.Name.Name == "init" {
			return findings.Init
		}
	}
	if _, ok := v.obj.Type().Underlying().(*types.Struct); ok {
		return findings.Var
	}
	if len(settings) > 0 || v.obj.Exported() {
		return findings.SetLater
	}
	return findings.Var
}

// locates reports whether the package is a service locator for the variable: one of
// its functions hands it out, and another is given what to hand out.
func (f *finder) locates(v *types.Var) bool {
	hands, takes := false, false
	for _, fn := range f.p.Touching() {
		sum := f.p.FuncSummary(fn)
		if sum == nil || fn.Signature().Recv() != nil || !fn.Exported() {
			continue
		}
		for _, state := range f.p.Var(v) {
			hands = hands || returnsState(sum, state)
		}
		for _, e := range sum.Effects {
			takes = takes || e.Op == flow.Assign && e.Target.Op == flow.Global && e.Target.Name == flow.VarName(v) && given(e.Val)
		}
	}
	return hands && takes
}

func given(s flow.Set) bool {
	found := false
	for _, v := range s {
		v.Leaves(func(x *flow.Value) { found = found || x.Op == flow.Param })
	}
	return found
}

func (f *finder) embeds(v *types.Var, name string) bool {
	st, ok := structOf(v.Type())
	if !ok {
		return false
	}
	for field := range st.Fields() {
		if field.Name() == name {
			return field.Embedded()
		}
	}
	return false
}

func isAtomic(t types.Type) bool {
	named := conns.Named(t)
	return named != nil && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "sync/atomic"
}

func isChan(t types.Type) bool {
	_, ok := t.Underlying().(*types.Chan)
	return ok
}

// initial is the expression that the declaration gives the variable.
func initial(v variable) ast.Expr {
	for i, name := range v.spec.Names {
		if name == v.name && i < len(v.spec.Values) {
			return v.spec.Values[i]
		}
	}
	return nil
}

func isLiteral(e ast.Expr) bool {
	if u, ok := ast.Unparen(e).(*ast.UnaryExpr); ok && u.Op == token.AND {
		e = u.X
	}
	_, ok := ast.Unparen(e).(*ast.CompositeLit)
	return ok
}

// generic reports whether a generic helper makes the value.
func (f *finder) generic(v variable) bool {
	init := initial(v)
	if init == nil {
		return false
	}
	call, ok := ast.Unparen(init).(*ast.CallExpr)
	if !ok {
		return false
	}
	fn, ok := f.p.ObjectOf(call.Fun).(*types.Func)
	return ok && fn.Signature().TypeParams().Len() > 0
}

// onlyFunctions reports whether the package offers functions over the variable and
// no accessor.
func (f *finder) onlyFunctions(v *types.Var) bool {
	value := f.p.Var(v)
	acts := false
	for _, fn := range f.p.Touching() {
		sum := f.p.FuncSummary(fn)
		if sum == nil || fn.Signature().Recv() != nil {
			continue
		}
		for _, state := range value {
			if returnsState(sum, state) {
				return false
			}
			acts = acts || fn.Exported() && actsOn(f.p.Expand(sum.Effects), state)
		}
	}
	return acts
}

// settings finds the assignments to a variable.
func (f *finder) settings(v *types.Var) []setting {
	var out []setting
	for _, file := range f.pass.Files {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			ast.PreorderStack(fn.Body, nil, func(n ast.Node, stack []ast.Node) bool {
				if f.sets(n, v) {
					out = append(out, f.setting(fn, v, stack))
				}
				return true
			})
		}
	}
	return out
}

func (f *finder) sets(n ast.Node, v *types.Var) bool {
	assign, ok := n.(*ast.AssignStmt)
	if !ok || assign.Tok != token.ASSIGN {
		return false
	}
	for _, lhs := range assign.Lhs {
		if _, element := ast.Unparen(lhs).(*ast.IndexExpr); !element && f.p.ObjectOf(lhs) == v {
			return true
		}
	}
	return false
}

func (f *finder) setting(fn *ast.FuncDecl, v *types.Var, stack []ast.Node) setting {
	s := setting{decl: fn}
	for _, n := range stack {
		switch n := n.(type) {
		case *ast.CallExpr:
			if callee, ok := f.p.ObjectOf(n.Fun).(*types.Func); ok && callee.FullName() == "(*sync.Once).Do" {
				s.once = true
			}
		case *ast.IfStmt:
			ast.Inspect(n.Cond, func(c ast.Node) bool {
				if id, ok := c.(*ast.Ident); ok && f.p.ObjectOf(id) == v {
					s.check = true
				}
				return true
			})
		}
	}
	return s
}
