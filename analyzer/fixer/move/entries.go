package move

import (
	"go/ast"
	"go/token"
	"go/types"
)

// shape is how a registry arranges what it holds.
type shape uint8

const (
	single  shape = iota + 1 // map[K]E
	set                      // map[E]bool: whose they are stands in the entries
	sets                     // map[K]map[E]bool
	slices_                  // map[K][]E
	table                    // sync.Map from K to E
)

// entries is a registry whose elements stay what they are: the clients of a chat
// hub, or connections of which a user may have several. They are kept at the
// connections that the runtime serves, and found through its pools.
type entries struct {
	obj    *types.Var // field or package variable
	shape  shape
	key    types.Type   // of a user
	elem   types.Type   // *Client or *websocket.Conn
	value  types.Type   // of the inner map, for sets
	client *types.Named // nil for connections
	conn   *types.Var   // the client's field for its connection
	id     *types.Var   // the client's field for its user, nil while none is known
}

// entries finds such a registry, nil when there is none.
func (m *mover) entries() *entries {
	obj := m.Singleton.Object
	if obj == nil {
		return nil
	}
	if found := m.entriesIn(obj); found != nil {
		return found
	}
	var best *entries
	if named := m.Singleton.Named; named != nil {
		if structure, ok := named.Underlying().(*types.Struct); ok {
			for field := range structure.Fields() {
				if connMap(field) != nil {
					return nil
				}
				if found := m.entriesIn(field); found != nil && (best == nil || found.rank() < best.rank()) {
					best = found
				}
			}
		}
	}
	return best
}

// rank prefers what holds everybody to what may be the rooms.
func (e *entries) rank() int {
	return map[shape]int{single: 0, table: 1, set: 2, slices_: 3, sets: 4}[e.shape]
}

func (m *mover) entriesIn(v *types.Var) *entries {
	e := &entries{obj: v}
	switch t := v.Type().Underlying().(type) {
	case *types.Map:
		e.key = t.Key()
		switch {
		case m.entry(e, t.Key()) && flag(t.Elem()):
			e.shape, e.key = set, nil
			return e
		case keyCode(t.Key()) == nil:
			return nil
		case e.element(m, t.Elem()):
			return e
		}
	case *types.Struct:
		if named, ok := types.Unalias(v.Type()).(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "sync" && named.Obj().Name() == "Map" {
			e.shape = table
			if m.stored(e) && keyCode(e.key) != nil {
				return e
			}
		}
	}
	return nil
}

// element takes the map's element apart.
func (e *entries) element(m *mover, t types.Type) bool {
	switch inner := t.(type) {
	case *types.Slice:
		e.shape = slices_
		return m.entry(e, inner.Elem())
	case *types.Map:
		e.shape, e.value = sets, inner.Elem()
		return m.entry(e, inner.Key()) && flag(inner.Elem())
	}
	e.shape = single
	return !isConn(t) && m.entry(e, t)
}

// entry reports whether a type is that of a connection, or of a client of the
// manager's package that has one.
func (m *mover) entry(e *entries, t types.Type) bool {
	e.elem = t
	if isConn(t) {
		return true
	}
	p, ok := t.(*types.Pointer)
	if !ok {
		return false
	}
	named, ok := types.Unalias(p.Elem()).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg() != m.Package.Types || named.TypeParams().Len() > 0 {
		return false
	}
	structure, ok := named.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for field := range structure.Fields() {
		if !isConn(field.Type()) {
			continue
		}
		if e.conn != nil || field.Embedded() {
			return false
		}
		e.conn = field
	}
	e.client = named
	return e.conn != nil
}

// flag reports whether a map's values say no more than that the key is there.
func flag(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Kind() == types.Bool
	case *types.Struct:
		return t.NumFields() == 0
	}
	return false
}

// stored learns from the calls of Store what a sync.Map holds.
func (m *mover) stored(e *entries) bool {
	found := false
	for _, s := range m.files {
		for ident, obj := range s.pkg.Info.Uses {
			if !m.same(obj, e.obj) || !m.within(s, ident) {
				continue
			}
			call, name := m.methodOn(s, m.mentioned(s, ident))
			if name != "Store" {
				continue
			}
			elem, key := s.pkg.Info.TypeOf(call.Args[1]), types.Default(s.pkg.Info.TypeOf(call.Args[0]))
			if found && !(types.Identical(elem, e.elem) && types.Identical(key, e.key)) || !found && !m.entry(e, elem) {
				return false
			}
			e.key, found = key, true
		}
	}
	return found
}

