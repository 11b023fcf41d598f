package widecast

import (
	"go/ast"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/passes/compat"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// call marks the arguments for parameters that pick a user.
func (k *keys) call(n *ast.CallExpr) {
	f, ok := k.p.ObjectOf(n.Fun).(*types.Func)
	if !ok || f.Pkg() == nil {
		return
	}
	if runtimeMethod(f) == "Emitter" && len(n.Args) == 2 {
		k.mark(n.Args[1], 0)
		return
	}
	f = f.Origin()
	sig := f.Signature()
	for i, arg := range n.Args {
		if i >= sig.Params().Len() || sig.Variadic() && i >= sig.Params().Len()-1 {
			return
		}
		if f.Pkg() == k.pass.Pkg && k.vars[sig.Params().At(i)] || f.Exported() && k.names[paramName(f, i+1)] {
			k.mark(arg, 0)
		}
	}
}

// runtimeMethod is the name of a method of wsruntime's factory, "" for anything
// else.
func runtimeMethod(f *types.Func) string {
	recv := f.Signature().Recv()
	if recv == nil || f.Pkg() == nil || conns.CleanPath(f.Pkg().Path()) != compat.RuntimePath {
		return ""
	}
	if named := conns.Named(recv.Type()); named == nil || named.Obj().Name() != "Factory" {
		return ""
	}
	return f.Name()
}

// literal marks what fields that pick a user are set to.
func (k *keys) literal(n *ast.CompositeLit) {
	t := k.p.TypeOf(n)
	st, ok := structOf(t)
	if !ok {
		return
	}
	for i, elt := range n.Elts {
		index, value := []int{i}, elt
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			id, ok := kv.Key.(*ast.Ident)
			if !ok {
				continue
			}
			value, index = kv.Value, nil
			for at := range st.NumFields() {
				if st.Field(at).Name() == id.Name {
					index = []int{at}
				}
			}
		}
		if index != nil && k.names[fieldName(t, index)] {
			k.mark(value, 0)
		}
	}
}

func (k *keys) assign(n *ast.AssignStmt) {
	if len(n.Lhs) != len(n.Rhs) {
		return
	}
	for i, lhs := range n.Lhs {
		if sel, ok := ast.Unparen(lhs).(*ast.SelectorExpr); ok && k.field(sel) {
			k.mark(n.Rhs[i], 0)
		}
	}
}

// field reports whether a selection is of a field that picks a user.
func (k *keys) field(e *ast.SelectorExpr) bool {
	sel := k.pass.TypesInfo.Selections[e]
	return sel != nil && sel.Kind() == types.FieldVal && k.names[fieldName(sel.Recv(), sel.Index())]
}

// is reports whether e stands for one user.
func (k *keys) is(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := k.pass.TypesInfo.ObjectOf(e).(*types.Var)
		return ok && k.vars[v]
	case *ast.SelectorExpr:
		return k.field(e)
	case *ast.CallExpr:
		if inner := k.sameIdentity(e); inner != nil {
			return k.is(inner)
		}
		name := k.principal(e)
		return name != "" && k.names[name]
	}
	return false
}

// of is the field of a struct type that stands for one user, "" for none.
func (k *keys) of(t types.Type) string {
	st, ok := structOf(t)
	if !ok {
		return ""
	}
	for i := range st.NumFields() {
		if k.names[fieldName(t, []int{i})] {
			return st.Field(i).Name()
		}
	}
	return ""
}
