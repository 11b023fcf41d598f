package move

import (
	"go/ast"
	"go/token"
	"go/types"
)

// entryUse rewrites one mention of a registry of entries.
func (m *mover) entryUse(s *source, ident *ast.Ident) {
	if m.gone(s, ident) {
		return
	}
	if !m.Writable(s.path) {
		m.obstacle(ident, "the registry %s is used in a file that can't be edited", ident.Name)
		return
	}
	expr := m.mentioned(s, ident)
	if m.emptied(s, expr) {
		return
	}
	switch parent := s.parent(expr).(type) {
	case *ast.IndexExpr:
		if parent.X == expr && m.entryIndex(s, parent) {
			return
		}
	case *ast.CallExpr:
		if m.entryBuiltin(s, parent, expr) {
			return
		}
	case *ast.RangeStmt:
		if parent.X == expr && m.entryLoop(s, parent) {
			return
		}
	case *ast.SelectorExpr:
		if call, name := m.methodOn(s, expr); m.list.shape == table && call != nil && m.tableCall(s, call, name) {
			return
		}
	}
	m.obstacle(expr, "the registry is used in a way of its own: %s", oneLine(m.code(s, s.statement(expr))))
}

// emptied handles what makes the registry.
func (m *mover) emptied(s *source, expr ast.Expr) bool {
	switch parent := s.parent(expr).(type) {
	case *ast.KeyValueExpr:
		if literal, ok := s.parent(parent).(*ast.CompositeLit); ok && parent.Key == expr {
			m.element(s, literal, parent)
			return true
		}
	case *ast.AssignStmt:
		if len(parent.Lhs) == 1 && parent.Lhs[0] == expr && fresh(parent.Rhs[0]) {
			m.remove(s, parent)
			return true
		}
	case *ast.BinaryExpr:
		return m.lazily(s, parent)
	}
	return false
}

// entryIndex handles R[x].
func (m *mover) entryIndex(s *source, index *ast.IndexExpr) bool {
	switch m.list.shape {
	case set:
		return m.memberOf(s, index, index.Index)
	case sets:
		if inner, ok := s.parent(index).(*ast.IndexExpr); ok && inner.X == ast.Expr(index) {
			return m.memberOf(s, inner, inner.Index)
		}
	}
	assign, ok := s.parent(index).(*ast.AssignStmt)
	if ok && contains(assign.Lhs, index) {
		return m.entryAssigned(s, assign, index)
	}
	return m.entryRead(s, index, index.Index)
}

// memberOf handles set[entry], and the entry's place in a set of sets.
func (m *mover) memberOf(s *source, index *ast.IndexExpr, entry ast.Expr) bool {
	assign, ok := s.parent(index).(*ast.AssignStmt)
	switch {
	case ok && len(assign.Lhs) == 1 && contains(assign.Lhs, index):
		return m.attach(s, assign, entry)
	case ok && len(assign.Lhs) == 2 && isBlank(assign.Lhs[0]):
		if branch, ok := s.parent(assign).(*ast.IfStmt); ok && branch.Init == ast.Stmt(assign) && m.code(s, branch.Cond) == m.code(s, assign.Lhs[1]) {
			m.replace(s, assign.Pos(), branch.Cond.End(), m.connText(s, entry)+"."+m.name("attached")+"()")
			return true
		}
		m.replace(s, assign.Lhs[0].Pos(), assign.Lhs[1].Pos(), "")
	case ok && len(assign.Lhs) == 2:
		return false
	}
	m.replace(s, index.Pos(), index.End(), m.connText(s, entry)+"."+m.name("attached")+"()")
	return true
}

// entryAssigned handles R[k] = entry and its like.
func (m *mover) entryAssigned(s *source, assign *ast.AssignStmt, index *ast.IndexExpr) bool {
	if len(assign.Lhs) != 1 {
		return false
	}
	value := ast.Unparen(assign.Rhs[0])
	call, _ := value.(*ast.CallExpr)
	switch {
	case m.list.shape == single:
		return m.attach(s, assign, value)
	case fresh(value):
		return m.removeLazily(s, assign)
	case m.list.shape == slices_ && call != nil && len(call.Args) == 2 && m.code(s, call.Fun) == "append":
		if !call.Ellipsis.IsValid() {
			return m.attach(s, assign, call.Args[1])
		}
		return m.cutOut(s, assign)
	}
	return false
}

