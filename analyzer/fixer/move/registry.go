package move

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// gorilla is the package whose connections are moved.
const gorilla = "github.com/gorilla/websocket"

// registry is the map from addressees to connections.
type registry struct {
	obj *types.Var // field or package variable
	key types.Type
}

// registry finds the map: a field of the manager's type, or the variable itself.
func (m *mover) registry() *registry {
	obj := m.Singleton.Object
	if obj == nil {
		m.obstacles = append(m.obstacles, Obstacle{What: m.Singleton.Name + " is reached through a service locator"})
		return nil
	}
	if found := connMap(obj); found != nil {
		m.reg = found
		return found
	}
	var all []*registry
	if named := m.Singleton.Named; named != nil {
		if structure, ok := named.Underlying().(*types.Struct); ok {
			for field := range structure.Fields() {
				if found := connMap(field); found != nil {
					all = append(all, found)
				}
			}
		}
	}
	at := m.Program.Fset.Position(obj.Pos())
	switch len(all) {
	case 0:
		m.obstacles = append(m.obstacles, Obstacle{at, "no map from users to *websocket.Conn was found in " + m.Singleton.Type})
		return nil
	case 1:
		m.reg = all[0]
		return all[0]
	}
	m.obstacles = append(m.obstacles, Obstacle{at, m.Singleton.Type + " has several maps of connections"})
	return nil
}

// connMap is the registry that a variable is, or nil.
func connMap(v *types.Var) *registry {
	mapped, ok := v.Type().Underlying().(*types.Map)
	if !ok || !isConn(mapped.Elem()) || keyCode(mapped.Key()) == nil {
		return nil
	}
	return &registry{obj: v, key: mapped.Key()}
}

func isConn(t types.Type) bool {
	p, ok := t.(*types.Pointer)
	if !ok {
		return false
	}
	named, ok := types.Unalias(p.Elem()).(*types.Named)
	return ok && named.Obj().Name() == "Conn" && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == gorilla
}

// uses goes through every mention of the registry, in file order.
func (m *mover) uses(reg *registry) {
	type mention struct {
		s     *source
		ident *ast.Ident
	}
	var mentions []mention
	for _, s := range m.files {
		for ident, obj := range s.pkg.Info.Defs {
			if m.same(obj, reg.obj) && m.within(s, ident) {
				m.declaration(s, ident)
			}
		}
		for ident, obj := range s.pkg.Info.Uses {
			if m.same(obj, reg.obj) && m.within(s, ident) {
				mentions = append(mentions, mention{s, ident})
			}
		}
	}
	slices.SortFunc(mentions, func(a, b mention) int {
		return cmp.Or(cmp.Compare(a.s.path, b.s.path), int(a.ident.Pos()-b.ident.Pos()))
	})
	for _, one := range mentions {
		m.registering(one.s, one.ident)
	}
	for _, one := range mentions {
		m.goodbye(one.s, one.ident)
	}
	for _, one := range mentions {
		if !m.gone(one.s, one.ident) {
			m.use(one.s, one.ident)
		}
	}
}

// gone reports whether a node stands in code that is removed.
func (m *mover) gone(s *source, n ast.Node) bool {
	for ; n != nil; n = s.parent(n) {
		if m.removed[n] {
			return true
		}
	}
	return false
}

// mentioned is the whole expression around an identifier of the registry.
func (m *mover) mentioned(s *source, ident *ast.Ident) ast.Expr {
	if sel, ok := s.parent(ident).(*ast.SelectorExpr); ok && sel.Sel == ident {
		return sel
	}
	return ident
}

// registering notes the functions that put connections into the registry.
func (m *mover) registering(s *source, ident *ast.Ident) {
	index, ok := s.parent(m.mentioned(s, ident)).(*ast.IndexExpr)
	if !ok {
		return
	}
	if assign, ok := s.parent(index).(*ast.AssignStmt); ok && contains(assign.Lhs, index) {
		m.register(s, assign, index)
	}
}

