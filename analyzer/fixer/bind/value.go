package bind

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Value rewrites an op that is used as a value, hub.Send or realtime.Notify without
// a call, into a function literal of the same type that makes an emitter for each
// call. The manager must be the same whenever it is asked for: an accessor, a
// package, a package variable, or a local variable that is never set again.
func Value(f *File, expr ast.Expr, e *Emitter, o *Op) (*Rewrite, error) {
	if reason := o.Unsupported(); reason != "" {
		return nil, Refusal(reason)
	}
	if o.Setter != nil || e.compound() || e.byInterface() {
		return nil, Refusal("it is used as a value")
	}
	for _, part := range o.Key {
		if part.Path != "" {
			return nil, Refusal("it is used as a value")
		}
	}
	c := &caller{File: f, emitter: e, op: o, out: &Rewrite{}, several: o.list() >= 0}
	made, err := c.valueEmitter(expr)
	if err != nil {
		return nil, err
	}
	text, err := c.literal(expr, made)
	if err != nil {
		return nil, err
	}
	c.edit(c.offset(expr.Pos()), c.offset(expr.End()), text)
	return c.out, nil
}

// valueEmitter is the emitter within the literal, up to its key.
func (c *caller) valueEmitter(expr ast.Expr) (string, error) {
	sel, ok := expr.(*ast.SelectorExpr)
	if !ok {
		return c.maker(), nil
	}
	if c.isPackage(sel.X) {
		return c.text(sel.X) + "." + c.maker(), nil
	}
	if start, end, ok := c.accessor(sel.X); ok {
		return string(c.Src[c.offset(sel.X.Pos()):start]) + c.maker() + string(c.Src[end:c.offset(sel.X.End())]), nil
	}
	if selection := c.Info.Selections[sel]; selection == nil || selection.Kind() != types.MethodVal {
		return "", Refusal("it is used as a method expression")
	}
	if !c.fixed(sel.X) {
		return "", Refusal("it is used as a value of a manager that may be another one later")
	}
	return c.text(sel.X) + "." + c.maker(), nil
}

// fixed reports whether an expression gives the same manager at any time.
func (c *caller) fixed(expr ast.Expr) bool {
	ident, ok := ast.Unparen(expr).(*ast.Ident)
	if !ok {
		return false
	}
	v, ok := c.Info.Uses[ident].(*types.Var)
	if !ok {
		return false
	}
	set := false
	ast.Inspect(c.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if at, ok := left.(*ast.Ident); ok && c.Info.Uses[at] == v {
					set = true
				}
			}
		case *ast.UnaryExpr:
			if at, ok := n.X.(*ast.Ident); ok && n.Op == token.AND && c.Info.Uses[at] == v {
				set = true
			}
		}
		return !set
	})
	return !set && v.Parent() != c.Pkg.Scope()
}

// literal spells the function with the parameters of the op.
func (c *caller) literal(expr ast.Expr, made string) (string, error) {
	sig := c.op.signature()
	taken := map[string]bool{}
	for name := range c.namesAround(expr) {
		taken[name] = true
	}
	var params []param
	var rest []string
	key := ""
	for i := range sig.Params().Len() {
		v := sig.Params().At(i)
		typ, err := c.typeText(v.Type())
		if err != nil {
			return "", err
		}
		want := v.Name()
		if want == "" || want == "_" {
			want = lowerFirst(typeWord(v.Type()))
		}
		name := fresh(want, taken)
		arg := name
		if sig.Variadic() && i == sig.Params().Len()-1 {
			typ, arg = "..."+strings.TrimPrefix(typ, "[]"), name+"..."
		}
		params = append(params, param{name, typ})
		if c.op.whole(i) {
			if key = name; c.several {
				key += "..."
			}
		} else {
			rest = append(rest, arg)
		}
	}
	results, err := c.resultText(sig)
	if err != nil {
		return "", err
	}
	call := made + "(" + key + ")." + c.emitter.Method(c.op) + "(" + strings.Join(rest, ", ") + ")"
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	return strings.TrimRight("func("+joinParams(params)+") "+results, " ") + " { " + call + " }", nil
}

func (c *caller) resultText(sig *types.Signature) (string, error) {
	var list []string
	for v := range sig.Results().Variables() {
		text, err := c.typeText(v.Type())
		if err != nil {
			return "", err
		}
		list = append(list, text)
	}
	if len(list) < 2 {
		return strings.Join(list, ""), nil
	}
	return "(" + strings.Join(list, ", ") + ")", nil
}

// typeText spells a type in the caller's file, whose imports must have all that it
// takes.
func (c *caller) typeText(t types.Type) (string, error) {
	var missing error
	text := types.TypeString(t, func(p *types.Package) string {
		if p.Path() == c.Pkg.Path() {
			return ""
		}
		for _, spec := range c.Syntax.Imports {
			if name := c.importName(spec); name != nil && name.Imported().Path() == p.Path() && name.Name() != "_" {
				return strings.TrimPrefix(name.Name(), ".")
			}
		}
		missing = Refusal("it is used as a value, and " + p.Path() + " is not imported here")
		return p.Name()
	})
	return text, missing
}