// attach replaces a registration by keeping the entry at its connection.
func (m *mover) attach(s *source, stmt ast.Stmt, entry ast.Expr) bool {
	switch entry.(type) {
	case *ast.Ident, *ast.SelectorExpr:
	default:
		return false
	}
	arg := ""
	if m.list.client != nil {
		arg = m.code(s, entry)
	}
	m.replace(s, stmt.Pos(), stmt.End(), m.connText(s, entry)+"."+m.name("attach")+"("+arg+")")
	return true
}

// removeLazily deletes R[k] = make(...), with the test around it that does nothing
// else.
func (m *mover) removeLazily(s *source, stmt ast.Stmt) bool {
	block, ok := s.parent(stmt).(*ast.BlockStmt)
	if branch, isIf := s.parent(block).(*ast.IfStmt); ok && isIf && branch.Body == block && branch.Else == nil && len(block.List) == 1 {
		m.removed[stmt] = true
		m.remove(s, branch)
		return true
	}
	m.remove(s, stmt)
	return true
}

// cutOut replaces the loop that finds an entry in its user's slice and cuts it out.
func (m *mover) cutOut(s *source, assign *ast.AssignStmt) bool {
	block, _ := s.parent(assign).(*ast.BlockStmt)
	branch, _ := s.parent(block).(*ast.IfStmt)
	if branch == nil || branch.Init != nil || branch.Else != nil {
		return false
	}
	cmp, ok := branch.Cond.(*ast.BinaryExpr)
	outer, _ := s.parent(branch).(*ast.BlockStmt)
	loop, _ := s.parent(outer).(*ast.RangeStmt)
	if !ok || cmp.Op != token.EQL || loop == nil || len(outer.List) != 1 || loop.Value == nil {
		return false
	}
	for _, stmt := range block.List {
		if _, jump := stmt.(*ast.BranchStmt); stmt != ast.Stmt(assign) && !jump {
			return false
		}
	}
	entry := cmp.X
	if m.code(s, entry) == m.code(s, loop.Value) {
		entry = cmp.Y
	}
	m.removed[loop] = true
	m.replace(s, loop.Pos(), loop.End(), m.connText(s, entry)+"."+m.name("detach")+"()")
	return true
}

// entryRead handles R[k] where it is read.
func (m *mover) entryRead(s *source, index ast.Expr, key ast.Expr) bool {
	own := m.ownerOf(s, key)
	assign, ok := s.parent(index).(*ast.AssignStmt)
	if cmp, isCmp := s.parent(index).(*ast.BinaryExpr); isCmp && own != nil && m.list.shape == single && cmp.Op == token.EQL {
		m.replace(s, cmp.Pos(), cmp.End(), m.connText(s, own)+"."+m.name("attached")+"()")
		return true
	}
	found := ok && len(assign.Lhs) == 2 && len(assign.Rhs) == 1
	switch {
	case own != nil && m.list.shape == single && found && m.asksForItself(s, assign, own):
		m.replace(s, index.Pos(), index.End(), m.connText(s, own)+"."+m.name("entry")+"()")
	case found:
		m.replace(s, index.Pos(), index.End(), m.name("lookup")+"("+m.code(s, key)+")")
	case m.list.shape == single:
		m.replace(s, index.Pos(), index.End(), m.name("orNil")+"("+m.code(s, key)+")")
	default:
		m.replace(s, index.Pos(), index.End(), m.name("of")+"("+m.code(s, key)+")")
	}
	return true
}

