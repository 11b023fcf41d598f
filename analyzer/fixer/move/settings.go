package move

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// generatedMethods are the methods of a *websocket.Conn that the generated connection
// can have too.
var generatedMethods = map[string]bool{
	"Close": true, "NextWriter": true, "ReadJSON": true, "ReadMessage": true, "RemoteAddr": true, "SetReadDeadline": true,
	"SetReadLimit": true, "Subprotocol": true, "WriteControl": true, "WriteJSON": true, "WriteMessage": true,
}

// connSetting handles a call that asks something of a connection beside reading and
// writing: it stays, it goes because the runtime does the same, or it is in the way.
func (m *mover) connSetting(s *source, call *ast.CallExpr, name string) {
	switch name {
	case "SetPongHandler", "SetPingHandler":
		if m.keepsAlive(s, call) {
			m.leaveToRuntime(s, call, name)
		} else {
			m.obstacle(call, "what %s was given does more than keep the connection alive, and the runtime answers pings and pongs itself: do that elsewhere", name)
		}
	case "SetReadDeadline":
		if m.keptAlive(s) {
			m.leaveToRuntime(s, call, name)
		} else {
			m.result.File.need("conn." + name)
		}
	case "SetWriteDeadline", "SetCompressionLevel":
		m.leaveToRuntime(s, call, name)
	case "EnableWriteCompression":
		if on := s.pkg.Info.Types[call.Args[0]].Value; on != nil && constant.BoolVal(on) {
			m.leaveToRuntime(s, call, name)
		} else {
			m.obstacle(call, "%s decides on each message whether it is compressed, a factory does so for all of them", name)
		}
	default:
		if !generatedMethods[name] {
			m.obstacle(call, "a moved connection has no %s: %s", name, oneLine(m.code(s, s.statement(call))))
			return
		}
		m.result.File.need("conn." + name)
	}
}

// leaveToRuntime removes a call whose work the runtime does, with the check of its
// error, and notes that.
func (m *mover) leaveToRuntime(s *source, call *ast.CallExpr, name string) {
	if !slices.Contains(m.result.Gone, name) {
		m.result.Gone = append(m.result.Gone, name)
	}
	stmt := s.statement(call)
	switch assign := stmt.(type) {
	case *ast.ExprStmt:
		m.remove(s, stmt)
		return
	case *ast.AssignStmt:
		branch, ok := s.parent(stmt).(*ast.IfStmt)
		if ok && branch.Init == stmt && branch.Else == nil && len(assign.Rhs) == 1 && ast.Unparen(assign.Rhs[0]) == ast.Expr(call) {
			m.remove(s, branch)
			return
		}
		if len(assign.Lhs) == 1 && isBlank(assign.Lhs[0]) {
			m.remove(s, stmt)
			return
		}
	case *ast.ReturnStmt:
		if len(assign.Results) == 1 {
			m.replace(s, call.Pos(), call.End(), "nil")
			return
		}
	}
	m.obstacle(call, "the runtime does what %s was for, but its error is used: %s", name, oneLine(m.code(s, stmt)))
}

// keptAlive reports whether the package has pongs put its read deadlines off: then
// those are for finding dead connections, which the runtime does with pings of its
// own. Other deadlines are for clients that say nothing.
func (m *mover) keptAlive(s *source) bool {
	found := false
	for _, other := range m.files {
		if other.pkg.Types.Path() != s.pkg.Types.Path() {
			continue
		}
		ast.Inspect(other.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if name := m.methodOfConn(other, call); ok && (name == "SetPongHandler" || name == "SetPingHandler") {
				ast.Inspect(call.Args[0], func(n ast.Node) bool {
					inner, ok := n.(*ast.CallExpr)
					found = found || ok && m.methodOfConn(other, inner) == "SetReadDeadline"
					return true
				})
			}
			return true
		})
	}
	return found
}

