package sharedpayload

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// base is memory that an expression shares: a variable, or a field path from one.
type base struct {
	root    *types.Var
	path    []*types.Var
	text    string
	typ     types.Type
	copied  bool // a struct handed over by value: only what it points to is shared
	address bool // its address was handed over
}

// body is one function body with what is needed to follow aliases in it.
type body struct {
	c    *checker
	node *ast.BlockStmt
	defs map[*types.Var][]ast.Expr // all definitions of local variables
}

func newBody(c *checker, node *ast.BlockStmt) *body {
	b := &body{c: c, node: node, defs: map[*types.Var][]ast.Expr{}}
	inspectOwn(node, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				b.define(lhs, n.Rhs, i, len(n.Lhs) == len(n.Rhs))
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				b.define(name, n.Values, i, len(n.Names) == len(n.Values))
			}
		case *ast.RangeStmt:
			b.define(n.Key, nil, 0, false)
			b.define(n.Value, nil, 0, false)
		}
	})
	return b
}

func (b *body) define(lhs ast.Expr, rhs []ast.Expr, i int, pairwise bool) {
	id, ok := lhs.(*ast.Ident)
	if !ok {
		return
	}
	v, ok := b.c.pass.TypesInfo.ObjectOf(id).(*types.Var)
	if !ok {
		return
	}
	var e ast.Expr
	if pairwise {
		e = rhs[i]
	} else if len(rhs) == 1 && i == 0 {
		e = rhs[0] // the value of x, ok := y.(T)
	}
	b.defs[v] = append(b.defs[v], e)
}

const maxAliases = 6

// bases lists the memory that the value of e shares with variables.
func (b *body) bases(e ast.Expr, depth int) []base {
	if depth > maxAliases || !b.shares(b.c.p.TypeOf(e)) {
		return nil
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return b.ident(e, depth)
	case *ast.SelectorExpr:
		if own, ok := b.path(e); ok {
			return []base{own}
		}
	case *ast.SliceExpr:
		return b.sliced(e, depth)
	case *ast.StarExpr:
		return b.pointedTo(e, depth)
	case *ast.TypeAssertExpr:
		return b.bases(e.X, depth+1)
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return b.addressed(e.X, depth)
		}
	case *ast.CompositeLit:
		return b.elements(e, depth)
	case *ast.CallExpr:
		return b.called(e, depth)
	}
	return nil
}

// shares reports whether two values of type t can share memory that matters.
func (b *body) shares(t types.Type) bool {
	if t == nil || b.c.p.Catalog.Bears(t) != "" || b.c.p.Catalog.Hub(t) != "" {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Interface, *types.Struct, *types.Array:
		return true
	case *types.Pointer:
		return b.shares(u.Elem()) || isBasic(u.Elem())
	}
	return false
}

func isBasic(t types.Type) bool {
	_, ok := t.Underlying().(*types.Basic)
	return ok
}

func (b *body) ident(id *ast.Ident, depth int) []base {
	v, ok := b.c.pass.TypesInfo.ObjectOf(id).(*types.Var)
	if !ok {
		return nil
	}
	_, isStruct := v.Type().Underlying().(*types.Struct)
	out := []base{{root: v, text: v.Name(), typ: v.Type(), copied: isStruct && !isBuffer(v.Type())}}
	if defs := b.defs[v]; len(defs) == 1 && defs[0] != nil {
		out = append(out, b.bases(defs[0], depth+1)...)
	}
	return out
}

// path reads a field selection from a variable on.
func (b *body) path(e *ast.SelectorExpr) (base, bool) {
	f, ok := b.c.p.ObjectOf(e).(*types.Var)
	if !ok {
		return base{}, false
	}
	whole := base{text: types.ExprString(e), typ: f.Type()}
	if !f.IsField() {
		whole.root = f
		return whole, true
	}
	for {
		whole.path = append([]*types.Var{f}, whole.path...)
		switch x := ast.Unparen(e.X).(type) {
		case *ast.Ident:
			whole.root, ok = b.c.pass.TypesInfo.ObjectOf(x).(*types.Var)
			return whole, ok
		case *ast.SelectorExpr:
			if f, ok = b.c.p.ObjectOf(x).(*types.Var); !ok {
				return base{}, false
			}
			if !f.IsField() {
				whole.root = f
				return whole, true
			}
			e = x
		default:
			return base{}, false
		}
	}
}

