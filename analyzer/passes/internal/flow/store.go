package flow

import (
	"go/ast"
	"go/token"
	"go/types"
)

func (w *walker) send(s *ast.SendStmt) {
	w.expr(s.Chan)
	w.expr(s.Value)
	for _, v := range w.p.Eval(s.Chan) {
		w.emit(s, &Effect{Op: Send, Target: v, Name: w.p.ChannelKey(s.Chan), Val: w.p.Eval(s.Value)})
	}
}

func (w *walker) assign(s *ast.AssignStmt) {
	for _, e := range s.Rhs {
		w.expr(e)
	}
	for i, lhs := range s.Lhs {
		if _, ok := ast.Unparen(lhs).(*ast.Ident); !ok {
			w.expr(lhs)
		}
		val := unknown
		var rhs ast.Expr
		if len(s.Lhs) == len(s.Rhs) {
			rhs = s.Rhs[i]
			val = w.p.Eval(rhs)
		} else if len(s.Rhs) == 1 {
			val = w.p.def(tuple(s.Rhs[0], i))
		}
		if s.Tok != token.DEFINE {
			w.store(s, lhs, rhs, val)
		}
	}
}

// store notes what an assignment does to containers, fields and package
// variables.
func (w *walker) store(n ast.Node, lhs, rhs ast.Expr, val Set) {
	switch lhs := ast.Unparen(lhs).(type) {
	case *ast.IndexExpr:
		w.put(n, lhs, rhs, val)
	case *ast.StarExpr:
		w.set(n, lhs.X, val)
	case *ast.SelectorExpr:
		if !w.grow(n, lhs, rhs) {
			w.set(n, lhs, val)
		}
	case *ast.Ident:
		if v, ok := w.p.ObjectOf(lhs).(*types.Var); ok && IsPackageVar(v) && !w.grow(n, lhs, rhs) {
			w.set(n, lhs, val)
		}
	}
}

func (w *walker) put(n ast.Node, lhs *ast.IndexExpr, rhs ast.Expr, val Set) {
	if added, shrinks := w.appended(rhs); added != nil {
		val = added
	} else if shrinks {
		for _, v := range w.p.Eval(lhs.X) {
			w.emit(n, &Effect{Op: Del, Target: v, Key: w.p.Eval(lhs.Index)})
		}
		return
	}
	for _, v := range w.p.Eval(lhs.X) {
		w.emit(n, &Effect{Op: Put, Target: v, Key: w.p.Eval(lhs.Index), Val: val})
	}
}

// grow recognises x = append(x, v) and its opposite, x = append(x[:i], x[i+1:]...).
func (w *walker) grow(n ast.Node, lhs, rhs ast.Expr) bool {
	added, shrinks := w.appended(rhs)
	if added == nil && !shrinks {
		return false
	}
	for _, v := range w.place(lhs) {
		if shrinks {
			w.emit(n, &Effect{Op: Del, Target: v, Key: unknown})
		} else {
			w.emit(n, &Effect{Op: Put, Target: v, Val: added})
		}
	}
	return true
}

// appended is what rhs adds to a list, or whether it takes something away.
func (w *walker) appended(rhs ast.Expr) (added Set, shrinks bool) {
	call, ok := ast.Unparen(rhs).(*ast.CallExpr)
	if rhs == nil || !ok || len(call.Args) < 2 {
		return nil, false
	}
	if f, ok := w.p.ObjectOf(call.Fun).(*types.Func); ok && f.Pkg() != nil && f.Pkg().Path() == "slices" {
		return nil, f.Name() == "DeleteFunc" || f.Name() == "Delete"
	}
	id, ok := call.Fun.(*ast.Ident)
	if !ok || id.Name != "append" {
		return nil, false
	}
	if _, sliced := ast.Unparen(call.Args[0]).(*ast.SliceExpr); sliced && call.Ellipsis.IsValid() {
		return nil, true
	}
	var out []Set
	for _, a := range call.Args[1:] {
		s := w.p.Eval(a)
		if call.Ellipsis.IsValid() {
			s = elem(s, nil, "", nil)
		}
		out = append(out, s)
	}
	if joined := Join(out...); joined != nil {
		return joined, false
	}
	return unknown, false
}

// set notes that a field or package variable changes.
func (w *walker) set(n ast.Node, lhs ast.Expr, val Set) {
	if id, ok := ast.Unparen(lhs).(*ast.Ident); ok {
		v, ok := w.p.ObjectOf(id).(*types.Var)
		if !ok {
			return
		}
		if _, isParam := w.p.params[v]; !IsPackageVar(v) && !isParam {
			return
		}
	}
	for _, v := range w.place(lhs) {
		w.emit(n, &Effect{Op: Assign, Target: v, Val: val})
	}
}

// place is the location that lhs names: a package variable itself even when it is
// an alias, a field without the state that it may be a copy of.
func (w *walker) place(lhs ast.Expr) Set {
	switch e := ast.Unparen(lhs).(type) {
	case *ast.StarExpr:
		return w.p.Eval(e.X)
	case *ast.SelectorExpr:
		v, ok := w.p.ObjectOf(e).(*types.Var)
		if !ok {
			return nil
		}
		if IsPackageVar(v) {
			return Set{{Op: Global, Name: VarName(v), Lib: w.p.Catalog.Bears(v.Type())}}
		}
		if sel := w.p.Info.Selections[e]; sel != nil {
			return w.p.walkFields(lasting(w.p.Eval(e.X)), sel.Recv(), sel.Index(), false)
		}
		return nil
	case *ast.Ident:
		if v, ok := w.p.ObjectOf(e).(*types.Var); ok && IsPackageVar(v) {
			return Set{{Op: Global, Name: VarName(v), Lib: w.p.Catalog.Bears(v.Type())}}
		}
	}
	return w.p.Eval(lhs)
}

// lasting leaves out objects that the function has just made: what is stored in
// them is known as their value.
func lasting(s Set) Set {
	var out Set
	for _, v := range s {
		if v.Op != Struct && v.Op != Fresh && v.Op != List {
			out = append(out, v)
		}
	}
	return out
}
