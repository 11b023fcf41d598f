package move

import (
	"go/ast"
	"go/token"
	"go/types"
)

// ignored are the settings of an Upgrader that the runtime decides on itself.
var ignored = map[string]bool{"ReadBufferSize": true, "WriteBufferSize": true, "WriteBufferPool": true, "HandshakeTimeout": true, "CheckOrigin": true}

// upgraderPlain looks at the Upgrader's settings: what changes the protocol is in
// the way.
func (m *mover) upgraderPlain(h *handler) bool {
	sel, ok := ast.Unparen(h.call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	literal := m.literalOf(h.source, sel.X)
	if literal == nil {
		m.obstacle(h.call, "the settings of the Upgrader were not found")
		return false
	}
	for _, elt := range literal.Elts {
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			m.obstacle(literal, "the Upgrader is written without field names")
			return false
		}
		if !m.setting(kv, kv.Key.(*ast.Ident).Name) {
			return false
		}
	}
	for _, field := range m.setLater(h.source, sel.X) {
		if !m.setting(field, field.Name) {
			return false
		}
	}
	return true
}

func (m *mover) setting(at ast.Node, name string) bool {
	if !ignored[name] {
		m.obstacle(at, "the Upgrader sets %s", name)
		return false
	}
	if name == "CheckOrigin" {
		m.result.File.origins = true
	}
	return true
}

// variableOf is the variable that an expression names, nil for others.
func variableOf(s *source, expr ast.Expr) types.Object {
	switch expr := ast.Unparen(expr).(type) {
	case *ast.Ident:
		return s.pkg.Info.Uses[expr]
	case *ast.SelectorExpr:
		return s.pkg.Info.Uses[expr.Sel]
	}
	return nil
}

// setLater lists the fields that are assigned after the Upgrader was made, as in
// an init function or right before the upgrade.
func (m *mover) setLater(s *source, upgrader ast.Expr) []*ast.Ident {
	obj := variableOf(s, upgrader)
	var fields []*ast.Ident
	for _, other := range m.files {
		if obj == nil || !mayName(other, obj) {
			continue
		}
		ast.Inspect(other.syntax, func(n ast.Node) bool {
			assign, ok := n.(*ast.AssignStmt)
			if !ok {
				return true
			}
			for _, left := range assign.Lhs {
				if field, ok := left.(*ast.SelectorExpr); ok && m.same(variableOf(other, field.X), obj) {
					fields = append(fields, field.Sel)
				}
			}
			return true
		})
	}
	return fields
}

// mayName reports whether a file can mention the object at all.
func mayName(s *source, obj types.Object) bool {
	if obj.Pkg() == nil || s.pkg.Types == nil || s.pkg.Types.Path() == obj.Pkg().Path() {
		return true
	}
	for _, imported := range s.pkg.Types.Imports() {
		if imported.Path() == obj.Pkg().Path() {
			return true
		}
	}
	return false
}

// literalOf is the composite literal that a variable was declared with, an empty
// one for the zero value.
func (m *mover) literalOf(s *source, expr ast.Expr) *ast.CompositeLit {
	if lit, ok := ast.Unparen(expr).(*ast.CompositeLit); ok {
		return lit
	}
	obj := variableOf(s, expr)
	for _, other := range m.files {
		if found := m.initial(other, obj); found != nil {
			return found
		}
	}
	return nil
}

func (m *mover) initial(s *source, obj types.Object) (found *ast.CompositeLit) {
	literal := func(name *ast.Ident, value ast.Expr) {
		if !m.same(s.pkg.Info.Defs[name], obj) {
			return
		}
		if address, ok := value.(*ast.UnaryExpr); ok && address.Op == token.AND {
			value = address.X
		}
		if lit, ok := value.(*ast.CompositeLit); ok {
			found = lit
		}
	}
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if i < len(n.Values) {
					literal(name, n.Values[i])
				} else if n.Values == nil && isStruct(s, name) {
					literal(name, &ast.CompositeLit{})
				}
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if name, ok := left.(*ast.Ident); ok && len(n.Rhs) == len(n.Lhs) {
					literal(name, n.Rhs[i])
				}
			}
		}
		return found == nil
	})
	return found
}

// isStruct reports whether a name stands for a struct itself and not for a pointer.
func isStruct(s *source, name *ast.Ident) bool {
	obj := s.pkg.Info.Defs[name]
	if obj == nil {
		return false
	}
	_, ok := obj.Type().Underlying().(*types.Struct)
	return ok
}

// origin is the Upgrader's decision on origins, "nil" when it leaves that to the
// default.
func (m *mover) origin(h *handler) string {
	upgrader := ast.Unparen(h.call.Fun).(*ast.SelectorExpr).X
	own := m.code(h.source, upgrader) + ".CheckOrigin"
	for _, elt := range m.literalOf(h.source, upgrader).Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == "CheckOrigin" {
			return own
		}
	}
	for _, field := range m.setLater(h.source, upgrader) {
		if field.Name == "CheckOrigin" {
			return own
		}
	}
	return "nil"
}
