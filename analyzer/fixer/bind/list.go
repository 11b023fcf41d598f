package bind

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// listOf is the type of a parameter that takes several addressees, nil for others.
// Bytes are one addressee's name, not many.
func listOf(v *types.Var) *types.Slice {
	list, ok := v.Type().Underlying().(*types.Slice)
	if !ok {
		return nil
	}
	if b, ok := list.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Byte {
		return nil
	}
	return list
}

// list is the parameter that takes the op's addressees, -1 where there is but one.
func (o *Op) list() int {
	for _, part := range o.Key {
		if v := o.keyVar(part); v != nil && listOf(v) != nil {
			return part.Param
		}
	}
	return -1
}

// Lists reports whether some of the emitter's sends take several addressees: then
// there is a second type, for all of them at once.
func (e *Emitter) Lists() bool {
	return slices.ContainsFunc(e.Ops, func(o *Op) bool { return o.list() >= 0 })
}

// ListType and ListFor are what the type for several addressees and its maker are
// called: Emitters and EmittersFor beside Emitter and EmitterFor.
func (e *Emitter) ListType() string { return renamed(e.Type, "Emitters") }

// ListFor is the maker of the type for several addressees.
func (e *Emitter) ListFor() string { return renamed(e.Type, "EmittersFor") }

// renamed puts another word for "Emitter" into the name of an emitter's type, where
// it may have a number behind it.
func renamed(name, word string) string {
	i := strings.LastIndex(name, "Emitter")
	if i < 0 {
		return ""
	}
	return name[:i] + word + name[i+len("Emitter"):]
}

// listKey is the field that holds the addressees of several.
func (e *Emitter) listKey() string {
	used := map[string]bool{e.managerField(): true}
	for _, o := range e.Ops {
		used[e.names[o]] = true
	}
	return fresh(e.Kind.noun()+"s", used)
}

// turnsName is the method that lists what a send to several waits for.
func (e *Emitter) turnsName() string {
	used := map[string]bool{e.managerField(): true, e.listKey(): true}
	for _, o := range e.Ops {
		used[e.names[o]] = true
	}
	return fresh("turns", used)
}

// keyArgs are the first and the last argument of a call that name its addressee by
// one part of the key.
func (c *caller) keyArgs(part KeyPart) (first, last int) {
	sig := c.op.signature()
	if part.Path == "" && sig.Variadic() && part.Param == sig.Params().Len()-1 {
		return part.Param, len(c.call.Args) - 1
	}
	return part.Param, part.Param
}

// isKey reports whether an argument does nothing but name the addressee.
func (c *caller) isKey(arg int) bool {
	for _, part := range c.op.Key {
		if first, last := c.keyArgs(part); part.Path == "" && first <= arg && arg <= last {
			return true
		}
	}
	return false
}

// only is the argument that names the one addressee of a call; of a list it is the
// only element. It is nil where a call goes to several, or to who knows how many.
func (c *caller) only(part KeyPart) ast.Expr {
	if part.Path != "" || c.op.list() != part.Param {
		return c.call.Args[part.Param]
	}
	first, last := c.keyArgs(part)
	arg := c.call.Args[first]
	if c.variadic(part) && !c.call.Ellipsis.IsValid() {
		if first == last {
			return arg
		}
		return nil
	}
	if elts := c.elements(arg); len(elts) == 1 {
		return elts[0]
	}
	return nil
}

func (c *caller) variadic(part KeyPart) bool {
	sig := c.op.signature()
	return sig.Variadic() && part.Param == sig.Params().Len()-1
}

// elements are those of a list that is written out, where each of them means the
// same outside of it.
func (c *caller) elements(list ast.Expr) []ast.Expr {
	lit, ok := ast.Unparen(list).(*ast.CompositeLit)
	if !ok {
		return nil
	}
	for _, elt := range lit.Elts {
		switch elt := elt.(type) {
		case *ast.KeyValueExpr:
			return nil
		case *ast.CompositeLit:
			if elt.Type == nil {
				return nil
			}
		}
	}
	return lit.Elts
}

// listText is what EmittersFor is called with: the addressees themselves where the
// call names them, else their list, as it is.
func (c *caller) listText(part KeyPart) string {
	first, last := c.keyArgs(part)
	args := c.call.Args
	if c.variadic(part) && !c.call.Ellipsis.IsValid() {
		return string(c.Src[c.offset(args[first].Pos()):c.offset(args[last].End())])
	}
	if elts := c.elements(args[first]); len(elts) > 0 {
		lit := ast.Unparen(args[first]).(*ast.CompositeLit)
		from, to := c.offset(elts[0].Pos()), c.offset(elts[len(elts)-1].End())
		around := string(c.Src[c.offset(lit.Lbrace)+1:from]) + string(c.Src[to:c.offset(lit.Rbrace)])
		if strings.Trim(around, ", \t\r\n") == "" {
			return string(c.Src[from:to])
		}
	}
	return c.text(args[first]) + "..."
}

// lists writes the type for several addressees: its methods call the old manager
// once, with the list as it was given, so that who is left out, what an empty list
// means and what comes back stay what they are.
func (w *writer) lists() {
	if !w.e.Lists() {
		return
	}
	e := w.e
	noun := e.Kind.noun()
	of := &writer{source: w.source, e: e, mode: w.mode, recv: w.recv, shared: w.shared, several: true}
	w.comment("%s sends to several %ss in one call, those that [%s] was given. It keeps their list as it is: leave that alone until the emitter has sent. What an empty list means is what it means to the method.", e.ListType(), noun, of.maker())
	w.printf("type %s%s struct {\n", e.ListType(), w.typeParams())
	if e.Owner != nil {
		w.printf("%s %s\n", e.managerField(), w.typeText(e.Owner))
	}
	w.printf("%s []%s\n}\n\n", e.listKey(), w.typeText(e.Key[0].Type))
	of.makers()
	gated := false
	for _, o := range e.Ops {
		if o.list() >= 0 {
			of.method(o)
			gated = gated || w.gated(o)
		}
	}
	if gated {
		of.turns()
	}
}

// turns writes the method that lists what a send to several waits for: what the
// emitter of each of them does.
func (w *writer) turns() {
	e := w.e
	avoid := map[string]bool{w.recv: true}
	turns, i, key := fresh("turns", avoid), fresh("i", avoid), fresh(e.keyName(), avoid)
	one := key
	if w.byEmitter() {
		fields := e.keyName() + ": " + key
		if e.Owner != nil {
			fields = e.managerField() + ": " + w.recv + "." + e.managerField() + ", " + fields
		}
		one = w.single() + "{" + fields + "}"
	}
	w.comment("%s are those that the emitter of each %s waits for.", e.turnsName(), e.Kind.noun())
	w.printf("func (%s %s) %s() []any {\n", w.recv, w.typ(), e.turnsName())
	w.printf("%s := make([]any, len(%s.%s))\n", turns, w.recv, e.listKey())
	w.printf("for %s, %s := range %s.%s {\n%s[%s] = %s\n}\nreturn %s\n}\n\n", i, key, w.recv, e.listKey(), turns, i, one, turns)
}
