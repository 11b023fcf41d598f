package move

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// read is what a read loop begins with.
type read struct {
	stmts    int    // statements at the head of the loop that it takes up
	kind     string // ReadMessage or ReadJSON
	mt       string // names of the results of ReadMessage, "_" when unused
	data     string
	target   string // argument of ReadJSON
	before   string // declarations in front of it
	deadline string // what puts the read deadline off before each message
	err      types.Object
	failed   []ast.Stmt // what is done when reading fails, without the jump at its end
}

// loopOf finds the read loop, a statement of the handler itself.
func (m *mover) loopOf(h *handler) bool {
	for i, stmt := range h.body.List {
		loop, ok := stmt.(*ast.ForStmt)
		if !ok || i < h.at {
			continue
		}
		if loop.Init != nil || loop.Post != nil || loop.Cond != nil && m.code(h.source, loop.Cond) != "true" {
			continue
		}
		if read := m.readOf(h, loop); read != nil {
			h.loop, h.loopAt, h.read = loop, i, read
			return m.loopPlain(h)
		}
	}
	m.obstacle(h.register, "no plain read loop was found in the function that registers the connection")
	return false
}

// readOf recognises the head of a loop: `_, data, err := conn.ReadMessage()` or
// `err := conn.ReadJSON(&v)`, with the check of err.
func (m *mover) readOf(h *handler, loop *ast.ForStmt) *read {
	list := loop.Body.List
	r := &read{mt: "_", data: "_"}
	for len(list) > 0 {
		if list = m.deadlinesOf(h, list, r); len(list) == 0 {
			return nil
		}
		if decl, ok := list[0].(*ast.DeclStmt); ok {
			r.before += m.code(h.source, decl) + "\n"
		} else if assign, ok := list[0].(*ast.AssignStmt); ok && assign.Tok == token.DEFINE && !m.mentions(h, assign, h.conn) && !acts(assign) {
			r.before += m.code(h.source, assign) + "\n"
		} else {
			break
		}
		r.stmts++
		list = list[1:]
	}
	if len(list) == 0 {
		return nil
	}
	var check *ast.IfStmt
	assign, ok := list[0].(*ast.AssignStmt)
	if ok && len(list) > 1 {
		check, _ = list[1].(*ast.IfStmt)
		r.stmts += 2
		if check != nil && check.Init != nil {
			return nil
		}
	} else if check, ok = list[0].(*ast.IfStmt); ok && check.Init != nil {
		assign, _ = check.Init.(*ast.AssignStmt)
		r.stmts++
	}
	if assign == nil || check == nil || check.Else != nil || !m.readCall(h, assign, r) {
		return nil
	}
	return m.readCheck(h, check, r)
}

// readCall takes the call of the connection apart.
func (m *mover) readCall(h *handler, assign *ast.AssignStmt, r *read) bool {
	if len(assign.Rhs) != 1 || assign.Tok != token.DEFINE {
		return false
	}
	call, ok := assign.Rhs[0].(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !m.isConnVar(h, sel.X) {
		return false
	}
	name := func(i int) string {
		if ident, ok := assign.Lhs[i].(*ast.Ident); ok {
			return ident.Name
		}
		return "_"
	}
	last, _ := assign.Lhs[len(assign.Lhs)-1].(*ast.Ident)
	if last == nil {
		return false
	}
	r.err, r.kind = h.pkg.Info.Defs[last], sel.Sel.Name
	switch {
	case r.kind == "ReadMessage" && len(assign.Lhs) == 3:
		r.mt, r.data = name(0), name(1)
	case r.kind == "ReadJSON" && len(assign.Lhs) == 1 && len(call.Args) == 1:
		r.target = m.code(h.source, call.Args[0])
	default:
		return false
	}
	return r.err != nil
}

// connName is the connection as the code of the loop spells it.
func (h *handler) connName() string {
	if h.connText != "" {
		return h.connText
	}
	return h.conn.Name()
}

func (m *mover) isConnVar(h *handler, expr ast.Expr) bool {
	if h.connText != "" {
		return isConn(h.pkg.Info.TypeOf(expr)) && m.code(h.source, expr) == h.connText
	}
	ident, ok := ast.Unparen(expr).(*ast.Ident)
	return ok && h.pkg.Info.Uses[ident] == h.conn
}

// readCheck takes the branch for a failed read apart: it must leave the loop.
func (m *mover) readCheck(h *handler, check *ast.IfStmt, r *read) *read {
	cond, ok := check.Cond.(*ast.BinaryExpr)
	if !ok || cond.Op != token.NEQ || len(check.Body.List) == 0 {
		return nil
	}
	ident, ok := cond.X.(*ast.Ident)
	if !ok || h.pkg.Info.Uses[ident] != r.err {
		return nil
	}
	list := check.Body.List
	switch last := list[len(list)-1].(type) {
	case *ast.ReturnStmt:
		if len(last.Results) > 0 && h.sig.Results().Len() > 1 {
			return nil
		}
	case *ast.BranchStmt:
		if last.Tok != token.BREAK || last.Label != nil {
			return nil
		}
	default:
		return nil
	}
	r.failed = list[:len(list)-1]
	return r
}

// acts reports whether a statement calls anything.
func acts(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		_, call := n.(*ast.CallExpr)
		found = found || call
		return !found
	})
	return found
}

