package move

import (
	"cmp"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// ignored are the settings of an Upgrader that the runtime decides on itself.
var ignored = map[string]bool{"ReadBufferSize": true, "WriteBufferSize": true, "WriteBufferPool": true, "HandshakeTimeout": true}

// settings looks at what an Upgrader is told: what can't be kept is in the way, what
// can is noted.
func (m *mover) settings(h *handler) bool {
	sel, ok := ast.Unparen(h.call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	h.told = map[string]string{}
	literal := m.literalOf(h.source, sel.X)
	if literal == nil {
		m.obstacle(h.call, "the settings of the Upgrader were not found")
		return false
	}
	all := m.setLater(h.source, sel.X)
	for _, elt := range literal.Elts {
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok {
			m.obstacle(literal, "the Upgrader is written without field names")
			return false
		}
		all = append(all, setting{kv.Key.(*ast.Ident), kv.Value})
	}
	for _, one := range all {
		if !m.setting(h, one, sel.X) {
			return false
		}
	}
	if header, ok := h.call.Args[2].(*ast.Ident); !ok || header.Name != "nil" {
		h.told["header"] = m.code(h.source, h.call.Args[2])
	}
	return m.compression(h, sel.X)
}

// setting is a field of an Upgrader and what it is set to.
type setting struct {
	field *ast.Ident
	value ast.Expr
}

func (m *mover) setting(h *handler, one setting, upgrader ast.Expr) bool {
	name := one.field.Name
	switch {
	case name == "CheckOrigin" || name == "Subprotocols":
		h.told[name] = m.code(h.source, upgrader) + "." + name
		if inPlace(upgrader) != nil {
			h.told[name] = m.code(h.source, one.value)
		}
	case name == "EnableCompression":
		if h.compress = one.value; m.constant(one.value) == nil {
			m.obstacle(one.field, "whether the Upgrader compresses is only known when the program runs: decide it in the factory's options")
			return false
		}
	case !ignored[name]:
		m.obstacle(one.field, "the Upgrader sets %s", name)
		return false
	}
	return true
}

// inPlace is the literal that an expression makes an Upgrader with, nil for others.
func inPlace(upgrader ast.Expr) *ast.CompositeLit {
	upgrader = ast.Unparen(upgrader)
	if address, ok := upgrader.(*ast.UnaryExpr); ok && address.Op == token.AND {
		upgrader = ast.Unparen(address.X)
	}
	lit, _ := upgrader.(*ast.CompositeLit)
	return lit
}

// constant is the value of an expression that the compiler knows, nil for others.
func (m *mover) constant(expr ast.Expr) constant.Value {
	for _, s := range m.files {
		if s.syntax.FileStart <= expr.Pos() && expr.Pos() <= s.syntax.FileEnd {
			return s.pkg.Info.Types[expr].Value
		}
	}
	return nil
}

// compression makes sure that all Upgraders agree on it: it is the factory's.
func (m *mover) compression(h *handler, at ast.Node) bool {
	on := h.compress != nil && constant.BoolVal(m.constant(h.compress))
	for _, other := range m.accepted {
		if was := other.compress != nil && constant.BoolVal(m.constant(other.compress)); was != on {
			m.obstacle(at, "one Upgrader compresses and another does not: a factory has one answer for all its connections")
			return false
		}
	}
	m.result.File.compress = on
	return true
}

// acceptCalls puts the factory in the Upgraders' place, once it is known what all of
// them are told.
func (m *mover) acceptCalls() {
	f := m.result.File
	for _, h := range m.accepted {
		f.origins = f.origins || h.told["CheckOrigin"] != ""
		f.headers = f.headers || h.told["header"] != ""
		f.protocols = f.protocols || h.told["Subprotocols"] != ""
	}
	for _, h := range m.accepted {
		args := []string{m.code(h.source, h.call.Args[0]), m.code(h.source, h.call.Args[1]), m.code(h.source, h.key)}
		if f.origins {
			args = append(args, cmp.Or(h.told["CheckOrigin"], "nil"))
		}
		if f.headers {
			args = append(args, cmp.Or(h.told["header"], "nil"))
		}
		if f.protocols {
			args = append(args, cmp.Or(h.told["Subprotocols"], "nil"))
		}
		m.replace(h.source, h.call.Pos(), h.call.End(), m.qualified(h.source)+f.accept()+"("+strings.Join(args, ", ")+")")
		m.dropUpgrader(h)
	}
}

// dropUpgrader deletes the Upgrader when nothing is left that uses it.
func (m *mover) dropUpgrader(h *handler) {
	upgrader := func(h *handler) *ast.Ident {
		ident, _ := ast.Unparen(ast.Unparen(h.call.Fun).(*ast.SelectorExpr).X).(*ast.Ident)
		return ident
	}
	ident := upgrader(h)
	if ident == nil || ident.IsExported() || h.told["CheckOrigin"] != "" || h.told["Subprotocols"] != "" {
		return
	}
	obj := h.pkg.Info.Uses[ident]
	for _, s := range m.files {
		for use, used := range s.pkg.Info.Uses {
			accepts := slices.ContainsFunc(m.accepted, func(h *handler) bool { return upgrader(h) == use })
			if !accepts && m.same(used, obj) && m.within(s, use) && !m.gone(s, use) {
				return
			}
		}
	}
	for _, s := range m.files {
		for def, defined := range s.pkg.Info.Defs {
			if !m.same(defined, obj) || !m.within(s, def) || !m.Writable(s.path) {
				continue
			}
			if spec, ok := s.parent(def).(*ast.ValueSpec); ok && len(spec.Names) == 1 && !m.gone(s, spec) {
				m.declaration(s, def)
			}
		}
	}
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
func (m *mover) setLater(s *source, upgrader ast.Expr) []setting {
	obj := variableOf(s, upgrader)
	var fields []setting
	for _, other := range m.files {
		if obj == nil || !mayName(other, obj) {
			continue
		}
		ast.Inspect(other.syntax, func(n ast.Node) bool {
			assign, ok := n.(*ast.AssignStmt)
			if !ok {
				return true
			}
			for i, left := range assign.Lhs {
				if field, ok := left.(*ast.SelectorExpr); ok && m.same(variableOf(other, field.X), obj) {
					fields = append(fields, setting{field.Sel, assign.Rhs[min(i, len(assign.Rhs)-1)]})
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
	if lit := inPlace(expr); lit != nil {
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
