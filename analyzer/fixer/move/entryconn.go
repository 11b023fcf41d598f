package move

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// eachMention calls f for every mention of the registry of entries, in file order.
func (m *mover) eachMention(f func(*source, *ast.Ident)) {
	for _, s := range m.files {
		var found []*ast.Ident
		for ident, obj := range s.pkg.Info.Uses {
			if m.same(obj, m.list.obj) && m.within(s, ident) {
				found = append(found, ident)
			}
		}
		slices.SortFunc(found, func(a, b *ast.Ident) int { return cmp.Compare(a.Pos(), b.Pos()) })
		for _, ident := range found {
			f(s, ident)
		}
	}
}

// ours reports whether a file deals with the registry's connections, may be edited
// and is no test: tests have clients of their own.
func (m *mover) ours(s *source) bool { return m.concerned[s.pkg.Types.Path()] && m.editable(s) }

func (m *mover) editable(s *source) bool {
	return m.Writable(s.path) && !strings.HasSuffix(s.path, "_test.go")
}

// concern finds the packages in which connections are those of the registry: the
// manager's, those that mention the registry, and those that accept connections for
// it.
func (m *mover) concern() {
	m.concerned = map[string]bool{m.Package.Types.Path(): true}
	m.eachMention(func(s *source, _ *ast.Ident) { m.concerned[s.pkg.Types.Path()] = true })
	for _, s := range m.files {
		if !m.editable(s) {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && m.isUpgrade(s, call) {
				if h := m.acceptor(s, call); h != nil && m.userOf(h) != nil {
					m.concerned[s.pkg.Types.Path()] = true
				}
			}
			return true
		})
	}
}

// acceptor is the function around an upgrade that goes into a new variable, nil for
// others.
func (m *mover) acceptor(s *source, call *ast.CallExpr) *handler {
	assign, ok := s.parent(call).(*ast.AssignStmt)
	if !ok || assign.Tok != token.DEFINE || len(assign.Lhs) != 2 {
		return nil
	}
	ident, ok := assign.Lhs[0].(*ast.Ident)
	h := &handler{source: s, upgrade: assign, call: call}
	if h.body, h.sig = m.enclosing(s, assign); h.body == nil || !ok {
		return nil
	}
	h.conn, h.at = s.pkg.Info.Defs[ident], slices.Index(h.body.List, ast.Stmt(assign))
	return h
}

// connectionTypes removes the registry's declaration, has *websocket.Conn be the
// generated type, and takes out what the runtime does itself.
func (m *mover) connectionTypes() {
	for _, s := range m.files {
		for ident, obj := range s.pkg.Info.Defs {
			if m.same(obj, m.list.obj) && m.within(s, ident) {
				m.declaration(s, ident)
			}
		}
		if !m.ours(s) {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.StarExpr:
				if tv, ok := s.pkg.Info.Types[n]; ok && tv.IsType() && isConn(tv.Type) {
					m.replace(s, n.Pos(), n.End(), "*"+m.qualified(s)+m.result.File.names["Connection"])
					return false
				}
			case *ast.CallExpr:
				m.connMethod(s, n)
			case *ast.AssignStmt:
				m.givenUp(s, n)
			}
			return true
		})
	}
}

// givenUp notes a client that forgets its connection: who takes it out of the
// registry looks for it there.
func (m *mover) givenUp(s *source, assign *ast.AssignStmt) {
	for i, left := range assign.Lhs {
		field, ok := left.(*ast.SelectorExpr)
		if ok && len(assign.Lhs) == len(assign.Rhs) && isConn(s.pkg.Info.TypeOf(field)) && s.pkg.Info.Types[assign.Rhs[i]].IsNil() {
			m.obstacle(assign, "a client gives up its connection before it is out of the registry: %s", oneLine(m.code(s, assign)))
		}
	}
}

// connMethod notes a method of connections that the generated type must have, and
// removes those that only keep the connection alive.
func (m *mover) connMethod(s *source, call *ast.CallExpr) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !isConn(s.pkg.Info.TypeOf(sel.X)) {
		return
	}
	m.connSetting(s, call, sel.Sel.Name)
}

// accepts rewrites every place that upgrades a connection.
func (m *mover) accepts() {
	found := false
	for _, s := range m.files {
		if !m.ours(s) {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && m.isUpgrade(s, call) {
				found = true
				m.acceptAt(s, call)
			}
			return true
		})
	}
	if !found {
		m.obstacle(m.Singleton.Node, "no call of an Upgrader was found that the connections come from")
	}
}

