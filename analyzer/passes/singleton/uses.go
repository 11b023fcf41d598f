package singleton

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// user walks one declaration and judges every expression that stands for a
// singleton.
type user struct {
	*run
	file *ast.File
	decl *ast.FuncDecl
	test bool

	witness bool // keys are in terms of the enclosing function
}

// uses finds the sites of every singleton that this package can name.
func (r *run) uses() {
	if len(r.states) == 0 {
		return
	}
	r.judgeFuncs()
	for _, file := range r.pass.Files {
		test := strings.HasSuffix(r.pass.Fset.File(file.FileStart).Name(), "_test.go")
		for _, decl := range file.Decls {
			u := &user{run: r, file: file, test: test}
			u.decl, _ = decl.(*ast.FuncDecl)
			ast.PreorderStack(decl, nil, u.visit)
		}
	}
}

func (u *user) visit(n ast.Node, stack []ast.Node) bool {
	e, ok := n.(ast.Expr)
	if !ok || !u.mention(e, stack) {
		return true
	}
	for _, st := range u.statesOf(e) {
		u.read()
		if u.internal(st) || u.grows(e, stack, st) {
			continue
		}
		u.site(e, stack, st)
	}
	if sel, ok := e.(*ast.SelectorExpr); ok {
		u.promoted(sel, stack)
	}
	if call, ok := e.(*ast.CallExpr); ok {
		u.function(call, stack)
	} else {
		u.functionValue(e, stack)
	}
	return true
}

// promoted judges the call of a method that a struct has from the manager that it
// embeds: the manager itself is not spelled out.
func (u *user) promoted(e *ast.SelectorExpr, stack []ast.Node) {
	sel := u.pass.TypesInfo.Selections[e]
	if sel == nil || sel.Kind() != types.MethodVal || len(sel.Index()) < 2 {
		return
	}
	for _, v := range u.p.Receiver(e, sel) {
		for _, id := range sortedIDs(u.result.Known) {
			if st := u.states[id]; st != nil && len(st.Path) > 0 && flow.Same(v, st.value) && !u.internal(st) {
				u.read()
				u.site(e.X, append(stack[:len(stack):len(stack)], e), st)
			}
		}
	}
}

// read makes sure that the effects of the enclosing function are known.
func (u *user) read() {
	if u.decl == nil {
		return
	}
	if fn, ok := u.pass.TypesInfo.Defs[u.decl.Name].(*types.Func); ok {
		u.p.Body(fn)
	}
}

// mention reports whether e is an expression that may stand for a manager, rather
// than a part of one or a definition.
func (u *user) mention(e ast.Expr, stack []ast.Node) bool {
	switch e := e.(type) {
	case *ast.Ident:
		if u.pass.TypesInfo.Defs[e] != nil {
			return false
		}
		switch parent := last(stack).(type) {
		case *ast.SelectorExpr:
			return parent.Sel != e
		case *ast.KeyValueExpr:
			return parent.Key != e
		case *ast.Field:
			return false
		}
		return true
	case *ast.SelectorExpr, *ast.CallExpr, *ast.TypeAssertExpr, *ast.StarExpr, *ast.ParenExpr, *ast.UnaryExpr:
		return true
	}
	return false
}

func last(stack []ast.Node) ast.Node {
	if len(stack) == 0 {
		return nil
	}
	return stack[len(stack)-1]
}

// statesOf are the singletons that e evaluates to.
func (u *user) statesOf(e ast.Expr) []*state {
	if t := u.p.TypeOf(e); t == nil || isBasic(t) {
		return nil
	}
	var out []*state
	for _, v := range u.p.Eval(e) {
		if v.Root().Op != flow.Global {
			continue
		}
		for _, id := range sortedIDs(u.result.Known) {
			if st := u.states[id]; st != nil && flow.Same(v, st.value) {
				out = append(out, st)
			}
		}
	}
	return out
}

func isBasic(t types.Type) bool {
	_, ok := t.Underlying().(*types.Basic)
	return ok
}

// internal reports whether the code at hand is the accessor of the singleton
// itself.
func (u *user) internal(st *state) bool {
	if u.decl == nil || st.Package != flowPath(u.pass.Pkg) || u.decl.Recv != nil {
		return false
	}
	for _, name := range st.Accessors {
		if name == u.decl.Name.Name {
			return true
		}
	}
	return false
}

// grows reports whether the expression around e stands for the same manager, so
// that the site is there.
func (u *user) grows(e ast.Expr, stack []ast.Node, st *state) bool {
	for i := len(stack) - 1; i >= 0; i-- {
		outer, ok := stack[i].(ast.Expr)
		if !ok {
			return false
		}
		switch outer := outer.(type) {
		case *ast.ParenExpr, *ast.StarExpr, *ast.TypeAssertExpr, *ast.UnaryExpr:
			if u.stands(outer, st) {
				return true
			}
		case *ast.SelectorExpr:
			if sel := u.pass.TypesInfo.Selections[outer]; sel == nil || sel.Kind() != types.MethodVal {
				return u.stands(outer, st)
			}
			continue
		case *ast.CallExpr:
			return ast.Unparen(outer.Fun) == stackedFun(e, stack[i+1:]) && u.stands(outer, st)
		}
		return false
	}
	return false
}

// stackedFun is the expression directly below a call: e itself, or the selector
// around it.
func stackedFun(e ast.Expr, below []ast.Node) ast.Expr {
	if len(below) > 0 {
		if outer, ok := below[0].(ast.Expr); ok {
			return outer
		}
	}
	return e
}

func (u *user) stands(e ast.Expr, st *state) bool {
	for _, v := range u.p.Eval(e) {
		if flow.Same(v, st.value) {
			return true
		}
	}
	return false
}

// via tells how e gets hold of the manager.
func (u *user) via(e ast.Expr) Via {
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		if _, ok := u.p.ObjectOf(e.Fun).(*types.Func); ok {
			if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok && u.pass.TypesInfo.Selections[sel] != nil {
				return u.via(sel.X)
			}
			return ViaAccessor
		}
		return ViaVar
	case *ast.TypeAssertExpr:
		return u.via(e.X)
	case *ast.StarExpr:
		return u.via(e.X)
	case *ast.UnaryExpr:
		return u.via(e.X)
	}
	v, ok := u.p.ObjectOf(e).(*types.Var)
	switch {
	case !ok:
		return ViaVar
	case flow.IsPackageVar(v):
		return ViaVar
	case v.IsField() && !u.ownPath(e):
		return ViaField
	case v.IsField():
		return ViaVar
	}
	return ViaLocal
}

// ownPath reports whether a field selection spells out the singleton's own path
// from its variable, rather than a copy of it.
func (u *user) ownPath(e ast.Expr) bool {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.SelectorExpr:
			if v, ok := u.p.ObjectOf(x).(*types.Var); ok && flow.IsPackageVar(v) {
				return true
			}
			e = x.X
		case *ast.Ident:
			v, ok := u.p.ObjectOf(x).(*types.Var)
			return ok && flow.IsPackageVar(v)
		case *ast.StarExpr:
			e = x.X
		case *ast.CallExpr:
			return true
		default:
			return false
		}
	}
}
