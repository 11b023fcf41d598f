package move

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// handler is a function that upgrades a request, registers the connection and
// reads from it until it ends.
type handler struct {
	*source
	sig      *types.Signature
	body     *ast.BlockStmt
	conn     types.Object // the local variable, nil when it is a field
	connText string       // how it is read from, "" for the variable's name
	upgrade  *ast.AssignStmt
	call     *ast.CallExpr // of Upgrade
	at       int           // index of the upgrade in the body
	loop     *ast.ForStmt
	loopAt   int
	register *ast.CallExpr
	key      ast.Expr
	told     map[string]string // what the Upgrader is told that is told to the factory instead
	compress ast.Expr          // whether it compresses, nil for no

	read  *read        // what the loop begins with
	after []string     // what happens when the connection ends, in order
	named types.Object // the error variable that after mentions, nil for none
	r     types.Object // the request
}

// handlers finds the function around each call of a registration.
func (m *mover) handlers() {
	for _, r := range m.registers {
		for _, s := range m.files {
			ast.Inspect(s.syntax, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && m.same(m.callee(s, call), r.obj) {
					m.handler(s, call, r)
				}
				return true
			})
		}
	}
	if len(m.registers) == 0 {
		m.obstacle(m.Singleton.Node, "nothing registers a connection under a user")
	}
}

func (m *mover) callee(s *source, call *ast.CallExpr) types.Object {
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		return s.pkg.Info.Uses[fun]
	case *ast.SelectorExpr:
		return s.pkg.Info.Uses[fun.Sel]
	}
	return nil
}

func (m *mover) handler(s *source, call *ast.CallExpr, r *registration) {
	h := &handler{source: s, register: call}
	if !m.Writable(s.path) {
		m.obstacle(call, "a connection is registered in a file that can't be edited")
		return
	}
	if stmt, ok := s.parent(call).(*ast.ExprStmt); !ok || r.conn >= len(call.Args) || r.key >= len(call.Args) {
		m.obstacle(call, "the registration is part of a larger expression: %s", oneLine(m.code(s, s.statement(call))))
		return
	} else if h.body, h.sig = m.enclosing(s, stmt); h.body == nil {
		m.obstacle(call, "the connection is registered in the middle of a branch or loop")
		return
	}
	ident, ok := ast.Unparen(call.Args[r.conn]).(*ast.Ident)
	if !ok {
		m.obstacle(call, "the connection that is registered is no local variable")
		return
	}
	h.conn, h.key = s.pkg.Info.Uses[ident], call.Args[r.key]
	if m.upgradeOf(h) && m.loopOf(h) && m.keyBefore(h) && m.prelude(h, r) {
		m.found = append(m.found, h)
		m.rewriteHandler(h, r)
	}
}

// enclosing is the body of the function whose own statement stmt is.
func (m *mover) enclosing(s *source, stmt ast.Stmt) (*ast.BlockStmt, *types.Signature) {
	body, ok := s.parent(stmt).(*ast.BlockStmt)
	if !ok {
		return nil, nil
	}
	switch fn := s.parent(body).(type) {
	case *ast.FuncDecl:
		obj, _ := s.pkg.Info.Defs[fn.Name].(*types.Func)
		if obj != nil {
			return body, obj.Signature()
		}
	case *ast.FuncLit:
		sig, _ := s.pkg.Info.TypeOf(fn).(*types.Signature)
		return body, sig
	}
	return nil, nil
}

// upgradeOf finds `conn, err := upgrader.Upgrade(w, r, nil)` and its check.
func (m *mover) upgradeOf(h *handler) bool {
	for i, stmt := range h.body.List {
		assign, ok := stmt.(*ast.AssignStmt)
		if !ok || len(assign.Lhs) != 2 || len(assign.Rhs) != 1 || assign.Tok != token.DEFINE {
			continue
		}
		ident, ok := assign.Lhs[0].(*ast.Ident)
		if !ok || h.pkg.Info.Defs[ident] != h.conn {
			continue
		}
		call, ok := assign.Rhs[0].(*ast.CallExpr)
		if !ok || !m.isUpgrade(h.source, call) {
			m.obstacle(assign, "the connection does not come from an Upgrader: %s", oneLine(m.code(h.source, assign)))
			return false
		}
		h.upgrade, h.call, h.at = assign, call, i
		return m.settings(h) && m.checked(h)
	}
	m.obstacle(h.register, "the connection is not upgraded in the function that registers it")
	return false
}

func (m *mover) isUpgrade(s *source, call *ast.CallExpr) bool {
	fn, ok := m.callee(s, call).(*types.Func)
	return ok && len(call.Args) == 3 && fn.FullName() == "(*"+gorilla+".Upgrader).Upgrade"
}

// checked makes sure that a failed upgrade ends the handler.
func (m *mover) checked(h *handler) bool {
	if h.at+1 < len(h.body.List) {
		if branch, ok := h.body.List[h.at+1].(*ast.IfStmt); ok && branch.Else == nil && len(branch.Body.List) > 0 {
			if _, returns := branch.Body.List[len(branch.Body.List)-1].(*ast.ReturnStmt); returns {
				return true
			}
		}
	}
	m.obstacle(h.upgrade, "the error of the upgrade is not checked right behind it")
	return false
}

// keyBefore makes sure that the user is known when the connection is accepted.
func (m *mover) keyBefore(h *handler) bool {
	ok := true
	ast.Inspect(h.key, func(n ast.Node) bool {
		ident, isIdent := n.(*ast.Ident)
		if !isIdent {
			return true
		}
		v, isVar := h.pkg.Info.Uses[ident].(*types.Var)
		if !isVar || v.IsField() {
			return true
		}
		local := v.Pos() >= h.body.Pos() && v.Pos() <= h.body.End()
		if local && v.Pos() > h.upgrade.Pos() {
			m.obstacle(h.key, "who the user is, is only found out after the upgrade")
			ok = false
		} else if m.assignedBetween(h, v) {
			m.obstacle(h.key, "%s changes between upgrade and registration", ident.Name)
			ok = false
		}
		return ok
	})
	if call, isCall := ast.Unparen(h.key).(*ast.CallExpr); isCall && ok {
		if tv := h.pkg.Info.Types[call.Fun]; !tv.IsType() && !m.readsRequest(h.source, call) {
			m.obstacle(h.key, "who the user is, is computed after the upgrade")
			ok = false
		}
	}
	return ok
}

// readsRequest reports whether a call only reads what the request says, which is the
// same before the upgrade.
func (m *mover) readsRequest(s *source, call *ast.CallExpr) bool {
	fn, ok := m.callee(s, call).(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Signature().Recv() == nil {
		return false
	}
	switch path := fn.Pkg().Path(); {
	case path == "net/http", path == "net/url", path == "github.com/gin-gonic/gin", strings.HasPrefix(path, "github.com/labstack/echo"):
		return slices.Contains([]string{"FormValue", "PathValue", "Get", "GetString", "Param", "Query", "QueryParam"}, fn.Name())
	}
	return false
}

func (m *mover) assignedBetween(h *handler, v *types.Var) bool {
	found, end := false, h.key.Pos()
	if h.register != nil {
		end = h.register.Pos()
	}
	for _, stmt := range h.body.List[h.at:] {
		ast.Inspect(stmt, func(n ast.Node) bool {
			if assign, ok := n.(*ast.AssignStmt); ok && assign.Pos() < end {
				for _, left := range assign.Lhs {
					if ident, ok := left.(*ast.Ident); ok && h.pkg.Info.Uses[ident] == v {
						found = true
					}
				}
			}
			return !found
		})
	}
	return found
}
