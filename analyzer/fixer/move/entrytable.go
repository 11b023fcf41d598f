package move

import (
	"go/ast"
	"go/token"
	"go/types"
)

// tableCall handles the methods of a sync.Map.
func (m *mover) tableCall(s *source, call *ast.CallExpr, name string) bool {
	stmt, alone := s.parent(call).(*ast.ExprStmt)
	switch name {
	case "Store":
		return alone && m.attach(s, stmt, ast.Unparen(call.Args[1]))
	case "Delete":
		return alone && m.forget(s, stmt, call.Args[0])
	case "Load":
		return m.load(s, call)
	case "Range":
		return m.tableLoop(s, call)
	}
	return false
}

// load handles `v, ok := R.Load(k)`; what was asserted of v holds already.
func (m *mover) load(s *source, call *ast.CallExpr) bool {
	assign, ok := s.parent(call).(*ast.AssignStmt)
	if !ok || len(assign.Lhs) != 2 || assign.Tok != token.DEFINE {
		return false
	}
	key := m.code(s, call.Args[0])
	if own := m.ownerOf(s, call.Args[0]); own != nil && m.asksForItself(s, assign, own) {
		m.replace(s, call.Pos(), call.End(), m.connText(s, own)+"."+m.name("entry")+"()")
	} else {
		m.replace(s, call.Pos(), call.End(), m.name("lookup")+"("+key+")")
	}
	m.untyped(s, assign.Lhs[0])
	return true
}

// untyped takes the type assertions off a variable that has its own type now.
func (m *mover) untyped(s *source, expr ast.Expr) {
	ident, ok := expr.(*ast.Ident)
	if !ok || ident.Name == "_" {
		return
	}
	obj := s.pkg.Info.Defs[ident]
	for use, of := range s.pkg.Info.Uses {
		assertion, ok := s.parent(use).(*ast.TypeAssertExpr)
		if of != obj || !ok || assertion.Type == nil {
			continue
		}
		text := ident.Name
		if assign, ok := s.parent(assertion).(*ast.AssignStmt); ok && len(assign.Lhs) == 2 && len(assign.Rhs) == 1 {
			text += ", true"
		}
		m.replace(s, assertion.Pos(), assertion.End(), text)
	}
}

// tableLoop handles R.Range(func(k, v any) bool { ... }).
func (m *mover) tableLoop(s *source, call *ast.CallExpr) bool {
	lit, ok := call.Args[0].(*ast.FuncLit)
	if !ok {
		return false
	}
	var names []*ast.Ident
	for _, field := range lit.Type.Params.List {
		names = append(names, field.Names...)
	}
	if len(names) != 2 {
		return false
	}
	list := lit.Type.Params
	key := types.TypeString(m.list.key, m.relative(s))
	m.replace(s, list.Pos(), list.End(), "("+names[0].Name+" "+key+", "+names[1].Name+" "+m.entryType(s)+")")
	m.replace(s, call.Fun.Pos(), call.Fun.End(), m.name("each"))
	m.untyped(s, names[0])
	m.untyped(s, names[1])
	return true
}

// relative qualifies the names of packages as a file of the manager's package does.
func (m *mover) relative(s *source) types.Qualifier {
	return func(p *types.Package) string {
		if p.Path() == s.pkg.Types.Path() {
			return ""
		}
		return p.Name()
	}
}

// entryType spells the type of what a registry holds from now on.
func (m *mover) entryType(s *source) string {
	if m.list.client != nil {
		return types.TypeString(m.list.elem, m.relative(s))
	}
	return "*" + m.qualified(s) + m.result.File.names["Connection"]
}
