package move

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// stays makes sure that the user of a session is settled when it connects.
func (m *mover) stays() {
	key := m.melody.user.key
	if key == "" {
		return
	}
	for _, s := range m.files {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := onMelody(s, n, "Session")
				if (name == "Set" || name == "UnSet") && m.names(s, n.Args[0], key) && (name == "UnSet" || !m.inHook(s, n, "HandleConnect")) {
					m.obstacle(n, "who the user is, changes while the session lives: %s", oneLine(m.code(s, n)))
				}
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					if index, ok := left.(*ast.IndexExpr); ok && isKeys(s, index.X) && m.names(s, index.Index, key) {
						m.obstacle(n, "who the user is, changes while the session lives: %s", oneLine(m.code(s, n)))
					}
				}
			}
			return true
		})
	}
}

// names reports whether an expression is that key, or may be.
func (m *mover) names(s *source, expr ast.Expr, key string) bool {
	name, constant := stringOf(s, expr)
	return !constant || name == key
}

func isKeys(s *source, expr ast.Expr) bool {
	sel, ok := expr.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Keys" && isSession(s.pkg.Info.TypeOf(sel.X))
}

func (m *mover) inHook(s *source, n ast.Node, name string) bool {
	return slices.ContainsFunc(m.melody.hooks[name], func(c callback) bool {
		return c.source == s && c.body.Pos() <= n.Pos() && n.End() <= c.body.End()
	})
}

// atDisconnect reports whether a statement runs when its session has ended: in what
// HandleDisconnect was given, or in a function that is called there.
func (m *mover) atDisconnect(s *source, stmt ast.Stmt) bool {
	if m.inHook(s, stmt, "HandleDisconnect") {
		return true
	}
	fn := s.function(stmt)
	if fn == nil {
		return false
	}
	for _, hook := range m.melody.hooks["HandleDisconnect"] {
		called := false
		ast.Inspect(hook.body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			called = called || ok && m.same(m.callee(hook.source, call), s.pkg.Info.Defs[fn.Name])
			return !called
		})
		if called {
			return true
		}
	}
	return false
}

// userAt works out the user of a request, and makes sure that nothing waits for the
// session's end: what accepts it returns at once from now on.
func (m *mover) userAt(a *accepting) {
	if !m.Writable(a.path) || strings.HasSuffix(a.path, "_test.go") {
		m.obstacle(a.call, "a session is accepted in a file that can't be edited")
		return
	}
	if !m.lastThing(a) {
		m.obstacle(a.call, "something waits for the session to end: %s", oneLine(m.code(a.source, a.statement(a.call))))
		return
	}
	var typ types.Type = types.Typ[types.String]
	if by := m.melody.user; by.request != "" {
		a.user = m.fromRequest(a, by.request)
	} else if value := m.keyGiven(a, by.key); value != nil {
		a.user, typ = m.code(a.source, value), types.Default(a.pkg.Info.TypeOf(value))
	} else {
		a.user, typ = m.keySet(a, by.key)
	}
	switch {
	case a.user == "":
		m.obstacle(a.call, "who the user is, is not known before the session is connected")
	case keyCode(typ) == nil:
		m.obstacle(a.call, "%s is no user id that the runtime takes", typ)
	case m.melody.key != nil && !types.Identical(m.melody.key, typ):
		m.obstacle(a.call, "the user's id has different types: %s and %s", m.melody.key, typ)
	default:
		m.melody.key = typ
	}
	if m.list != nil && m.melody.key != nil && !types.Identical(m.melody.key, m.list.key) {
		m.obstacle(a.call, "the user's id has different types: %s and %s", m.melody.key, m.list.key)
	}
}

func (m *mover) fromRequest(a *accepting, expr string) string {
	return m.code(a.source, a.call.Args[1]) + strings.TrimPrefix(expr, "Request")
}

// lastThing reports whether a function does no more than look at the error once the
// session has ended.
func (m *mover) lastThing(a *accepting) bool {
	stmt := a.statement(a.call)
	rest := -1
	if branch, ok := a.parent(stmt).(*ast.IfStmt); ok && branch.Init == stmt {
		stmt = branch
	}
	if a.body, _ = m.enclosing(a.source, stmt); a.body == nil {
		return false
	}
	rest = slices.Index(a.body.List, stmt) + 1
	for i, other := range a.body.List {
		branch, isIf := other.(*ast.IfStmt)
		ret, isReturn := other.(*ast.ReturnStmt)
		_, isDefer := other.(*ast.DeferStmt)
		switch {
		case isDefer, i == rest-1 && isIf && branch.Else != nil:
			return false
		case i >= rest && !(isIf && branch.Else == nil && branch.Init == nil) && !(isReturn && !acts(ret)):
			return false
		}
	}
	return !m.answersWithHeaders(a)
}

