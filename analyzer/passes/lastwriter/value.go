package lastwriter

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// place is the field or variable that lhs names when it is there for all requests,
// or nil. Elements of containers are not: a map keyed by user is what should be.
func (f *frame) place(lhs ast.Expr) *types.Var {
	switch e := ast.Unparen(lhs).(type) {
	case *ast.Ident:
		v, ok := f.c.pass.TypesInfo.Uses[e].(*types.Var)
		if ok && (flow.IsPackageVar(v) || f.captured(v)) {
			return v
		}
	case *ast.SelectorExpr:
		v, ok := f.c.p.ObjectOf(e).(*types.Var)
		if !ok || elementOf(v) {
			return nil
		}
		if flow.IsPackageVar(v) || f.lasting(e.X) && f.byReference(e.X) {
			return v.Origin()
		}
	case *ast.StarExpr:
		if v, ok := f.c.p.ObjectOf(e.X).(*types.Var); ok && f.lasting(e.X) {
			return v
		}
	}
	return nil
}

// elementOf reports whether v is the value that an element of one of the standard
// library's lists or rings holds.
func elementOf(v *types.Var) bool {
	return v.IsField() && v.Pkg() != nil && strings.HasPrefix(v.Pkg().Path(), "container/")
}

// captured reports whether a literal that serves requests reaches out for v.
func (f *frame) captured(v *types.Var) bool {
	if _, lit := f.node.(*ast.FuncLit); !lit || v.IsField() || v.Pkg() != f.c.pass.Pkg {
		return false
	}
	return v.Pos() < f.node.Pos() || v.Pos() >= f.node.End()
}

// lasting reports whether e is an object that is there for all requests.
func (f *frame) lasting(e ast.Expr) bool {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := f.c.pass.TypesInfo.Uses[x].(*types.Var)
		if !ok {
			return false
		}
		if flow.IsPackageVar(v) || f.shared[v] {
			return true
		}
		if f.given[v] {
			return false
		}
		if f.captured(v) {
			return !f.c.roles.personal(v.Type())
		}
		return f.copyOfState(x, v)
	case *ast.SelectorExpr:
		if v, ok := f.c.p.ObjectOf(x).(*types.Var); ok {
			return flow.IsPackageVar(v) || f.lasting(x.X)
		}
	case *ast.StarExpr:
		return f.lasting(x.X)
	case *ast.UnaryExpr:
		return f.lasting(x.X)
	case *ast.TypeAssertExpr:
		return f.lasting(x.X)
	case *ast.CallExpr:
		return f.allOutlive(f.c.p.Eval(x))
	}
	return false
}

// copyOfState reports whether a local variable points to what outlives the
// request. A struct value is a copy of its own.
func (f *frame) copyOfState(e ast.Expr, v *types.Var) bool {
	if _, isStruct := v.Type().Underlying().(*types.Struct); isStruct {
		return false
	}
	return f.allOutlive(f.c.p.Eval(e))
}

func (f *frame) allOutlive(s flow.Set) bool {
	for _, v := range s {
		if !f.outlives(v) {
			return false
		}
	}
	return len(s) > 0
}

// outlives reports whether the value is package state or a part of something
// shared, reached by fields alone.
func (f *frame) outlives(v *flow.Value) bool {
	for v.Op == flow.Field {
		v = v.X
	}
	switch v.Op {
	case flow.Global:
		return true
	case flow.Param:
		p := f.param(v.Index)
		return p != nil && (f.shared[p] || f.captured(p))
	}
	return false
}

// param is parameter number i of the declared function around, 0 the receiver.
func (f *frame) param(i int) *types.Var {
	if f.fn == nil {
		return nil
	}
	sig := f.fn.Signature()
	if i == 0 {
		return sig.Recv()
	}
	if i > sig.Params().Len() {
		return nil
	}
	return sig.Params().At(i - 1)
}

// byReference reports whether changing a field of e changes what others see: not
// when e is a receiver by value, and nothing on the way is a pointer.
func (f *frame) byReference(e ast.Expr) bool {
	for {
		if t := f.c.p.TypeOf(e); t != nil {
			switch t.Underlying().(type) {
			case *types.Pointer, *types.Interface, *types.Map:
				return true
			}
		}
		switch x := ast.Unparen(e).(type) {
		case *ast.SelectorExpr:
			e = x.X
		case *ast.Ident:
			v, ok := f.c.pass.TypesInfo.Uses[x].(*types.Var)
			return ok && (flow.IsPackageVar(v) || f.captured(v))
		default:
			return true
		}
	}
}