// asksForItself reports whether a client is looked up under its own id to learn
// whether it is that very client that is registered: the answer is compared with it,
// or it is removed then.
func (m *mover) asksForItself(s *source, assign *ast.AssignStmt, own ast.Expr) bool {
	branch, ok := s.parent(assign).(*ast.IfStmt)
	if !ok {
		return false
	}
	itself := false
	ast.Inspect(branch.Cond, func(n ast.Node) bool {
		cmp, ok := n.(*ast.BinaryExpr)
		itself = itself || ok && cmp.Op == token.EQL && (m.code(s, cmp.X) == m.code(s, own) || m.code(s, cmp.Y) == m.code(s, own))
		return true
	})
	ast.Inspect(branch.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if ok && isBlank(assign.Lhs[0]) && len(call.Args) == 2 && m.code(s, call.Fun) == "delete" && m.isRegistry(s, call.Args[0]) {
			itself = itself || m.ownerOf(s, call.Args[1]) != nil
		}
		return true
	})
	return itself
}

// ownerOf is the client whose own id a key is: what is asked then is whether that
// very client is registered.
func (m *mover) ownerOf(s *source, key ast.Expr) ast.Expr {
	if m.list.client == nil || m.list.id == nil {
		return nil
	}
	sel, ok := ast.Unparen(key).(*ast.SelectorExpr)
	if !ok || m.clientField(s, sel) != m.list.id {
		return nil
	}
	return sel.X
}

// entryBuiltin handles len and delete.
func (m *mover) entryBuiltin(s *source, call *ast.CallExpr, reg ast.Expr) bool {
	ident, ok := call.Fun.(*ast.Ident)
	if !ok || len(call.Args) == 0 || call.Args[0] != reg {
		return false
	}
	switch ident.Name {
	case "len":
		m.replace(s, call.Pos(), call.End(), m.name("count")+"()")
		return true
	case "delete":
		if stmt, ok := s.parent(call).(*ast.ExprStmt); ok {
			return m.forget(s, stmt, call.Args[1])
		}
	}
	return false
}

// forget handles delete(R, x) and R.Delete(x).
func (m *mover) forget(s *source, stmt ast.Stmt, key ast.Expr) bool {
	detach := func(entry ast.Expr) bool {
		m.replace(s, stmt.Pos(), stmt.End(), m.connText(s, entry)+"."+m.name("detach")+"()")
		return true
	}
	if m.list.shape == set {
		return detach(key)
	}
	if m.list.shape == sets || m.list.shape == slices_ {
		return m.removeLazily(s, stmt) // the last one of a user has gone
	}
	if own := m.ownerOf(s, key); own != nil {
		return detach(own)
	}
	if entry := m.foundBefore(s, stmt, key); entry != "" {
		if m.list.client != nil {
			entry += "." + m.list.conn.Name()
		}
		m.replace(s, stmt.Pos(), stmt.End(), entry+"."+m.name("detach")+"()")
		return true
	}
	if fn := s.function(stmt); m.melody != nil && m.atDisconnect(s, stmt) || fn != nil && m.endsWith(s, fn) {
		m.remove(s, stmt) // it ends with its connection
		return true
	}
	m.replace(s, stmt.Pos(), stmt.End(), m.name("forget")+"("+m.code(s, key)+")")
	return true
}

// foundBefore is the variable that holds what was looked up under the same key: of
// a loop over the registry, or of a look-up around the statement.
func (m *mover) foundBefore(s *source, stmt ast.Node, key ast.Expr) string {
	want := m.code(s, key)
	for n := s.parent(stmt); n != nil; n = s.parent(n) {
		switch n := n.(type) {
		case *ast.RangeStmt:
			if n.Key != nil && n.Value != nil && m.code(s, n.Key) == want && !isBlank(n.Value) {
				return m.code(s, n.Value)
			}
		case *ast.IfStmt:
			if assign, ok := n.Init.(*ast.AssignStmt); ok {
				if name := m.looksUp(s, assign, want); name != "" {
					return name
				}
			}
		case *ast.BlockStmt:
			for _, before := range n.List {
				if assign, ok := before.(*ast.AssignStmt); ok && before.Pos() < stmt.Pos() {
					if name := m.looksUp(s, assign, want); name != "" {
						return name
					}
				}
			}
		}
	}
	return ""
}