func (m *mover) acceptAt(s *source, call *ast.CallExpr) {
	h := m.acceptor(s, call)
	if h == nil {
		m.obstacle(call, "the upgraded connection does not go into a new variable of the handler: %s", oneLine(m.code(s, s.statement(call))))
		return
	}
	if !m.settings(h) || !m.checked(h) {
		return
	}
	if h.key = m.userOf(h); h.key == nil {
		m.obstacle(call, "who the user of this connection is, is not known where it is upgraded")
		return
	}
	if !m.keyBefore(h) {
		return
	}
	m.deferredCloses(h)
	m.accepted = append(m.accepted, h)
}

// deferredCloses looks at what the function that upgrades defers: it returns while
// the connection lives, so closing it there must go, and nothing else may stay.
func (m *mover) deferredCloses(h *handler) {
	for i, stmt := range h.body.List {
		d, ok := stmt.(*ast.DeferStmt)
		if !ok {
			continue
		}
		if i < h.at {
			m.obstacle(d, "something is deferred before the upgrade: it would run when the connection is up, not when it ends")
		}
	}
}

// userOf is the expression for the user of the connection that a function upgrades:
// what the client's id is set to, or the key that it is registered under.
func (m *mover) userOf(h *handler) (found ast.Expr) {
	ast.Inspect(h.body, func(n ast.Node) bool {
		if found != nil {
			return false
		}
		switch n := n.(type) {
		case *ast.CompositeLit:
			found = m.idIn(h.source, n)
		case *ast.AssignStmt:
			if len(n.Lhs) == 1 && m.list.id != nil && m.clientField(h.source, n.Lhs[0]) == m.list.id {
				found = n.Rhs[0]
			} else if index, ok := n.Lhs[0].(*ast.IndexExpr); ok && m.list.id == nil {
				found = m.keyIn(h.source, index)
			}
		case *ast.CallExpr:
			found = m.userInCall(h, n)
		}
		return true
	})
	return found
}

// idIn is what a literal of a client sets the id to.
func (m *mover) idIn(s *source, lit *ast.CompositeLit) ast.Expr {
	if m.list.id == nil || !types.Identical(s.pkg.Info.TypeOf(lit), m.list.client) {
		return nil
	}
	for _, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if ident, ok := kv.Key.(*ast.Ident); ok && ident.Name == m.list.id.Name() {
				return kv.Value
			}
		}
	}
	return nil
}

// keyIn is the key of R[k] = ... or R[k][c] = ...
func (m *mover) keyIn(s *source, index *ast.IndexExpr) ast.Expr {
	if inner, ok := index.X.(*ast.IndexExpr); ok {
		index = inner
	}
	if m.isRegistry(s, index.X) {
		return index.Index
	}
	return nil
}

// userInCall follows a call: Store of a sync.Map, or a function of the program that
// makes the client or registers the connection with one of its parameters as user.
func (m *mover) userInCall(h *handler, call *ast.CallExpr) ast.Expr {
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Store" && m.list.id == nil {
		if m.isRegistry(h.source, sel.X) {
			return call.Args[0]
		}
	}
	takes := slices.ContainsFunc(call.Args, func(arg ast.Expr) bool {
		ident, ok := ast.Unparen(arg).(*ast.Ident)
		return ok && h.pkg.Info.Uses[ident] == h.conn
	})
	obj := m.callee(h.source, call)
	if !takes || obj == nil {
		return nil
	}
	for _, s := range m.files {
		for _, decl := range s.syntax.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil || !m.same(s.pkg.Info.Defs[fn.Name], obj) {
				continue
			}
			inner := &handler{source: s, body: fn.Body, conn: s.pkg.Info.Defs[fn.Name]}
			if expr := m.userOf(inner); expr != nil {
				if i := m.parameter(s, fn, expr); i >= 0 && i < len(call.Args) {
					return call.Args[i]
				}
			}
		}
	}
	return nil
}

// readers turns every loop that reads from a connection into a callback.
func (m *mover) readers() {
	for _, s := range m.files {
		if !m.ours(s) {
			continue
		}
		var loops []*ast.ForStmt
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if loop, ok := n.(*ast.ForStmt); ok && m.readsIn(s, loop) != nil {
				loops = append(loops, loop)
			}
			return true
		})
		for _, loop := range loops {
			m.reader(s, loop)
		}
	}
}

