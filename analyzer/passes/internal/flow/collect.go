package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// collector walks the syntax once and notes what each variable is defined by.
type collector struct {
	p   *Package
	fns []*fn
}

func (c *collector) file(file *ast.File) {
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			c.funcDecl(decl)
		case *ast.GenDecl:
			ast.Inspect(decl, c.visit)
		}
	}
}

func (c *collector) funcDecl(decl *ast.FuncDecl) {
	obj, ok := c.p.Info.Defs[decl.Name].(*types.Func)
	if !ok || decl.Body == nil {
		return
	}
	f := &fn{name: FuncName(obj), obj: obj, decl: decl, body: decl.Body, sig: obj.Signature()}
	c.p.funcs[obj] = f
	c.p.order = append(c.p.order, f)
	if decl.Recv != nil {
		c.bind(f, decl.Recv, 0)
	}
	c.bind(f, decl.Type.Params, 1)
	c.within(f)
}

// bind numbers the parameters of f from index on.
func (c *collector) bind(f *fn, list *ast.FieldList, index int) {
	if list == nil {
		return
	}
	for _, field := range list.List {
		for _, name := range field.Names {
			if v, ok := c.p.Info.Defs[name].(*types.Var); ok {
				c.p.params[v] = param{f, index}
			}
			index++
		}
		if len(field.Names) == 0 {
			index++
		}
	}
}

func (c *collector) within(f *fn) {
	c.fns = append(c.fns, f)
	ast.Inspect(f.body, c.visit)
	c.fns = c.fns[:len(c.fns)-1]
}

func (c *collector) visit(n ast.Node) bool {
	c.trace(n)
	switch n := n.(type) {
	case *ast.FuncLit:
		c.lit(n)
		return false
	case *ast.CallExpr:
		c.call(n)
		c.decode(n)
		c.p.located(n)
	case *ast.AssignStmt:
		c.assign(n)
	case *ast.ValueSpec:
		c.spec(n)
	case *ast.RangeStmt:
		c.define(n.Key, def{kind: defRangeKey, expr: n.X})
		c.define(n.Value, def{kind: defRangeVal, expr: n.X})
	case *ast.TypeSwitchStmt:
		c.typeSwitch(n)
	case *ast.CompositeLit:
		c.composite(n)
	case *ast.ReturnStmt:
		if len(c.fns) > 0 {
			f := c.fns[len(c.fns)-1]
			f.returns = append(f.returns, n)
		}
	}
	return true
}

func (c *collector) lit(n *ast.FuncLit) {
	f := c.literal(n)
	f.body = n.Body
	if sig, ok := c.p.TypeOf(n).(*types.Signature); ok {
		f.sig = sig
	}
	c.bind(f, n.Type.Params, 1)
	c.within(f)
}

// literal returns the entry of a function literal, whose context may be known
// before it is visited.
func (c *collector) literal(n *ast.FuncLit) *fn {
	f := c.p.lits[n]
	if f == nil {
		f = &fn{lit: n, context: callContext{arg: -1}}
		c.p.lits[n] = f
	}
	return f
}

func (c *collector) call(n *ast.CallExpr) {
	if lit, ok := ast.Unparen(n.Fun).(*ast.FuncLit); ok {
		c.literal(lit).context = callContext{call: n, arg: -1}
	}
	if lit := c.p.heldLiteral(n.Fun); lit != nil {
		f := c.literal(lit)
		f.context.calls = append(f.context.calls, n)
	}
	for i, arg := range n.Args {
		if lit, ok := ast.Unparen(arg).(*ast.FuncLit); ok {
			c.literal(lit).context = callContext{call: n, arg: i}
		} else if v, ok := c.p.ObjectOf(arg).(*types.Var); ok {
			c.passed(v, n, i)
		}
	}
}

// heldLiteral is the function literal that a local variable was made for, when fun
// names such a variable.
func (p *Package) heldLiteral(fun ast.Expr) *ast.FuncLit {
	id, ok := ast.Unparen(fun).(*ast.Ident)
	if !ok {
		return nil
	}
	v, ok := p.ObjectOf(id).(*types.Var)
	if !ok || IsPackageVar(v) || len(p.defs[v]) != 1 || p.defs[v][0].kind != defExpr {
		return nil
	}
	lit, _ := ast.Unparen(p.defs[v][0].expr).(*ast.FuncLit)
	return lit
}

// passed notes that a local variable that holds a function literal is handed to a
// call.
func (c *collector) passed(v *types.Var, n *ast.CallExpr, i int) {
	if _, isFunc := v.Type().Underlying().(*types.Signature); !isFunc {
		return
	}
	for _, d := range c.p.defs[v] {
		if lit, ok := ast.Unparen(d.expr).(*ast.FuncLit); ok && d.kind == defExpr {
			if f := c.literal(lit); f.context.call == nil {
				f.context = callContext{call: n, arg: i, held: v, calls: f.context.calls}
			}
		}
	}
}

func (c *collector) assign(n *ast.AssignStmt) {
	if n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
		if len(n.Lhs) == 1 && len(n.Rhs) == 1 {
			c.define(n.Lhs[0], def{expr: n.Rhs[0]})
		}
		return
	}
	if len(n.Lhs) == len(n.Rhs) {
		for i, lhs := range n.Lhs {
			c.define(lhs, def{expr: n.Rhs[i]})
		}
		return
	}
	if len(n.Rhs) == 1 {
		for i, lhs := range n.Lhs {
			c.define(lhs, tuple(n.Rhs[0], i))
		}
	}
}

