package move

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// prelude looks at every use of the connection in the handler, and at what is
// deferred: nothing may outlive the handler unseen.
func (m *mover) prelude(h *handler, r *registration) bool {
	h.r = m.request(h)
	before := len(m.obstacles)
	for _, use := range usesOf(h.source, h.conn) {
		if !m.knownUse(h, r, use) {
			m.obstacle(use, "the connection is used for more than reading: %s", oneLine(m.code(h.source, h.statement(use))))
		}
	}
	for _, stmt := range h.body.List[:h.at] {
		if d, ok := stmt.(*ast.DeferStmt); ok {
			m.obstacle(d, "something is deferred before the upgrade: it would run when the connection is up, not when it ends")
		}
	}
	m.lateUses(h)
	return len(m.obstacles) == before
}

// usesOf lists the uses of an object in one file, in order.
func usesOf(s *source, obj types.Object) (uses []*ast.Ident) {
	for use, used := range s.pkg.Info.Uses {
		if used == obj {
			uses = append(uses, use)
		}
	}
	slices.SortFunc(uses, func(a, b *ast.Ident) int { return int(a.Pos() - b.Pos()) })
	return uses
}

// knownUse reports whether a use of the connection is one that the move rewrites
// or that the stand-in offers too.
func (m *mover) knownUse(h *handler, r *registration, use *ast.Ident) bool {
	switch parent := h.parent(use).(type) {
	case *ast.CallExpr:
		return parent == h.register && parent.Args[r.conn] == ast.Expr(use)
	case *ast.SelectorExpr:
		call, ok := h.parent(parent).(*ast.CallExpr)
		if !ok {
			return false
		}
		switch name := parent.Sel.Name; {
		case name == "Close", name == h.read.kind && h.loop.Pos() <= use.Pos() && use.Pos() <= h.loop.End():
			return true
		case strings.HasPrefix(name, "Set"), name == "Subprotocol", name == "EnableWriteCompression":
			m.connSetting(h.source, call, name)
			return true
		}
	}
	return false
}

// request is the variable that holds the *http.Request, nil when the expression is
// another.
func (m *mover) request(h *handler) types.Object {
	ident, ok := ast.Unparen(h.call.Args[1]).(*ast.Ident)
	if !ok {
		return nil
	}
	return h.pkg.Info.Uses[ident]
}

// lateUses refuses what is used after the handler has returned although it ends
// with it: the response writer, and contexts of frameworks, which are used again
// for other requests.
func (m *mover) lateUses(h *handler) {
	for i := range h.sig.Params().Len() {
		p := h.sig.Params().At(i)
		if p == h.r {
			continue
		}
		for use, obj := range h.pkg.Info.Uses {
			if obj == p && m.late(h, use) && endsWithHandler(p.Type()) {
				m.obstacle(use, "%s is used while the connection lives: it ends with the handler", p.Name())
			}
		}
	}
}

func (m *mover) late(h *handler, use ast.Node) bool {
	if h.loop.Pos() <= use.Pos() && use.Pos() <= h.body.End() {
		return true
	}
	for n := ast.Node(use); n != nil && n != ast.Node(h.body); n = h.parent(n) {
		if d, ok := n.(*ast.DeferStmt); ok && d.Pos() > h.upgrade.Pos() {
			return true
		}
	}
	return false
}

func endsWithHandler(t types.Type) bool {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return false
	}
	switch named.Obj().Pkg().Path() + "." + named.Obj().Name() {
	case "net/http.Request":
		return false
	case "net/http.ResponseWriter":
		return true
	}
	return strings.Contains(named.Obj().Pkg().Path(), ".") && (named.Obj().Name() == "Context" || named.Obj().Name() == "Ctx")
}

// requestContext turns r.Context() inside the loop into the connection's own.
func (m *mover) requestContext(h *handler, call *ast.CallExpr) (string, bool) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Context" || h.r == nil {
		return "", false
	}
	ident, ok := sel.X.(*ast.Ident)
	if !ok || h.pkg.Info.Uses[ident] != h.r {
		return "", false
	}
	return h.conn.Name() + ".Context()", true
}