// pointedTo is what the value behind a pointer shares: of a struct that is a copy, so
// only what its fields point to.
func (b *body) pointedTo(e *ast.StarExpr, depth int) []base {
	out := b.bases(e.X, depth+1)
	t := b.c.p.TypeOf(e)
	if _, isStruct := t.Underlying().(*types.Struct); isStruct && !isBuffer(t) {
		for i := range out {
			out[i].copied, out[i].address = true, false
		}
	}
	return out
}

func (b *body) sliced(e *ast.SliceExpr, depth int) []base {
	if t := b.c.p.TypeOf(e.X); t != nil {
		if _, array := t.Underlying().(*types.Array); array {
			return b.addressed(e.X, depth)
		}
	}
	return b.bases(e.X, depth+1)
}

func (b *body) addressed(e ast.Expr, depth int) []base {
	out := b.bases(e, depth+1)
	switch ast.Unparen(e).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		if len(out) > 0 {
			out[0].address, out[0].copied = true, false
		}
	}
	return out
}

func (b *body) elements(e *ast.CompositeLit, depth int) []base {
	var out []base
	for _, elt := range e.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			elt = kv.Value
		}
		out = append(out, b.bases(elt, depth+1)...)
	}
	return out
}

// sharing are library functions whose result is a part of their first argument.
var sharing = map[string]bool{
	"bytes.TrimSpace": true, "bytes.Trim": true, "bytes.TrimLeft": true, "bytes.TrimRight": true, "bytes.TrimPrefix": true,
	"bytes.TrimSuffix": true, "slices.Grow": true, "slices.Clip": true,
}

// called follows conversions, buffer.Bytes() and calls that return a part of what
// they are given. Any other call makes something new.
func (b *body) called(e *ast.CallExpr, depth int) []base {
	if tv, ok := b.c.pass.TypesInfo.Types[e.Fun]; ok && tv.IsType() && len(e.Args) == 1 {
		return b.bases(e.Args[0], depth+1)
	}
	switch fun := ast.Unparen(e.Fun).(type) {
	case *ast.Ident:
		_, builtin := b.c.pass.TypesInfo.Uses[fun].(*types.Builtin)
		if builtin && fun.Name == "append" && len(e.Args) > 0 && !fullSlice(e.Args[0]) {
			return b.bases(e.Args[0], depth+1)
		}
	case *ast.SelectorExpr:
		f, ok := b.c.p.ObjectOf(fun).(*types.Func)
		if !ok || f.Pkg() == nil {
			return nil
		}
		if f.Name() == "Bytes" && isBuffer(b.c.p.TypeOf(fun.X)) {
			return b.addressed(fun.X, depth)
		}
		if sharing[f.Pkg().Path()+"."+f.Name()] && len(e.Args) > 0 {
			return b.bases(e.Args[0], depth+1)
		}
	}
	return nil
}

// fullSlice is x[:n:n], which append copies.
func fullSlice(e ast.Expr) bool {
	s, ok := ast.Unparen(e).(*ast.SliceExpr)
	return ok && s.Slice3
}

// isBuffer reports whether t is a growing buffer whose Bytes share its memory.
func isBuffer(t types.Type) bool {
	named := conns.Named(t)
	if named == nil || named.Obj().Pkg() == nil {
		return false
	}
	switch named.Obj().Pkg().Path() + "." + named.Obj().Name() {
	case "bytes.Buffer", "github.com/valyala/bytebufferpool.ByteBuffer":
		return true
	}
	return false
}
