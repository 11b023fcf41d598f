package move

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
)

// rewriteHandler turns a handler that lives as long as its connection into one
// that accepts it and says what is to happen with its messages.
func (m *mover) rewriteHandler(h *handler, r *registration) {
	m.accepted = append(m.accepted, h)
	m.registerCall(h, r)
	m.ending(h)
	m.loopCall(h)
}

// qualified is what the file puts before names of the manager's package.
func (m *mover) qualified(s *source) string {
	path := m.Package.Types.Path()
	if s.pkg.Types.Path() == path {
		return ""
	}
	for _, spec := range s.syntax.Imports {
		if strings.Trim(spec.Path.Value, `"`) != path {
			continue
		}
		switch {
		case spec.Name == nil:
			return m.Package.Name + "."
		case spec.Name.Name == ".":
			return ""
		case spec.Name.Name != "_":
			return spec.Name.Name + "."
		}
	}
	m.result.Imports[s.path] = append(m.result.Imports[s.path], bind.Import{Path: path})
	return m.Package.Name + "."
}

// registerCall removes the call of the registration, or its connection.
func (m *mover) registerCall(h *handler, r *registration) {
	if !r.leftover {
		m.remove(h.source, h.parent(h.register).(*ast.ExprStmt))
		return
	}
	args := h.register.Args
	switch {
	case r.conn+1 < len(args):
		m.replace(h.source, args[r.conn].Pos(), args[r.conn+1].Pos(), "")
	case r.conn > 0:
		m.replace(h.source, args[r.conn-1].End(), args[r.conn].End(), "")
	default:
		m.replace(h.source, args[0].Pos(), args[0].End(), "")
	}
}

// connCall is the method of the connection that an expression calls.
func (m *mover) connCall(h *handler, expr ast.Expr) string {
	call, ok := expr.(*ast.CallExpr)
	if !ok {
		return ""
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !m.isConnVar(h, sel.X) {
		return ""
	}
	return sel.Sel.Name
}

// ending collects what happened when the loop was left: the branch of the failed
// read, the statements behind the loop, and what was deferred, last first.
func (m *mover) ending(h *handler) {
	behind := h.body.List[h.loopAt+1:]
	check := h.read.failed
	if len(behind) > 0 && !m.breaks(h) {
		m.obstacle(behind[0], "what stands behind the read loop is only reached on some ways out of it")
	}
	for _, stmt := range slices.Concat(check, behind) {
		m.end(h, stmt)
	}
	var deferred []string
	for _, stmt := range h.body.List[max(h.at+1, 0):h.loopAt] {
		d, ok := stmt.(*ast.DeferStmt)
		if !ok || m.gone(h.source, d) {
			continue
		}
		if m.connCall(h, d.Call) != "Close" {
			deferred = append(deferred, m.deferred(h, d))
		}
		m.remove(h.source, d)
	}
	slices.Reverse(deferred)
	h.after = append(h.after, deferred...)
	for _, stmt := range behind {
		m.removed[stmt] = true
	}
}

// breaks reports whether the failed read leaves the loop by break, so that what
// stands behind it is always reached.
func (m *mover) breaks(h *handler) bool {
	for _, stmt := range h.loop.Body.List[:h.read.stmts] {
		if check, ok := stmt.(*ast.IfStmt); ok {
			last, ok := check.Body.List[len(check.Body.List)-1].(*ast.BranchStmt)
			return ok && last.Tok == token.BREAK
		}
	}
	return false
}

// end adds a statement to what happens when the connection is over. Closing it is
// no part of that any more.
func (m *mover) end(h *handler, stmt ast.Stmt) {
	if m.gone(h.source, stmt) {
		return
	}
	switch stmt := stmt.(type) {
	case *ast.ReturnStmt:
		return
	case *ast.ExprStmt:
		if m.connCall(h, stmt.X) == "Close" {
			return
		}
	}
	if m.mentions(h, stmt, h.read.err) {
		h.named = h.read.err
	}
	h.after = append(h.after, m.edited(h.source, stmt.Pos(), stmt.End()))
}

// deferred is the call of a defer as a statement; a function literal's body takes
// the place of its call.
func (m *mover) deferred(h *handler, d *ast.DeferStmt) string {
	if actsAny(d.Call.Args) {
		m.obstacle(d, "what is deferred takes its arguments from calls")
	}
	lit, ok := d.Call.Fun.(*ast.FuncLit)
	if !ok || len(d.Call.Args) > 0 {
		return m.edited(h.source, d.Call.Pos(), d.Call.End())
	}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if ident, ok := call.Fun.(*ast.Ident); ok && ident.Name == "recover" {
				m.obstacle(d, "a panic of the handler is recovered from")
			}
		}
		return true
	})
	var kept []string
	for _, stmt := range lit.Body.List {
		if es, ok := stmt.(*ast.ExprStmt); ok && m.connCall(h, es.X) == "Close" || m.gone(h.source, stmt) {
			continue
		}
		if _, ok := stmt.(*ast.ReturnStmt); ok {
			return m.edited(h.source, d.Call.Pos(), d.Call.End())
		}
		kept = append(kept, m.edited(h.source, stmt.Pos(), stmt.End()))
	}
	return strings.Join(kept, "\n")
}

// loopCall puts the callbacks where the loop was.
func (m *mover) loopCall(h *handler) {
	name := h.connName()
	var out strings.Builder
	after := slices.DeleteFunc(h.after, func(text string) bool { return text == "" })
	if len(after) > 0 {
		param := "error"
		if h.named != nil {
			param = h.named.Name() + " error"
		}
		out.WriteString(name + ".OnClose(func(" + param + ") {\n" + strings.Join(after, "\n") + "\n})\n")
	}
	data := h.read.data
	if h.read.kind == "ReadJSON" {
		data = "data"
		m.result.Imports[h.path] = append(m.result.Imports[h.path], bind.Import{Path: "bytes"}, bind.Import{Path: "encoding/json"})
	}
	params := h.read.mt + " int, " + data + " []byte"
	if h.read.mt == "_" && data == "_" {
		params = "int, []byte"
	}
	out.WriteString(h.read.deadline + name + ".OnMessage(func(" + params + ") error {\n" + m.callback(h) + "})")
	if h.sig.Results().Len() == 1 && types.Identical(h.sig.Results().At(0).Type(), types.Universe.Lookup("error").Type()) {
		out.WriteString("\nreturn nil")
	} else if h.sig.Results().Len() > 0 {
		m.obstacle(h.loop, "the handler returns something when its connection ends")
	}
	m.replace(h.source, h.loop.Pos(), m.endOfBody(h), out.String())
}

// endOfBody is where the last statement that the callbacks replace ends.
func (m *mover) endOfBody(h *handler) token.Pos {
	return h.body.List[len(h.body.List)-1].End()
}