func (m *mover) mentions(h *handler, n ast.Node, obj types.Object) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok && obj != nil && h.pkg.Info.Uses[ident] == obj {
			found = true
		}
		return !found
	})
	return found
}

// loopPlain refuses what has no place in a callback: labels, jumps out of inner
// loops, values to return.
func (m *mover) loopPlain(h *handler) bool {
	if _, labelled := h.parent(h.loop).(*ast.LabeledStmt); labelled {
		m.obstacle(h.loop, "the read loop has a label")
		return false
	}
	ok := true
	ast.Inspect(h.loop.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.LabeledStmt:
			m.obstacle(n, "there is a label in the read loop")
			ok = false
		case *ast.BranchStmt:
			if n.Label != nil || n.Tok == token.GOTO {
				m.obstacle(n, "the read loop jumps to a label")
				ok = false
			}
		case *ast.DeferStmt:
			m.obstacle(n, "there is a defer in the read loop")
			ok = false
		}
		return ok
	})
	return ok
}

// callback is the body of the loop as that of a function which is called with
// each message.
func (m *mover) callback(h *handler) string {
	rest := h.loop.Body.List[h.read.stmts:]
	var body strings.Builder
	if h.read.deadline != "" {
		body.WriteString("defer func() {\n" + h.read.deadline + "}()\n")
	}
	body.WriteString(h.read.before)
	if m.usedIn(h, rest, h.read.err) && h.read.kind == "ReadMessage" {
		body.WriteString("var " + h.read.err.Name() + " error\n")
	}
	if h.read.kind == "ReadJSON" {
		body.WriteString("if err := json.NewDecoder(bytes.NewReader(data)).Decode(" + h.read.target + "); err != nil {\nreturn err\n}\n")
		if m.usedIn(h, rest, h.read.err) {
			body.WriteString("var " + h.read.err.Name() + " error\n")
		}
	}
	end := h.loop.Body.Rbrace
	if len(rest) > 0 {
		body.WriteString(m.jumps(h, rest[0].Pos(), end))
	}
	text := strings.TrimRight(body.String(), " \t\n")
	if len(rest) == 0 || !terminates(rest[len(rest)-1]) {
		text += "\nreturn nil"
	}
	return text + "\n"
}

func terminates(stmt ast.Stmt) bool {
	_, ok := stmt.(*ast.ReturnStmt)
	return ok
}

func (m *mover) usedIn(h *handler, stmts []ast.Stmt, obj types.Object) bool {
	for _, stmt := range stmts {
		if m.mentions(h, stmt, obj) {
			return true
		}
	}
	return false
}

// jumps copies code of the loop with its own jumps turned into those of a
// function: continue goes on with the next message, break and return end the
// connection.
func (m *mover) jumps(h *handler, from, to token.Pos) string {
	var all []edit.Edit
	add := func(n ast.Node, text string) {
		all = append(all, edit.Edit{Start: m.offset(n.Pos()), End: m.offset(n.End()), New: text})
	}
	hangUp := "return " + h.connName() + ".Close()"
	var visit func(n ast.Node, inner, inSwitch bool)
	visit = func(root ast.Node, inner, inSwitch bool) {
		ast.Inspect(root, func(n ast.Node) bool {
			if n == nil || n == root {
				return true
			}
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.ForStmt, *ast.RangeStmt:
				visit(n, true, true)
				return false
			case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
				visit(n, inner, true)
				return false
			case *ast.ReturnStmt:
				add(n, hangUp)
			case *ast.BranchStmt:
				if n.Tok == token.CONTINUE && !inner {
					add(n, "return nil")
				} else if n.Tok == token.BREAK && !inSwitch {
					add(n, hangUp)
				}
			case *ast.CallExpr:
				if text, ok := m.requestContext(h, n); ok {
					add(n, text)
				}
			}
			return true
		})
	}
	for _, stmt := range h.loop.Body.List[h.read.stmts:] {
		visit(&ast.BlockStmt{List: []ast.Stmt{stmt}, Lbrace: stmt.Pos(), Rbrace: stmt.End()}, false, false)
	}
	return m.edited(h.source, from, to, all...)
}