// methodOfConn is the method of a *websocket.Conn that is called, "" for others.
func (m *mover) methodOfConn(s *source, call *ast.CallExpr) string {
	if call == nil {
		return ""
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !isConn(s.pkg.Info.TypeOf(sel.X)) {
		return ""
	}
	return sel.Sel.Name
}

// keepsAlive reports whether a handler of pings or pongs does no more than put
// deadlines off, answer and write a line to the log.
func (m *mover) keepsAlive(s *source, set *ast.CallExpr) bool {
	if s.pkg.Info.Types[set.Args[0]].IsNil() {
		return true
	}
	lit, ok := ast.Unparen(set.Args[0]).(*ast.FuncLit)
	if !ok {
		return false
	}
	quiet := true
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt, *ast.SendStmt, *ast.IncDecStmt:
			quiet = false
		case *ast.AssignStmt:
			quiet = quiet && (n.Tok == token.DEFINE || isBlank(n.Lhs[0]))
		case *ast.CallExpr:
			quiet = quiet && m.keepaliveCall(s, n)
		}
		return quiet
	})
	return quiet
}

func (m *mover) keepaliveCall(s *source, call *ast.CallExpr) bool {
	switch m.methodOfConn(s, call) {
	case "SetReadDeadline", "SetWriteDeadline", "WriteControl", "WriteMessage":
		return true
	}
	if tv := s.pkg.Info.Types[call.Fun]; tv.IsType() || tv.IsBuiltin() {
		return true
	}
	fn, ok := m.callee(s, call).(*types.Func)
	if !ok || fn.Pkg() == nil {
		return ok // an error's text
	}
	path := fn.Pkg().Path()
	return path == "time" || path == "log" || path == "log/slog" || strings.HasPrefix(fn.FullName(), "fmt.Print") || strings.HasPrefix(fn.FullName(), "fmt.Sprint")
}

// connSettingText are methods of connections that set something.
var connSettingText = map[string]string{
	"Subprotocol": `// Subprotocol is what the handshake agreed on, "" for nothing.
func (c *$Connection$) Subprotocol() string { return c.protocol }
`,
	"SetReadLimit": `// SetReadLimit bounds the size of a message, after decompression; a larger one ends
// the connection.
func (c *$Connection$) SetReadLimit(limit int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = limit
}
`,
	"SetReadDeadline": `// SetReadDeadline closes the connection at t unless it is called again before. The
// zero time stands for never.
func (c *$Connection$) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle != nil {
		c.idle.Stop()
	}
	if !t.IsZero() && !c.ended {
		c.idle = time.AfterFunc(time.Until(t), func() {
			if err := c.Close(); err != nil {
				slog.Debug("$pkg: closing a connection whose time is over", "error", err)
			}
		})
	}
	return nil
}
`,
}

// settingMethods adds them, those that are called.
func (w *fileWriter) settingMethods() {
	for _, name := range []string{"Subprotocol", "SetReadLimit", "SetReadDeadline"} {
		if w.needs["conn."+name] {
			w.add(connSettingText[name])
		}
	}
	if w.needs["conn.SetReadDeadline"] {
		w.imports["time"] = ""
	}
	if w.headers {
		w.imports["maps"] = ""
	}
	if w.protocols {
		w.imports[gorilla], w.imports["slices"] = "", ""
		w.add(subprotocolText)
	}
}

const subprotocolText = `// $subprotocol$ is the first of protocols that the client speaks too, "" for none.
func $subprotocol$(r *http.Request, protocols []string) string {
	spoken := websocket.Subprotocols(r)
	for _, protocol := range protocols {
		if slices.Contains(spoken, protocol) {
			return protocol
		}
	}
	return ""
}
`

// acceptParameters are those of the generated Accept beside the user.
func (f *File) acceptParameters() (declared, init string) {
	if f.origins {
		declared, init = ", origin func(*http.Request) bool", ", origin: origin"
	}
	if f.headers {
		declared += ", header http.Header"
	}
	if f.protocols {
		declared += ", protocols []string"
	}
	return declared, init
}

// deadlinesOf takes the calls off the head of a loop that put the read deadline off
// before each message.
func (m *mover) deadlinesOf(h *handler, list []ast.Stmt, r *read) []ast.Stmt {
	for len(list) > 0 {
		es, ok := list[0].(*ast.ExprStmt)
		if assign, blank := list[0].(*ast.AssignStmt); blank && len(assign.Lhs) == 1 && isBlank(assign.Lhs[0]) {
			es, ok = &ast.ExprStmt{X: assign.Rhs[0]}, true
		}
		if !ok || m.connCall(h, es.X) != "SetReadDeadline" {
			return list
		}
		if !m.keptAlive(h.source) {
			r.deadline += m.code(h.source, list[0]) + "\n"
		}
		r.stmts++
		list = list[1:]
	}
	return list
}
