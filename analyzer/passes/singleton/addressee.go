package singleton

import (
	"go/ast"
	"go/printer"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/internal/roles"
)

// witnessed writes a verdict on effects in terms of the enclosing function: its own
// parameters are not those of a call at the site.
func (u *user) witnessed(s *Site, v roles.Verdict, at ast.Node) {
	u.witness = true
	u.conclude(s, v, at)
	u.witness = false
}

// conclude writes a verdict into a site, with the addressee as the site spells it.
func (u *user) conclude(s *Site, v roles.Verdict, at ast.Node) {
	s.Role, s.Reason = v.Role, v.Reason
	if v.Everyone && u.noVariadic(s, at) {
		s.Role = findings.Broadcast
		return
	}
	switch s.Role {
	case findings.UserSend, findings.ConnSend, findings.RoomSend, findings.Register, findings.Unregister:
		if u.witness && v.At != nil {
			s.Addressee = u.lookup(v.At)
		} else {
			s.Addressee = u.addressee(v.Keys, at)
		}
		if s.Addressee == nil && v.At != nil {
			s.Addressee = u.lookup(v.At)
		}
		if u.nobody(s.Addressee) {
			s.Addressee, s.Reason = nil, "the addressee is left empty"
			if v.Everyone {
				s.Role, s.Reason = findings.Broadcast, ""
				return
			}
		}
		if s.Addressee == nil && s.Reason == "" && s.Role != findings.Register && s.Role != findings.Unregister {
			s.Reason = "the addressee could not be traced to an expression here"
		}
	}
}

// nobody reports whether the addressee is an empty text, zero or nil, written down.
func (u *user) nobody(a *Addressee) bool {
	return a != nil && a.Expr != nil && u.p.Empty(a.Expr)
}

// overridden takes the role that somebody gave the function that is called.
func (u *user) overridden(s *Site, fn *types.Func, call *ast.CallExpr) bool {
	o, ok := u.opts.Roles[flow.FuncName(fn)]
	if !ok {
		return false
	}
	v := roles.Verdict{Role: o.Role}
	if o.Addressee > 0 {
		v.Keys = []roles.Leaf{{Root: &flow.Value{Op: flow.Param, Index: o.Addressee}}}
	}
	u.conclude(s, v, call)
	return true
}

// noVariadic reports whether a call leaves the variadic parameter empty.
func (u *user) noVariadic(s *Site, at ast.Node) bool {
	call, ok := at.(*ast.CallExpr)
	if !ok || s.Callee == nil {
		return false
	}
	sig := s.Callee.Signature()
	return sig.Variadic() && len(call.Args) < sig.Params().Len()
}

// addressee finds the expressions at the site that the keys stand for. A compound
// key needs all of them.
func (u *user) addressee(keys []roles.Leaf, at ast.Node) *Addressee {
	if len(keys) == 0 {
		return nil
	}
	a := &Addressee{}
	var texts []string
	for _, k := range keys {
		expr, text, param := u.spell(k, at)
		if text == "" {
			return nil
		}
		a.Keys = append(a.Keys, param)
		a.Args = append(a.Args, expr)
		texts = append(texts, text)
	}
	if len(keys) == 1 {
		a.Expr = a.Args[0]
	}
	a.Text, a.Whole = texts[len(texts)-1], strings.Join(texts, ", ")
	return a
}

// lookup is the addressee of a receiver that an expression here looks up: the
// index, or the argument that serves as key.
func (u *user) lookup(at ast.Node) *Addressee {
	switch n := at.(type) {
	case *ast.IndexExpr:
		return u.index(n.Index)
	case *ast.CallExpr:
		u.witness = false // the parameters of the lookup itself
		if keys := u.picks(n); len(keys) != 1 || len(keys[0].Path) > 0 || keys[0].Root.Index != 1 || len(n.Args) == 0 {
			return u.addressee(keys, n)
		}
		return u.index(n.Args[0])
	}
	return nil
}

