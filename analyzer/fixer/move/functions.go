package move

import (
	"go/ast"
	"go/types"
	"slices"
)

// functions looks at what is left of the functions that registered and forgot
// connections. Those that did nothing else are deleted with their calls.
func (m *mover) functions() {
	for _, r := range m.registers {
		if m.hollow(r.source, r.fn) {
			m.remove(r.source, r.fn)
			continue
		}
		r.leftover = true
		m.dropParameter(r)
	}
	var fns []*ast.FuncDecl
	for fn := range m.forgets {
		fns = append(fns, fn)
	}
	slices.SortFunc(fns, func(a, b *ast.FuncDecl) int { return int(a.Pos() - b.Pos()) })
	for _, fn := range fns {
		s := m.forgets[fn]
		if m.registrationOf(fn) != nil || !m.hollow(s, fn) {
			continue
		}
		obj := s.pkg.Info.Defs[fn.Name]
		if calls, ok := m.plainCalls(obj); ok {
			for _, c := range calls {
				m.remove(c.source, c.stmt)
			}
			m.remove(s, fn)
		}
	}
}

// hollow reports whether all that is left of a function is locking.
func (m *mover) hollow(s *source, fn *ast.FuncDecl) bool {
	if fn.Type.Results != nil && len(fn.Type.Results.List) > 0 {
		return false
	}
	for _, stmt := range fn.Body.List {
		if m.removed[stmt] {
			continue
		}
		var call *ast.CallExpr
		switch stmt := stmt.(type) {
		case *ast.ExprStmt:
			call, _ = stmt.X.(*ast.CallExpr)
		case *ast.DeferStmt:
			call = stmt.Call
		case *ast.ReturnStmt:
			continue
		}
		if call == nil || !m.locks(s, call) {
			return false
		}
	}
	return true
}

func (m *mover) locks(s *source, call *ast.CallExpr) bool {
	fn, ok := m.callee(s, call).(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Pkg().Path() != "sync" {
		return false
	}
	return slices.Contains([]string{"Lock", "Unlock", "RLock", "RUnlock"}, fn.Name())
}

func actsAny(args []ast.Expr) bool {
	return slices.ContainsFunc(args, func(arg ast.Expr) bool { return acts(arg) })
}

type callStmt struct {
	source *source
	stmt   ast.Stmt
}

// plainCalls lists the statements that call a function, ok only when every mention
// of it is one.
func (m *mover) plainCalls(obj types.Object) (calls []callStmt, ok bool) {
	ok = true
	for _, s := range m.files {
		for ident, used := range s.pkg.Info.Uses {
			if !m.same(used, obj) || !m.within(s, ident) {
				continue
			}
			stmt := s.statement(ident)
			var call *ast.CallExpr
			switch stmt := stmt.(type) {
			case *ast.ExprStmt:
				call, _ = stmt.X.(*ast.CallExpr)
			case *ast.DeferStmt:
				call = stmt.Call
			}
			if call == nil || !m.same(m.callee(s, call), obj) || !m.Writable(s.path) || actsAny(call.Args) {
				ok = false
				continue
			}
			calls = append(calls, callStmt{s, stmt})
		}
	}
	return calls, ok
}

// dropParameter takes the connection out of a registration that stays.
func (m *mover) dropParameter(r *registration) {
	var conn *ast.Field
	index := 0
	for _, field := range r.fn.Type.Params.List {
		if index == r.conn && len(field.Names) == 1 {
			conn = field
		}
		index += max(len(field.Names), 1)
	}
	if conn == nil {
		m.obstacle(r.fn, "%s takes its connection together with other parameters", r.fn.Name.Name)
		return
	}
	for use, obj := range r.source.pkg.Info.Uses {
		if obj == r.obj.Signature().Params().At(r.conn) && !m.gone(r.source, use) {
			m.obstacle(use, "%s does more with the connection than register it", r.fn.Name.Name)
		}
	}
	m.removeFromList(r.source, r.fn.Type.Params.List, conn)
}

func (m *mover) removeFromList(s *source, list []*ast.Field, field *ast.Field) {
	i := slices.Index(list, field)
	switch {
	case i+1 < len(list):
		m.replace(s, field.Pos(), list[i+1].Pos(), "")
	case i > 0:
		m.replace(s, list[i-1].End(), field.End(), "")
	default:
		m.replace(s, field.Pos(), field.End(), "")
	}
}
