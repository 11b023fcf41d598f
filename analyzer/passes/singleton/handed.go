package singleton

import (
	"go/ast"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// goes judges a manager that is handed on.
func (u *user) goes(s *Site, c chain, st *state) {
	switch end := c.end.(type) {
	case *ast.BinaryExpr, *ast.IfStmt, *ast.SwitchStmt:
		s.Role = findings.Query
	case *ast.AssignStmt:
		u.assigned(s, c, end)
	case *ast.ValueSpec:
		if u.decl == nil {
			s.Role = findings.Escape
			return
		}
		s.Role, s.Reason = findings.Other, "kept in a variable, whose uses are listed"
	case *ast.CallExpr:
		u.passed(s, c, end, st)
	case *ast.RangeStmt:
		s.Role = findings.Query
	case *ast.ReturnStmt, *ast.CompositeLit, *ast.KeyValueExpr, *ast.SendStmt:
		s.Role = findings.Escape
		if len(c.nodes) > 0 && !u.stands(c.top, st) {
			s.Role = findings.Query
		}
	default:
		s.Role = findings.Query
	}
	if s.Role == findings.Query && u.isMethodValue(c) {
		s.Role = findings.Escape
	}
}

func (u *user) isMethodValue(c chain) bool {
	sel, ok := c.top.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	_, ok = u.p.ObjectOf(sel).(*types.Func)
	return ok
}

func (u *user) assigned(s *Site, c chain, end *ast.AssignStmt) {
	for i, lhs := range end.Lhs {
		if ast.Unparen(lhs) == c.top {
			s.Role, s.Action = findings.Lifecycle, end
			return
		}
		if len(end.Lhs) == len(end.Rhs) && ast.Unparen(end.Rhs[i]) != c.top {
			continue
		}
		v, ok := u.p.ObjectOf(lhs).(*types.Var)
		switch {
		case u.isMethodValue(c):
			s.Role = findings.Escape
		case len(c.nodes) > 0:
			s.Role = findings.Query
		case ok && !flow.IsPackageVar(v) && !v.IsField():
			s.Role, s.Reason = findings.Other, "kept in a variable, whose uses are listed"
		default:
			s.Role = findings.Escape
		}
		return
	}
	s.Role = findings.Query
}

// passed judges a manager given to a function: by what the function does with it,
// when that is known.
func (u *user) passed(s *Site, c chain, call *ast.CallExpr, st *state) {
	if isBuiltin(u, call) {
		s.Role = findings.Query
		return
	}
	if len(c.nodes) > 0 && !u.stands(c.top, st) && !u.isMethodValue(c) {
		s.Role = findings.Query
		return
	}
	s.Role = findings.Escape
	fn, ok := u.p.ObjectOf(call.Fun).(*types.Func)
	if !ok {
		return
	}
	for i, arg := range call.Args {
		if ast.Unparen(arg) != c.top || i >= fn.Signature().Params().Len() {
			continue
		}
		subject := u.subject(st.value, nil, true)
		effects := u.effectsOf(fn, st.value, i+1)
		if v := subject.Judge(effects); v.Role != findings.Query && v.Role != findings.Lifecycle {
			s.Action, s.Callee = call, fn
			u.conclude(s, v, call)
		}
	}
}