// index is the addressee that an index spells out; of a key made in place the parts
// count.
func (u *user) index(e ast.Expr) *Addressee {
	parts := []ast.Expr{e}
	if lit, ok := ast.Unparen(e).(*ast.CompositeLit); ok && len(lit.Elts) > 0 {
		parts = nil
		for _, elt := range lit.Elts {
			if kv, ok := elt.(*ast.KeyValueExpr); ok {
				elt = kv.Value
			}
			parts = append(parts, elt)
		}
	}
	a := &Addressee{}
	var texts []string
	for _, part := range parts {
		a.Args = append(a.Args, part)
		a.Keys = append(a.Keys, Param{Type: u.p.TypeOf(part)})
		texts = append(texts, source(part))
	}
	if len(parts) == 1 {
		a.Expr = parts[0]
	}
	a.Text, a.Whole = texts[len(texts)-1], strings.Join(texts, ", ")
	return a
}

// picks are the parameters by which a called function picks the element that it
// returns.
func (u *user) picks(call *ast.CallExpr) []roles.Leaf {
	fn, ok := u.p.ObjectOf(call.Fun).(*types.Func)
	if !ok {
		return nil
	}
	sums := u.p.Targets(fn)
	if len(sums) == 0 && len(call.Args) > 0 {
		return []roles.Leaf{{Root: &flow.Value{Op: flow.Param, Index: 1}}} // a library's map
	}
	for _, sum := range sums {
		for _, r := range sum.Results {
			for _, v := range r {
				for ; v != nil; v = v.X {
					if v.Op == flow.Elem && len(v.Keys) > 0 {
						return roles.Inputs(v.Keys)
					}
				}
			}
		}
	}
	return nil
}

// spell writes one key as the site does.
func (u *user) spell(k roles.Leaf, at ast.Node) (ast.Expr, string, Param) {
	param := Param{Path: k.Path, List: k.List, Looked: k.Looked}
	switch node := at.(type) {
	case *ast.CallExpr:
		if k.Root.Op == flow.Param && !u.witness {
			param.Index = k.Root.Index
			expr, text := u.argument(node, &param)
			return expr, text, param
		}
	case *ast.SendStmt:
		if k.Root.Op == flow.Param && k.Root.Index == sentValue {
			param.Index = 1
			expr, text := u.part(node.Value, k.Path)
			return expr, text, param
		}
	}
	if at == nil {
		return nil, "", param
	}
	expr := u.locate(k, at)
	if expr == nil {
		return nil, "", param
	}
	return expr, source(expr), param
}

// argument is the argument of a call for a parameter, or the part of it that a
// field path leads to.
func (u *user) argument(call *ast.CallExpr, param *Param) (ast.Expr, string) {
	fn, ok := u.p.ObjectOf(call.Fun).(*types.Func)
	if !ok || param.Index == 0 {
		return nil, ""
	}
	sig := fn.Signature()
	i := param.Index - 1
	if i < sig.Params().Len() {
		param.Type = sig.Params().At(i).Type()
	}
	if sig.Variadic() && i == sig.Params().Len()-1 {
		param.Variadic = true
		var texts []string
		for _, a := range call.Args[min(i, len(call.Args)):] {
			texts = append(texts, source(a))
		}
		text := strings.Join(texts, ", ")
		if len(texts) == 1 {
			return call.Args[i], text
		}
		return nil, text
	}
	if i >= len(call.Args) {
		return nil, ""
	}
	return u.part(call.Args[i], param.Path)
}