// tuple is the definition of value i of an expression that has several.
func tuple(e ast.Expr, i int) def {
	if _, call := ast.Unparen(e).(*ast.CallExpr); !call && i == 1 {
		return def{kind: defOK, expr: e}
	}
	return def{expr: e, index: i}
}

func (c *collector) spec(n *ast.ValueSpec) {
	for i, name := range n.Names {
		switch {
		case len(n.Values) == len(n.Names):
			c.define(name, def{expr: n.Values[i]})
		case len(n.Values) == 1:
			c.define(name, tuple(n.Values[0], i))
		}
	}
}

func (c *collector) typeSwitch(n *ast.TypeSwitchStmt) {
	assign, ok := n.Assign.(*ast.AssignStmt)
	if !ok || len(assign.Rhs) != 1 {
		return
	}
	for _, clause := range n.Body.List {
		if obj := c.p.Info.Implicits[clause]; obj != nil {
			c.p.defs[obj] = append(c.p.defs[obj], def{expr: assign.Rhs[0]})
		}
	}
}

func (c *collector) composite(n *ast.CompositeLit) {
	st, ok := under(c.p.TypeOf(n)).(*types.Struct)
	if !ok {
		return
	}
	for i, elt := range n.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if f, ok := c.p.ObjectOf(kv.Key).(*types.Var); ok {
				c.p.setField(f, kv.Value)
			}
		} else if i < st.NumFields() {
			c.p.setField(st.Field(i), elt)
		}
	}
}

// under is the underlying type behind a pointer.
func under(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	return t.Underlying()
}

// define notes that lhs becomes what d says.
func (c *collector) define(lhs ast.Expr, d def) {
	if lhs == nil {
		return
	}
	switch lhs := ast.Unparen(lhs).(type) {
	case *ast.Ident:
		if obj := c.p.ObjectOf(lhs); obj != nil {
			c.p.defs[obj] = append(c.p.defs[obj], d)
		}
	case *ast.StarExpr:
		c.define(lhs.X, d)
	case *ast.SelectorExpr:
		c.defineField(lhs, d)
	case *ast.IndexExpr:
		if v := c.p.channelVar(d.expr); v != nil && d.kind == defExpr {
			c.p.kept[v] = kept{in: lhs}
		}
		if base, ok := ast.Unparen(lhs.X).(*ast.Ident); ok && d.kind == defExpr {
			if local := c.p.ObjectOf(base); local != nil {
				c.p.contents[local] = append(c.p.contents[local], content{lhs.Index, d.expr})
			}
		}
	}
}

func (c *collector) defineField(lhs *ast.SelectorExpr, d def) {
	obj, ok := c.p.ObjectOf(lhs).(*types.Var)
	if !ok {
		return
	}
	if IsPackageVar(obj) {
		c.p.defs[obj] = append(c.p.defs[obj], d)
		return
	}
	if d.kind != defExpr {
		return
	}
	c.p.setField(obj, d.expr)
	if base, ok := ast.Unparen(lhs.X).(*ast.Ident); ok && d.index == 0 {
		if local := c.p.ObjectOf(base); local != nil {
			m := c.p.localSets[local]
			if m == nil {
				m = map[string][]ast.Expr{}
				c.p.localSets[local] = m
			}
			m[obj.Name()] = append(m[obj.Name()], d.expr)
		}
	}
}

// channelVar is the local variable that e names when it holds a channel.
func (p *Package) channelVar(e ast.Expr) *types.Var {
	v, ok := p.ObjectOf(e).(*types.Var)
	if !ok || v.IsField() || IsPackageVar(v) {
		return nil
	}
	if _, ok := v.Type().Underlying().(*types.Chan); !ok {
		return nil
	}
	return v
}

// setField notes an expression that a struct field is set to.
func (p *Package) setField(f *types.Var, e ast.Expr) {
	if v := p.channelVar(e); v != nil {
		p.kept[v] = kept{field: f}
	}
	p.fields[f.Origin()] = append(p.fields[f.Origin()], e)
}

// decode notes variables whose address is handed to code that is not read, so that
// it may fill them: json.Unmarshal(data, &v), or a pointer given to something that
// unpacks by its name.
func (c *collector) decode(n *ast.CallExpr) {
	f, ok := c.p.ObjectOf(n.Fun).(*types.Func)
	if !ok || f.Pkg() == nil || c.p.Catalog.FirstParty(f.Pkg().Path()) {
		return
	}
	for _, arg := range n.Args {
		target := ast.Unparen(arg)
		if u, ok := target.(*ast.UnaryExpr); ok && u.Op == token.AND {
			target = ast.Unparen(u.X)
		} else if !unpacks(f.Name()) {
			continue
		}
		id, ok := target.(*ast.Ident)
		if !ok {
			continue
		}
		if v, ok := c.p.ObjectOf(id).(*types.Var); ok && !IsPackageVar(v) && arg != n.Args[0] || ok && len(n.Args) == 1 && !IsPackageVar(v) {
			c.p.defs[v] = append(c.p.defs[v], def{kind: defDecode, expr: n, index: len(n.Args)})
		}
	}
}

func unpacks(name string) bool {
	for _, verb := range []string{"Unmarshal", "Decode", "Read", "Bind", "Scan", "Parse"} {
		if strings.HasPrefix(name, verb) || strings.HasSuffix(name, verb) {
			return true
		}
	}
	return false
}
