package flow

import (
	"go/ast"
	"go/token"
	"go/types"
)

// maxNesting bounds the chain of definitions that one expression is followed
// through.
const maxNesting = 40

// maxSteps bounds the expressions that one question looks at.
const maxSteps = 4000

var unknown = Set{{Op: Opaque}}

// Eval returns where the value of e comes from.
func (p *Package) Eval(e ast.Expr) Set {
	e = ast.Unparen(e)
	if known, ok := p.memo[e]; ok {
		return known
	}
	if known, ok := p.draft[e]; ok {
		p.cut = true
		return known
	}
	if p.busy[e] || p.depth > maxNesting || p.steps > maxSteps {
		p.cut = true
		return nil
	}
	outer, first := p.cut, len(p.busy) == 0
	if first {
		p.steps = 0
	}
	p.cut = false
	p.busy[e] = true
	p.depth++
	p.steps++
	s := p.compute(e)
	p.depth--
	delete(p.busy, e)
	if t := p.TypeOf(e); t != nil && len(s) > 0 {
		s = withLib(s, p.Catalog.Bears(t))
	}
	p.remember(e, s, first)
	p.cut = p.cut || outer
	return s
}

// remember keeps a value. One that recursion cut short is only right for the
// question that is being answered, and serves as a draft until that is done:
// without drafts mutually recursive definitions would be read once for each path.
func (p *Package) remember(e ast.Expr, s Set, first bool) {
	switch {
	case first:
		p.memo[e] = s
		clear(p.draft)
	case p.cut:
		p.draft[e] = s
	default:
		p.memo[e] = s
	}
}

func (p *Package) compute(e ast.Expr) Set {
	switch e := e.(type) {
	case *ast.BasicLit:
		return Set{{Op: Const}}
	case *ast.Ident:
		return p.ident(e)
	case *ast.SelectorExpr:
		return p.selector(e)
	case *ast.StarExpr:
		return p.Eval(e.X)
	case *ast.UnaryExpr:
		return p.unary(e)
	case *ast.BinaryExpr:
		return p.binary(e)
	case *ast.CompositeLit:
		return p.composite(e)
	case *ast.FuncLit:
		return Set{{Op: Closure, Name: p.litName(e)}}
	case *ast.IndexExpr:
		return p.index(e)
	case *ast.IndexListExpr:
		return p.Eval(e.X)
	case *ast.SliceExpr:
		return p.Eval(e.X)
	case *ast.TypeAssertExpr:
		return p.Eval(e.X)
	case *ast.CallExpr:
		if results := p.Call(e); len(results) > 0 {
			return results[0]
		}
	}
	return unknown
}

func (p *Package) ident(e *ast.Ident) Set {
	switch obj := p.ObjectOf(e).(type) {
	case *types.Const, *types.Nil:
		return Set{{Op: Const}}
	case *types.Func:
		return Set{{Op: FuncRef, Name: FuncName(obj)}}
	case *types.Var:
		return p.Var(obj)
	}
	return unknown
}

// Var is where the value of a variable comes from.
func (p *Package) Var(v *types.Var) Set {
	if IsPackageVar(v) {
		return p.global(v)
	}
	if at, ok := p.params[v]; ok {
		return Join(p.param(v, at), p.defined(v))
	}
	s := p.defined(v)
	if extra := p.fill(v, s); extra != nil {
		return extra
	}
	if len(s) == 0 {
		return Set{{Op: Fresh}}
	}
	return s
}

func (p *Package) param(v *types.Var, at param) Set {
	lib := p.Catalog.Bears(v.Type())
	if at.fn.lit == nil {
		return Set{{Op: Param, Index: at.index, Lib: lib}}
	}
	if s := p.litParam(at.fn, at.index); len(s) > 0 {
		return withLib(s, lib)
	}
	return Set{{Op: LitParam, Name: p.litName(at.fn.lit), Index: at.index, Lib: lib}}
}

// defined joins what the definitions of v say.
func (p *Package) defined(v *types.Var) Set {
	var out []Set
	for _, d := range p.defs[v] {
		out = append(out, p.def(d))
	}
	return Join(out...)
}

func (p *Package) def(d def) Set {
	switch d.kind {
	case defRangeKey, defRangeVal:
		return p.ranged(d)
	case defOK:
		return p.commaOK(d.expr)
	case defDecode:
		return p.decoded(d.expr)
	}
	if d.index == 0 {
		return p.Eval(d.expr)
	}
	call, ok := ast.Unparen(d.expr).(*ast.CallExpr)
	if !ok {
		return unknown
	}
	if results := p.Call(call); d.index < len(results) {
		return results[d.index]
	}
	return unknown
}

