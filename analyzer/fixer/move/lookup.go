package move

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// index handles conns[k]: registering, looking up, sending at once.
func (m *mover) index(s *source, index *ast.IndexExpr) {
	key := m.code(s, index.Index)
	switch parent := s.parent(index).(type) {
	case *ast.AssignStmt:
		if len(parent.Rhs) == 1 && contains(parent.Rhs, index) {
			m.lookup(s, parent, index, key)
			return
		}
	case *ast.SelectorExpr:
		if _, ok := s.parent(parent).(*ast.CallExpr); ok && writes[parent.Sel.Name] {
			m.result.File.need(parent.Sel.Name)
			m.replace(s, index.Pos(), index.End(), m.result.File.orNil()+"("+key+")")
			return
		}
	}
	m.obstacle(index, "what is looked up here goes elsewhere: %s", oneLine(m.code(s, s.statement(index))))
}

// writes are the methods that stand-ins for connections have.
var writes = map[string]bool{"WriteJSON": true, "WriteMessage": true, "Close": true, "SetWriteDeadline": true}

// lookup rewrites `conn, ok := conns[k]` and `conn := conns[k]`.
func (m *mover) lookup(s *source, assign *ast.AssignStmt, index *ast.IndexExpr, key string) {
	if assign.Tok != token.DEFINE {
		m.obstacle(assign, "a connection is put into a variable that may hold others: %s", oneLine(m.code(s, assign)))
		return
	}
	name := m.result.File.of()
	if len(assign.Lhs) == 1 {
		name = m.result.File.orNil()
	}
	m.replace(s, index.Pos(), index.End(), name+"("+key+")")
	m.facade(s, assign.Lhs[0])
}

// facade follows a variable that held a connection and holds a stand-in now: all
// that it is used for must be what the stand-in can do.
func (m *mover) facade(s *source, expr ast.Expr) {
	ident, ok := expr.(*ast.Ident)
	if !ok || ident.Name == "_" {
		return
	}
	obj := s.pkg.Info.Defs[ident]
	m.facades[obj] = true
	for use, of := range s.pkg.Info.Uses {
		if of != obj {
			continue
		}
		switch parent := s.parent(use).(type) {
		case *ast.SelectorExpr:
			if _, call := s.parent(parent).(*ast.CallExpr); call && writes[parent.Sel.Name] {
				m.result.File.need(parent.Sel.Name)
				continue
			}
		case *ast.BinaryExpr:
			continue
		case *ast.AssignStmt:
			if contains(parent.Rhs, use) && len(parent.Lhs) == 1 && isBlank(parent.Lhs[0]) {
				continue
			}
		}
		m.obstacle(use, "the connection is used for more than writing: %s", oneLine(m.code(s, s.statement(use))))
	}
}

func isBlank(expr ast.Expr) bool {
	ident, ok := expr.(*ast.Ident)
	return ok && ident.Name == "_"
}

func contains(list []ast.Expr, expr ast.Expr) bool {
	for _, e := range list {
		if e == expr {
			return true
		}
	}
	return false
}

// registration is a function that puts a connection into the registry.
type registration struct {
	source   *source
	fn       *ast.FuncDecl
	obj      *types.Func
	key      int // parameters, from 0
	conn     int
	onlyOne  bool // it closes the connection that was there before
	leftover bool // it does more than that, and stays
}

// register handles `conns[k] = conn`.
func (m *mover) register(s *source, assign *ast.AssignStmt, index *ast.IndexExpr) {
	fn := s.function(assign)
	if len(assign.Lhs) != 1 || fn == nil {
		m.obstacle(assign, "a connection is registered in an unusual way: %s", oneLine(m.code(s, assign)))
		return
	}
	r := &registration{source: s, fn: fn, key: m.parameter(s, fn, index.Index), conn: m.parameter(s, fn, assign.Rhs[0])}
	obj, ok := s.pkg.Info.Defs[fn.Name].(*types.Func)
	if r.key < 0 || r.conn < 0 || !ok {
		m.obstacle(assign, "user and connection of a registration should be parameters of %s", fn.Name.Name)
		return
	}
	r.obj = obj
	m.remove(s, assign)
	m.registers = append(m.registers, r)
}

// parameter is the index of the parameter that an expression names, or -1.
func (m *mover) parameter(s *source, fn *ast.FuncDecl, expr ast.Expr) int {
	ident, ok := ast.Unparen(expr).(*ast.Ident)
	if !ok {
		return -1
	}
	obj, ok := s.pkg.Info.Defs[fn.Name].(*types.Func)
	if !ok {
		return -1
	}
	params := obj.Signature().Params()
	for i := range params.Len() {
		if params.At(i) == s.pkg.Info.Uses[ident] {
			return i
		}
	}
	return -1
}

// cut deletes bytes, with their line when nothing else is on it.
func (m *mover) cut(s *source, from, to int) {
	start, end := from, to
	for start > 0 && (s.text[start-1] == ' ' || s.text[start-1] == '\t') {
		start--
	}
	for end < len(s.text) && (s.text[end] == ' ' || s.text[end] == '\t' || s.text[end] == '\r') {
		end++
	}
	if start > 0 && s.text[start-1] == '\n' && end < len(s.text) && s.text[end] == '\n' {
		from, to = start, end+1
	}
	m.result.Edits[s.path] = append(m.result.Edits[s.path], edit.Edit{Start: from, End: to})
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