func (m *mover) looksUp(s *source, assign *ast.AssignStmt, key string) string {
	var registry, by ast.Expr
	switch rhs := assign.Rhs[0].(type) {
	case *ast.IndexExpr:
		registry, by = rhs.X, rhs.Index
	case *ast.CallExpr:
		if sel, ok := rhs.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Load" && len(rhs.Args) == 1 {
			registry, by = sel.X, rhs.Args[0]
		}
	}
	if registry == nil || isBlank(assign.Lhs[0]) || m.code(s, by) != key || !m.isRegistry(s, registry) {
		return ""
	}
	return m.code(s, assign.Lhs[0])
}

// isRegistry reports whether an expression names the registry of entries.
func (m *mover) isRegistry(s *source, expr ast.Expr) bool {
	switch expr := ast.Unparen(expr).(type) {
	case *ast.Ident:
		return m.same(s.pkg.Info.Uses[expr], m.list.obj)
	case *ast.SelectorExpr:
		return m.same(s.pkg.Info.Uses[expr.Sel], m.list.obj)
	}
	return false
}

// endsWith reports whether a function runs when a connection ends: it reads from it,
// or is called by one that does or that accepted it.
func (m *mover) endsWith(s *source, fn *ast.FuncDecl) bool {
	if m.servesConn(s, fn) {
		return true
	}
	obj := s.pkg.Info.Defs[fn.Name]
	for _, other := range m.files {
		for _, decl := range other.syntax.Decls {
			if caller, ok := decl.(*ast.FuncDecl); ok && m.servesConn(other, caller) && m.calls(other, caller, obj) {
				return true
			}
		}
	}
	return false
}

// servesConn reports whether a function reads from a connection, or upgrades one.
func (m *mover) servesConn(s *source, fn *ast.FuncDecl) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			sel, isSel := call.Fun.(*ast.SelectorExpr)
			found = found || m.isUpgrade(s, call) || isSel && isConn(s.pkg.Info.TypeOf(sel.X)) && (sel.Sel.Name == "ReadMessage" || sel.Sel.Name == "ReadJSON")
		}
		return !found
	})
	return found
}

// entryLoop handles a loop over the registry.
func (m *mover) entryLoop(s *source, loop *ast.RangeStmt) bool {
	if m.list.shape == set {
		if loop.Value != nil || loop.Key == nil {
			return false
		}
		m.replace(s, loop.Key.Pos(), loop.Key.Pos(), "_, ")
		if id := m.onlyUser(s, loop); id != "" {
			m.replace(s, loop.X.Pos(), loop.X.End(), m.name("of")+"("+id+")")
			return true
		}
	}
	m.replace(s, loop.X.Pos(), loop.X.End(), m.name("all")+"()")
	return true
}

// onlyUser is the user whom a loop over a set looks for: its body is nothing but a
// comparison of the id.
func (m *mover) onlyUser(s *source, loop *ast.RangeStmt) string {
	if len(loop.Body.List) != 1 {
		return ""
	}
	branch, ok := loop.Body.List[0].(*ast.IfStmt)
	if !ok || branch.Init != nil || branch.Else != nil {
		return ""
	}
	cmp, ok := branch.Cond.(*ast.BinaryExpr)
	if !ok || cmp.Op != token.EQL || m.clientField(s, cmp.X) != m.list.id {
		return ""
	}
	if ident, ok := ast.Unparen(cmp.Y).(*ast.Ident); ok {
		if _, local := s.pkg.Info.Uses[ident].(*types.Var); local {
			return ident.Name
		}
	}
	if sel, ok := ast.Unparen(cmp.Y).(*ast.SelectorExpr); ok && m.clientField(s, sel) == nil {
		return m.code(s, sel)
	}
	return ""
}

// name is a generated function or method as this registry's code calls it.
func (m *mover) name(role string) string { return m.result.File.entryName(role) }