// fromRequest reports whether a value may have come with the request.
func (f *frame) fromRequest(s flow.Set) bool {
	for _, v := range s {
		if f.arrives(v) {
			return true
		}
	}
	return false
}

// arrives reports whether v came with the request: an upgraded connection, a
// parameter that belongs to it, something made of these, or something that could
// not be followed. What was already kept, and what was dialed, did not.
func (f *frame) arrives(v *flow.Value) bool {
	switch v.Op {
	case flow.Const, flow.Dialed, flow.Global, flow.FuncRef, flow.Closure:
		return false
	case flow.Accepted, flow.LitParam, flow.Msg:
		return true
	case flow.Param:
		p := f.param(v.Index)
		return p == nil || !f.shared[p] && !f.captured(p)
	case flow.Field, flow.Elem, flow.Key:
		return f.arrives(v.X)
	}
	if len(v.Args) == 0 {
		return v.Op == flow.Opaque || v.Op == flow.Derived
	}
	for _, a := range v.Args {
		if f.arrives(a) {
			return true
		}
	}
	return false
}

// brings reports whether v carries a connection that came with the request: a
// manager that is made empty does not, although it has room for one.
func (f *frame) brings(v *flow.Value) bool {
	switch v.Op {
	case flow.Struct, flow.List:
		for _, a := range v.Args {
			if a.Lib != "" && f.brings(a) {
				return true
			}
		}
		return false
	}
	return f.arrives(v)
}

func (f *frame) anyBrings(s flow.Set) bool {
	for _, v := range s {
		if f.brings(v) {
			return true
		}
	}
	return false
}

// kind judges a store by the type of the value, where it comes from, and what the
// place is used for.
func (f *frame) kind(v *types.Var, val flow.Set, t types.Type) Kind {
	switch {
	case dialed(val) || constant(val):
		return None
	case isRequest(t) || isResponse(t):
		return Request
	case typeName(t) == "context.Context":
		if f.ofRequest(val) {
			return Request
		}
		return None
	case f.c.p.Catalog.Bears(t) != "":
		if f.anyBrings(val) && !f.c.p.FieldInfo(v).Dialed {
			return Connection
		}
		return None
	case f.c.keys[v] && f.fromRequest(val):
		return User
	}
	return None
}

func dialed(s flow.Set) bool {
	for _, v := range s {
		if v.Op == flow.Dialed {
			return true
		}
	}
	return false
}

func constant(s flow.Set) bool {
	for _, v := range s {
		if v.Op != flow.Const {
			return false
		}
	}
	return len(s) > 0
}

// ofRequest reports whether the value was derived from a request of this frame.
func (f *frame) ofRequest(s flow.Set) bool {
	found := false
	for _, v := range s {
		v.Leaves(func(x *flow.Value) {
			switch x.Op {
			case flow.LitParam:
				found = true
			case flow.Param:
				p := f.param(x.Index)
				found = found || p != nil && f.given[p] && isRequest(p.Type())
			}
		})
	}
	return found
}

// selecting collects the fields and variables that pick who receives: the state
// that a manager selects by, and what is passed as an addressee.
func (c *checker) selecting() map[*types.Var]bool {
	keys := map[*types.Var]bool{}
	for fn, what := range c.known.Funcs {
		if what.State != "" && fn.Signature().Recv() != nil {
			if v := fieldOf(fn.Signature().Recv().Type(), c.pass.Pkg, what.State); v != nil {
				keys[v] = true
			}
		}
	}
	for _, site := range c.known.Sites {
		if site.Addressee == nil {
			continue
		}
		for _, arg := range append(site.Addressee.Args, site.Addressee.Expr) {
			if arg == nil {
				continue
			}
			if v, ok := c.p.ObjectOf(arg).(*types.Var); ok && (v.IsField() || flow.IsPackageVar(v)) {
				keys[v.Origin()] = true
			}
		}
	}
	return keys
}

func fieldOf(t types.Type, pkg *types.Package, name string) *types.Var {
	obj, _, _ := types.LookupFieldOrMethod(t, true, pkg, name)
	v, _ := obj.(*types.Var)
	if v == nil || !v.IsField() {
		return nil
	}
	return v.Origin()
}