// part is the field of e that path leads to: the expression itself when e is a
// literal that sets it, else e with the path behind it.
func (u *user) part(e ast.Expr, path []string) (ast.Expr, string) {
	if len(path) == 0 {
		return e, source(e)
	}
	if lit := u.literal(e); lit != nil {
		if value := fieldValue(lit, path[0]); value != nil {
			return u.part(value, path[1:])
		}
		return nil, ""
	}
	if address, ok := ast.Unparen(e).(*ast.UnaryExpr); ok && address.Op == token.AND {
		e = address.X // &m has the fields of m
	}
	switch ast.Unparen(e).(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.CallExpr:
		return nil, source(e) + "." + strings.Join(path, ".")
	}
	return nil, ""
}

// literal is the composite literal that e is, or that the local variable e was set
// to and never changed from.
func (u *user) literal(e ast.Expr) *ast.CompositeLit {
	e = ast.Unparen(e)
	if un, ok := e.(*ast.UnaryExpr); ok {
		e = ast.Unparen(un.X)
	}
	switch e := e.(type) {
	case *ast.CompositeLit:
		return e
	case *ast.Ident:
		v, ok := u.p.ObjectOf(e).(*types.Var)
		if !ok || flow.IsPackageVar(v) {
			return nil
		}
		if defs := u.p.Definitions(v); len(defs) == 1 {
			if _, again := ast.Unparen(defs[0]).(*ast.Ident); !again {
				return u.literal(defs[0])
			}
		}
	}
	return nil
}

func fieldValue(lit *ast.CompositeLit, name string) ast.Expr {
	for _, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok && id.Name == name {
				return kv.Value
			}
		}
	}
	return nil
}

// locate searches the node for an expression with the value of the key.
func (u *user) locate(k roles.Leaf, at ast.Node) ast.Expr {
	want := k.Root
	for _, name := range k.Path {
		want = &flow.Value{Op: flow.Field, Name: name, X: want}
	}
	var found ast.Expr
	ast.Inspect(at, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok || found != nil {
			return found == nil
		}
		switch n.(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
			for _, v := range u.p.Eval(e) {
				if flow.Same(v, want) {
					found = e
				}
			}
		}
		return found == nil
	})
	return found
}

// sentValue stands for the value of a channel send as if it were a parameter. It is
// out of the way of the parameters of the function around it, which may well be what
// picks the channel.
const sentValue = 1 << 16

// sent judges a send on one of the manager's channels by what the receiver of the
// channel does with a value, left open.
func (u *user) sent(s *Site, subject *roles.Subject, send *ast.SendStmt) bool {
	s.Action, s.Stmt = send, send
	var open []*flow.Effect
	for _, e := range u.touching(send, subject) {
		if e.Op != flow.Send {
			continue
		}
		c := *e
		c.Val = flow.Set{{Op: flow.Param, Index: sentValue, Lib: libOf(e.Val)}}
		open = append(open, c.Renew())
	}
	expanded := u.p.Expand(open)
	v := subject.Judge(expanded)
	for _, id := range sortedIDs(u.result.Known) {
		// What goes through a channel of its own may act on another part of the state.
		if st := u.states[id]; st != nil && (v.Role == findings.Query || v.Role == findings.Lifecycle) && st.Package == s.Singleton.Package {
			if other := u.subject(st.value, nil, true).Judge(expanded); other.Role != findings.Query {
				v = other
			}
		}
	}
	if v.Role == findings.Query || v.Role == findings.Lifecycle && !u.signals(send) {
		v = roles.Verdict{Role: findings.Other, Reason: "what becomes of the value sent is not known"}
	}
	u.conclude(s, v, send)
	return true
}

func libOf(s flow.Set) string {
	for _, v := range s {
		if v.Lib != "" {
			return v.Lib
		}
	}
	return ""
}

// signals reports whether the value sent says nothing but now.
func (u *user) signals(send *ast.SendStmt) bool {
	t := u.p.TypeOf(send.Value)
	if t == nil {
		return false
	}
	if st, ok := t.Underlying().(*types.Struct); ok {
		return st.NumFields() == 0
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

// source is the text of an expression on one line.
func source(e ast.Expr) string {
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), e); err != nil {
		return types.ExprString(e)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