func (p *Package) ranged(d def) Set {
	t := under(p.TypeOf(d.expr))
	base := p.Eval(d.expr)
	switch u := t.(type) {
	case *types.Chan:
		return p.received(d.expr, base)
	case *types.Map:
		if d.kind == defRangeKey {
			return keyOf(base, p.Catalog.Bears(u.Key()))
		}
		return elem(base, nil, p.Catalog.Bears(u.Elem()), nil)
	case *types.Slice:
		if d.kind == defRangeVal {
			return elem(base, nil, p.Catalog.Bears(u.Elem()), nil)
		}
		return keyOf(base, "")
	case *types.Array:
		if d.kind == defRangeVal {
			return elem(base, nil, p.Catalog.Bears(u.Elem()), nil)
		}
		return keyOf(base, "")
	case *types.Signature:
		return p.rangedFunc(d, u)
	}
	return Set{made(Derived, base)}
}

// rangedFunc follows range over an iterator: maps.Values, maps.Keys, slices.Values
// and the like give what their argument holds.
func (p *Package) rangedFunc(d def, _ *types.Signature) Set {
	call, ok := ast.Unparen(d.expr).(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return unknown
	}
	callee, ok := p.ObjectOf(call.Fun).(*types.Func)
	if !ok {
		return unknown
	}
	base := p.Eval(call.Args[0])
	keys := d.kind == defRangeKey && callee.Name() != "Values" || callee.Name() == "Keys"
	if keys {
		return keyOf(base, "")
	}
	return elem(base, nil, "", nil)
}

// commaOK is the truth that a two-valued expression reports.
func (p *Package) commaOK(e ast.Expr) Set {
	if index, ok := ast.Unparen(e).(*ast.IndexExpr); ok {
		return p.member(p.Eval(index.X), p.Eval(index.Index))
	}
	return unknown
}

// member is the condition that one of keys is in one of the containers.
func (p *Package) member(containers, keys Set) Set {
	var out []Set
	for _, c := range containers {
		for _, k := range keys {
			out = append(out, one(&Value{Op: In, X: c, Args: Set{k}}))
		}
	}
	return Join(out...)
}

func (p *Package) unary(e *ast.UnaryExpr) Set {
	switch e.Op {
	case token.AND:
		return p.Eval(e.X)
	case token.ARROW:
		return p.received(e.X, p.Eval(e.X))
	case token.NOT:
		return negate(p.Eval(e.X))
	}
	return Set{made(Derived, p.Eval(e.X))}
}

func negate(s Set) Set {
	out := make([]Set, len(s))
	for i, v := range s {
		if v.Op == Not {
			out[i] = Set{v.X}
		} else {
			out[i] = one(&Value{Op: Not, X: v})
		}
	}
	return Join(out...)
}

// received is what comes out of the channel expression ch.
func (p *Package) received(ch ast.Expr, base Set) Set {
	key := p.ChannelKey(ch)
	lib := ""
	if u, ok := under(p.TypeOf(ch)).(*types.Chan); ok {
		lib = p.Catalog.Bears(u.Elem())
	}
	var out []Set
	for _, v := range base {
		out = append(out, one(&Value{Op: Msg, X: v, Name: key, Lib: lib}))
	}
	return Join(out...)
}

func (p *Package) binary(e *ast.BinaryExpr) Set {
	x, y := p.Eval(e.X), p.Eval(e.Y)
	switch e.Op {
	case token.EQL:
		return equal(x, y)
	case token.NEQ:
		return negate(equal(x, y))
	case token.LAND:
		return one(&Value{Op: And, Args: Join(x, y)})
	case token.LOR:
		return one(&Value{Op: Or, Args: Join(x, y)})
	}
	return Set{made(Derived, x, y)}
}

func equal(x, y Set) Set {
	var out []Set
	for _, a := range x {
		for _, b := range y {
			out = append(out, one(&Value{Op: Eq, Args: Set{a, b}}))
		}
	}
	return Join(out...)
}

// decoded is what a call fills a variable with: something made of the operands
// that are not places to fill.
func (p *Package) decoded(e ast.Expr) Set {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return unknown
	}
	var inputs []Set
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && p.Info.Selections[sel] != nil {
		inputs = append(inputs, p.Eval(sel.X))
	}
	for _, a := range call.Args[:len(call.Args)-1] {
		inputs = append(inputs, p.Eval(a))
	}
	v := made(Derived, inputs...)
	v.Name = Decoded
	return Set{v}
}