// readsIn is the connection that a loop's own first statements read from.
func (m *mover) readsIn(s *source, loop *ast.ForStmt) (conn ast.Expr) {
	for _, stmt := range loop.Body.List {
		ast.Inspect(stmt, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if sel, ok := call.Fun.(*ast.SelectorExpr); ok && isConn(s.pkg.Info.TypeOf(sel.X)) && (sel.Sel.Name == "ReadMessage" || sel.Sel.Name == "ReadJSON") {
					conn = sel.X
				}
			}
			_, nested := n.(*ast.FuncLit)
			return conn == nil && !nested
		})
	}
	return conn
}

func (m *mover) reader(s *source, loop *ast.ForStmt) {
	conn := m.readsIn(s, loop)
	h := &handler{source: s, loop: loop, at: -2, connText: m.code(s, conn)}
	if ident, ok := conn.(*ast.Ident); ok {
		h.conn = s.pkg.Info.Uses[ident]
	}
	if h.body, h.sig = m.enclosing(s, loop); h.body == nil {
		m.obstacle(loop, "the read loop stands in the middle of a branch or loop")
		return
	}
	for i, stmt := range h.body.List {
		if assign, ok := stmt.(*ast.AssignStmt); ok && len(assign.Rhs) == 1 {
			if call, ok := assign.Rhs[0].(*ast.CallExpr); ok && m.isUpgrade(s, call) {
				h.at, h.upgrade, h.call = i, assign, call
				h.r = m.request(h)
			}
		}
	}
	h.loopAt = slices.Index(h.body.List, ast.Stmt(loop))
	if loop.Init != nil || loop.Post != nil || loop.Cond != nil && m.code(s, loop.Cond) != "true" {
		m.obstacle(loop, "the read loop has a condition")
		return
	}
	if h.read = m.readOf(h, loop); h.read == nil {
		m.obstacle(loop, "the read loop does more than read, check the error and go on")
		return
	}
	if !m.loopPlain(h) || !m.started(h) {
		return
	}
	if h.upgrade != nil {
		m.lateUses(h)
	}
	m.ending(h)
	m.loopCall(h)
}

// started looks at how the function with the read loop is called: it returns at once
// from now on, so it needs no goroutine, and nothing may wait for its end.
func (m *mover) started(h *handler) bool {
	fn := h.parent(h.body)
	if lit, ok := fn.(*ast.FuncLit); ok {
		return h.at >= 0 || m.startedBy(h.source, lit)
	}
	decl, ok := fn.(*ast.FuncDecl)
	if !ok || h.at >= 0 {
		return ok
	}
	obj, fine := h.pkg.Info.Defs[decl.Name], true
	for _, s := range m.files {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && m.same(m.callee(s, call), obj) {
				fine = m.startedBy(s, call.Fun) && fine
			}
			return true
		})
	}
	return fine
}

// startedBy looks at one call of what reads, given by the function expression.
func (m *mover) startedBy(s *source, fun ast.Expr) bool {
	call, ok := s.parent(fun).(*ast.CallExpr)
	if !ok || call.Fun != fun {
		m.obstacle(fun, "the read loop is started through a value")
		return false
	}
	switch stmt := s.parent(call).(type) {
	case *ast.GoStmt:
		m.replace(s, stmt.Go, call.Pos(), "")
		return true
	case *ast.ExprStmt:
		body, _ := m.enclosing(s, stmt)
		if body != nil && body.List[len(body.List)-1] == ast.Stmt(stmt) && !m.defers(s, body) {
			return true
		}
	}
	m.obstacle(call, "something waits for the read loop to end: %s", oneLine(m.code(s, s.statement(call))))
	return false
}

// defers reports whether a function defers anything but closing its connection,
// which goes: the function returns while the connection lives.
func (m *mover) defers(s *source, body *ast.BlockStmt) bool {
	for _, stmt := range body.List {
		d, ok := stmt.(*ast.DeferStmt)
		if !ok {
			continue
		}
		sel, ok := d.Call.Fun.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Close" || !isConn(s.pkg.Info.TypeOf(sel.X)) {
			return true
		}
		m.remove(s, d)
	}
	return false
}