// goodbye removes `if conn, ok := conns[k]; ok { conn.Close(); ... }` where it does
// no more than end what ends anyway: in a registration, which then keeps one
// connection a user, and in what a handler calls when its connection is over.
func (m *mover) goodbye(s *source, ident *ast.Ident) {
	index, ok := s.parent(m.mentioned(s, ident)).(*ast.IndexExpr)
	if !ok {
		return
	}
	assign, ok := s.parent(index).(*ast.AssignStmt)
	if !ok || len(assign.Lhs) != 2 {
		return
	}
	branch, ok := s.parent(assign).(*ast.IfStmt)
	fn := s.function(assign)
	if !ok || branch.Else != nil || fn == nil || !m.closesOnly(s, branch, assign.Lhs[0]) {
		return
	}
	if r := m.registrationOf(fn); r != nil {
		r.onlyOne, m.result.File.onlyOne = true, true
		m.remove(s, branch)
		return
	}
	if m.calledAtEnd(s, fn) {
		m.forgets[fn] = s
		m.remove(s, branch)
	}
}

func (m *mover) registrationOf(fn *ast.FuncDecl) *registration {
	for _, r := range m.registers {
		if r.fn == fn {
			return r
		}
	}
	return nil
}

// closesOnly reports whether a branch closes the connection, takes it out of the
// registry, and does nothing else.
func (m *mover) closesOnly(s *source, branch *ast.IfStmt, conn ast.Expr) bool {
	obj := s.pkg.Info.Defs[conn.(*ast.Ident)]
	for _, stmt := range branch.Body.List {
		es, ok := stmt.(*ast.ExprStmt)
		if !ok {
			return false
		}
		call, ok := es.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		switch fun := call.Fun.(type) {
		case *ast.Ident:
			if fun.Name != "delete" {
				return false
			}
		case *ast.SelectorExpr:
			ident, ok := fun.X.(*ast.Ident)
			if !ok || fun.Sel.Name != "Close" || s.pkg.Info.Uses[ident] != obj {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// calledAtEnd reports whether a function is called by one that registers too: then
// it is the other half of that.
func (m *mover) calledAtEnd(s *source, fn *ast.FuncDecl) bool {
	obj := s.pkg.Info.Defs[fn.Name]
	for _, other := range m.files {
		for _, decl := range other.syntax.Decls {
			caller, ok := decl.(*ast.FuncDecl)
			if !ok || !m.calls(other, caller, obj) {
				continue
			}
			for _, r := range m.registers {
				if m.calls(other, caller, r.obj) {
					return true
				}
			}
		}
	}
	return false
}

func (m *mover) calls(s *source, fn *ast.FuncDecl, obj types.Object) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && m.same(m.callee(s, call), obj) {
			found = true
		}
		return !found
	})
	return found
}

// within tells which of a package's files an identifier belongs to.
func (m *mover) within(s *source, ident *ast.Ident) bool {
	return s.syntax.FileStart <= ident.Pos() && ident.Pos() <= s.syntax.FileEnd
}

// declaration removes the field or variable.
func (m *mover) declaration(s *source, ident *ast.Ident) {
	switch decl := s.parent(ident).(type) {
	case *ast.Field:
		if len(decl.Names) == 1 {
			m.remove(s, decl)
			return
		}
	case *ast.ValueSpec:
		if gen, ok := s.parent(decl).(*ast.GenDecl); ok && len(decl.Names) == 1 {
			if len(gen.Specs) == 1 {
				m.remove(s, gen)
			} else {
				m.remove(s, decl)
			}
			return
		}
	}
	m.obstacle(ident, "the registry %s is declared together with others", ident.Name)
}

// use rewrites one mention.
func (m *mover) use(s *source, ident *ast.Ident) {
	if !m.Writable(s.path) {
		m.obstacle(ident, "the registry %s is used in a file that can't be edited", ident.Name)
		return
	}
	expr := m.mentioned(s, ident)
	switch parent := s.parent(expr).(type) {
	case *ast.KeyValueExpr:
		if literal, ok := s.parent(parent).(*ast.CompositeLit); ok && parent.Key == expr {
			m.element(s, literal, parent)
			return
		}
	case *ast.AssignStmt:
		if len(parent.Lhs) == 1 && parent.Lhs[0] == expr && fresh(parent.Rhs[0]) {
			m.remove(s, parent)
			return
		}
	case *ast.IndexExpr:
		if parent.X == expr {
			m.index(s, parent)
			return
		}
	case *ast.CallExpr:
		if m.builtin(s, parent, expr) {
			return
		}
	case *ast.RangeStmt:
		if parent.X == expr {
			m.loopOver(s, parent)
			return
		}
	case *ast.BinaryExpr:
		if m.lazily(s, parent) {
			return
		}
	}
	m.obstacle(expr, "the registry is used as a value: %s", oneLine(m.code(s, s.statement(expr))))
}

// fresh reports whether an expression makes an empty map.
func fresh(expr ast.Expr) bool {
	switch expr := expr.(type) {
	case *ast.CallExpr:
		ident, ok := expr.Fun.(*ast.Ident)
		return ok && ident.Name == "make"
	case *ast.CompositeLit:
		return len(expr.Elts) == 0
	}
	return false
}

// element removes `conns: make(...)` from a literal.
func (m *mover) element(s *source, literal *ast.CompositeLit, kv *ast.KeyValueExpr) {
	if !fresh(kv.Value) {
		m.obstacle(kv, "the registry starts with something in it")
		return
	}
	from, to := m.offset(kv.Pos()), m.offset(kv.End())
	for to < len(s.text) && (s.text[to] == ',' || s.text[to] == ' ') {
		to++
	}
	last := literal.Elts[len(literal.Elts)-1] == ast.Expr(kv)
	if last && s.text[to] == '}' {
		for from > 0 && (s.text[from-1] == ' ' || s.text[from-1] == ',') {
			from--
		}
	}
	m.cut(s, from, to)
}

// builtin handles len and delete.
func (m *mover) builtin(s *source, call *ast.CallExpr, reg ast.Expr) bool {
	ident, ok := call.Fun.(*ast.Ident)
	if !ok || len(call.Args) == 0 || call.Args[0] != reg {
		return false
	}
	if _, builtin := s.pkg.Info.Uses[ident].(*types.Builtin); !builtin {
		return false
	}
	switch ident.Name {
	case "len":
		m.replace(s, call.Pos(), call.End(), m.result.File.online()+"()")
		return true
	case "delete":
		if stmt, ok := s.parent(call).(*ast.ExprStmt); ok {
			if fn := s.function(call); fn != nil {
				m.forgets[fn] = s
			}
			m.remove(s, stmt)
			return true
		}
	}
	return false
}

// lazily removes `if m.conns == nil { m.conns = make(...) }`.
func (m *mover) lazily(s *source, cond *ast.BinaryExpr) bool {
	branch, ok := s.parent(cond).(*ast.IfStmt)
	if !ok || cond.Op != token.EQL || branch.Else != nil || branch.Init != nil || len(branch.Body.List) != 1 {
		return false
	}
	assign, ok := branch.Body.List[0].(*ast.AssignStmt)
	if !ok || len(assign.Rhs) != 1 || !fresh(assign.Rhs[0]) {
		return false
	}
	m.removed[assign] = true
	m.remove(s, branch)
	return true
}

// loopOver turns a loop over the registry into one over the factory's connections.
func (m *mover) loopOver(s *source, loop *ast.RangeStmt) {
	m.replace(s, loop.X.Pos(), loop.X.End(), m.result.File.all()+"()")
	m.facade(s, loop.Value)
}