// methodOn is the call of a method on an expression, and the method's name.
func (m *mover) methodOn(s *source, expr ast.Expr) (*ast.CallExpr, string) {
	sel, ok := s.parent(expr).(*ast.SelectorExpr)
	if !ok || sel.X != expr {
		return nil, ""
	}
	call, ok := s.parent(sel).(*ast.CallExpr)
	if !ok || call.Fun != ast.Expr(sel) {
		return nil, ""
	}
	return call, sel.Sel.Name
}

// planEntries moves such a registry.
func (m *mover) planEntries(e *entries) {
	m.list = e
	m.identify()
	if len(m.obstacles) > 0 {
		return
	}
	m.file(&registry{obj: e.obj, key: e.key})
	m.result.File.keep(e, m.abroad())
	m.concern()
	m.eachMention(m.entryUse)
	m.connectionTypes()
	m.accepts()
	m.readers()
}

// abroad reports whether other packages than the manager's mention the registry.
func (m *mover) abroad() bool {
	found := false
	m.eachMention(func(s *source, _ *ast.Ident) { found = found || s.pkg.Types.Path() != m.Package.Types.Path() })
	return found
}

// identify finds out which field of a client says whose it is: the one under which
// it is registered, or the one that loops over a set compare.
func (m *mover) identify() {
	e := m.list
	if e.client == nil {
		return
	}
	conflict := false
	note := func(s *source, expr ast.Expr) {
		if field := m.clientField(s, expr); field != nil {
			conflict = conflict || e.id != nil && e.id != field
			e.id = field
		}
	}
	m.eachMention(func(s *source, ident *ast.Ident) {
		expr := m.mentioned(s, ident)
		switch parent := s.parent(expr).(type) {
		case *ast.IndexExpr:
			if _, assigned := s.parent(parent).(*ast.AssignStmt); assigned || e.shape == sets {
				note(s, parent.Index)
			}
		case *ast.RangeStmt:
			if e.shape == set {
				m.compared(s, parent, note)
			}
		}
		if call, name := m.methodOn(s, expr); name == "Store" {
			note(s, call.Args[0])
		}
	})
	switch {
	case conflict:
		m.obstacles = append(m.obstacles, Obstacle{m.Program.Fset.Position(e.obj.Pos()), "clients are told apart by several of their fields"})
	case e.shape == set && e.id == nil:
		m.obstacles = append(m.obstacles, Obstacle{m.Program.Fset.Position(e.obj.Pos()), "nothing says which user a client of " + e.obj.Name() + " belongs to"})
	case e.shape == set:
		if e.key = e.id.Type(); keyCode(e.key) == nil {
			m.obstacles = append(m.obstacles, Obstacle{m.Program.Fset.Position(e.id.Pos()), e.id.Name() + " is no user id that the runtime takes"})
		}
	}
}

// clientField is the field of a client that an expression selects, nil for others.
func (m *mover) clientField(s *source, expr ast.Expr) *types.Var {
	sel, ok := ast.Unparen(expr).(*ast.SelectorExpr)
	if !ok || !types.Identical(deref(s.pkg.Info.TypeOf(sel.X)), m.list.client) {
		return nil
	}
	field, _ := s.pkg.Info.Uses[sel.Sel].(*types.Var)
	return field
}

// compared notes the fields that a loop over a set compares.
func (m *mover) compared(s *source, loop *ast.RangeStmt, note func(*source, ast.Expr)) {
	ast.Inspect(loop.Body, func(n ast.Node) bool {
		if cmp, ok := n.(*ast.BinaryExpr); ok && cmp.Op == token.EQL {
			note(s, cmp.X)
			note(s, cmp.Y)
		}
		return true
	})
}

func deref(t types.Type) types.Type {
	if p, ok := t.(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// connText is the connection of an entry that an expression yields.
func (m *mover) connText(s *source, entry ast.Expr) string {
	if m.list.client == nil {
		return m.code(s, entry)
	}
	return m.code(s, entry) + "." + m.list.conn.Name()
}