// answersWithHeaders reports whether the function sets headers of the answer, which
// melody sends along with the upgrade.
func (m *mover) answersWithHeaders(a *accepting) bool {
	found := false
	ast.Inspect(a.body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && call.Pos() < a.call.Pos() {
			if fn, ok := m.callee(a.source, call).(*types.Func); ok && fn.FullName() == "(net/http.Header).Set" || ok && fn.FullName() == "(net/http.Header).Add" {
				found = true
				m.obstacle(call, "the upgrade answers with headers of its own")
			}
		}
		return true
	})
	return found
}

// keyGiven is what HandleRequestWithKeys is given under a key, nil when that is not
// to be seen.
func (m *mover) keyGiven(a *accepting, key string) ast.Expr {
	if len(a.call.Args) < 3 {
		return nil
	}
	keys := ast.Unparen(a.call.Args[len(a.call.Args)-1])
	if lit, ok := keys.(*ast.CompositeLit); ok {
		return m.valueIn(a.source, lit, key)
	}
	ident, ok := keys.(*ast.Ident)
	if !ok {
		return nil
	}
	var found ast.Expr
	obj, times := a.pkg.Info.Uses[ident], 0
	ast.Inspect(a.body, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok || len(assign.Rhs) != len(assign.Lhs) {
			return true
		}
		for i, left := range assign.Lhs {
			var value ast.Expr
			if index, ok := left.(*ast.IndexExpr); ok && isUse(a.source, index.X, obj) && m.names(a.source, index.Index, key) {
				value = assign.Rhs[i]
			} else if name, ok := left.(*ast.Ident); ok && obj != nil && (a.pkg.Info.Defs[name] == obj || a.pkg.Info.Uses[name] == obj) {
				if lit, ok := ast.Unparen(assign.Rhs[i]).(*ast.CompositeLit); ok {
					value = m.valueIn(a.source, lit, key)
				}
			}
			if value != nil {
				found, times = value, times+1
			}
		}
		return true
	})
	if times != 1 {
		return nil
	}
	return found
}

// valueIn is the value of a key in a literal of a map, when working it out twice does
// nothing twice.
func (m *mover) valueIn(s *source, lit *ast.CompositeLit, key string) ast.Expr {
	for _, elt := range lit.Elts {
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			return nil
		}
		name, constant := stringOf(s, kv.Key)
		if !constant || name != key {
			continue
		}
		if call, ok := ast.Unparen(kv.Value).(*ast.CallExpr); ok && !s.pkg.Info.Types[call.Fun].IsType() && !m.readsRequest(s, call) {
			return nil
		}
		return kv.Value
	}
	return nil
}

// keySet is what the function given to HandleConnect sets a key to, in terms of the
// request that is accepted, and its type.
func (m *mover) keySet(a *accepting, key string) (text string, typ types.Type) {
	times := 0
	for _, hook := range m.melody.hooks["HandleConnect"] {
		ast.Inspect(hook.body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || onMelody(hook.source, call, "Session") != "Set" || !m.names(hook.source, call.Args[0], key) {
				return true
			}
			times++
			if by := m.saidIn(hook.source, hook.body, hook.session, call.Args[1]); by != nil && by.request != "" && unconditional(hook, call) {
				text, typ = m.fromRequest(a, by.request), types.Typ[types.String]
			}
			return true
		})
	}
	if times != 1 {
		return "", types.Typ[types.Invalid]
	}
	return text, typ
}

// unconditional reports whether a call is a statement of the function itself.
func unconditional(c callback, call *ast.CallExpr) bool {
	stmt, ok := c.parent(call).(*ast.ExprStmt)
	return ok && slices.Contains(c.body.List, ast.Stmt(stmt))
}

// acceptSession has the factory accept a session.
func (m *mover) acceptSession(a *accepting) {
	sel := a.call.Fun.(*ast.SelectorExpr)
	keys := "nil"
	if len(a.call.Args) > 2 {
		keys = m.code(a.source, a.call.Args[len(a.call.Args)-1])
	}
	args := []string{m.code(a.source, a.call.Args[0]), m.code(a.source, a.call.Args[1]), a.user, keys}
	m.replace(a.source, sel.Sel.Pos(), a.call.End(), "Accept("+strings.Join(args, ", ")+")")
}

// sendToUser has a filter for one user be a send to that user.
func (m *mover) sendToUser(f *filtered) {
	if typ := types.Default(f.pkg.Info.TypeOf(f.user)); !types.Identical(typ, m.melody.key) {
		m.obstacle(f.call, "the filter compares the user's %s with a %s", m.melody.key, typ)
		return
	}
	if acts(f.user) && !f.pkg.Info.Types[f.user.(*ast.CallExpr).Fun].IsType() {
		m.obstacle(f.call, "the filter works out for each session who receives")
		return
	}
	sel := f.call.Fun.(*ast.SelectorExpr)
	name := m.result.File.method("ToUser")
	if sel.Sel.Name == "BroadcastBinaryFilter" {
		name = m.result.File.method("BinaryToUser")
	}
	m.replace(f.source, sel.Sel.Pos(), f.call.End(), name+"("+m.code(f.source, f.user)+", "+m.code(f.source, f.call.Args[0])+")")
}
