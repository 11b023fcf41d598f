package move

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// attribute is what says whose a session is: one of its keys, or something that its
// request says.
type attribute struct {
	key     string // of Keys, when request is ""
	request string // the expression behind the session, as in "Request.FormValue(\"user\")"
}

func (a attribute) String() string {
	if a.request != "" {
		return a.request
	}
	return "the key " + a.key
}

// tellApart finds out what says whose a session is, and the expression for it at each
// place that accepts one.
func (m *mover) tellApart() {
	for _, s := range m.files {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				switch onMelody(s, call, "Melody") {
				case "BroadcastFilter", "BroadcastBinaryFilter":
					m.filter(s, call)
				}
			}
			return true
		})
	}
	if m.list != nil {
		m.eachMention(m.registeredAs)
	}
	if m.melody.user == nil {
		m.obstacle(m.Singleton.Node, "nothing says which user a session belongs to")
		return
	}
	m.stays()
	for _, call := range m.melody.calls {
		m.userAt(call)
	}
}

func (m *mover) tells(at ast.Node, a *attribute) {
	if a == nil {
		return
	}
	if have := m.melody.user; have != nil && *have != *a {
		m.obstacle(at, "sessions are told apart by %s and by %s", have, a)
	}
	m.melody.user = a
}

// filter takes a filter apart; one that asks for more than the user stays what it is.
func (m *mover) filter(s *source, call *ast.CallExpr) {
	lit, ok := ast.Unparen(call.Args[1]).(*ast.FuncLit)
	if !ok {
		return
	}
	f := &filterReader{mover: m, source: s, lit: lit, bound: map[types.Object]*attribute{}, found: map[types.Object]bool{}}
	if params := lit.Type.Params.List; len(params) == 1 && len(params[0].Names) == 1 {
		f.session = s.pkg.Info.Defs[params[0].Names[0]]
	}
	if f.session == nil || !f.read() {
		return
	}
	m.tells(call, f.by)
	m.melody.sends = append(m.melody.sends, &filtered{s, call, f.user})
}

// filterReader reads a filter that is true for the sessions of one user.
type filterReader struct {
	*mover
	*source
	lit     *ast.FuncLit
	session types.Object
	bound   map[types.Object]*attribute // variables of the filter that hold one
	found   map[types.Object]bool       // variables that tell whether there is one
	by      *attribute
	user    ast.Expr
}

func (f *filterReader) read() bool {
	list := f.lit.Body.List
	for i, stmt := range list {
		switch stmt := stmt.(type) {
		case *ast.AssignStmt:
			if !f.binds(stmt) {
				return false
			}
		case *ast.IfStmt:
			if stmt.Init != nil || stmt.Else != nil || len(stmt.Body.List) != 1 {
				return false
			}
			switch answer := returned(stmt.Body.List[0]); {
			case answer == "false" && f.missing(stmt.Cond):
			case answer == "true" && i == len(list)-2 && returned(list[i+1]) == "false":
				return f.asks(stmt.Cond)
			default:
				return false
			}
		case *ast.ReturnStmt:
			return i == len(list)-1 && len(stmt.Results) == 1 && f.asks(stmt.Results[0])
		default:
			return false
		}
	}
	return false
}

// returned is what a statement returns when that is a plain name.
func returned(stmt ast.Stmt) string {
	ret, ok := stmt.(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return ""
	}
	ident, ok := ret.Results[0].(*ast.Ident)
	if !ok {
		return ""
	}
	return ident.Name
}

// binds notes `user, ok := q.Get("user")` and its like.
func (f *filterReader) binds(assign *ast.AssignStmt) bool {
	if assign.Tok != token.DEFINE || len(assign.Rhs) != 1 {
		return false
	}
	a := f.attribute(assign.Rhs[0])
	if a == nil {
		return false
	}
	for i, left := range assign.Lhs {
		ident, ok := left.(*ast.Ident)
		if !ok {
			return false
		}
		if obj := f.pkg.Info.Defs[ident]; obj != nil && i == 0 {
			f.bound[obj] = a
		} else if obj != nil {
			f.found[obj] = true
		}
	}
	return true
}

func (f *filterReader) missing(cond ast.Expr) bool {
	not, ok := cond.(*ast.UnaryExpr)
	return ok && not.Op == token.NOT && f.tellsFound(not.X)
}

func (f *filterReader) tellsFound(expr ast.Expr) bool {
	ident, ok := ast.Unparen(expr).(*ast.Ident)
	return ok && f.found[f.pkg.Info.Uses[ident]]
}

// asks reports whether a condition compares the session's user with somebody.
func (f *filterReader) asks(cond ast.Expr) bool {
	cmp, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok {
		return false
	}
	if cmp.Op == token.LAND {
		return f.tellsFound(cmp.X) && f.asks(cmp.Y) || f.tellsFound(cmp.Y) && f.asks(cmp.X)
	}
	if cmp.Op != token.EQL {
		return false
	}
	for _, side := range [][2]ast.Expr{{cmp.X, cmp.Y}, {cmp.Y, cmp.X}} {
		if a := f.attribute(side[0]); a != nil && !f.own(side[1]) {
			f.by, f.user = a, side[1]
			return true
		}
	}
	return false
}

// own reports whether an expression has to do with the session itself.
func (f *filterReader) own(expr ast.Expr) bool {
	own := false
	ast.Inspect(expr, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok {
			if obj := f.pkg.Info.Uses[ident]; obj != nil && f.lit.Pos() <= obj.Pos() && obj.Pos() < f.lit.End() {
				own = true
			}
		}
		return !own
	})
	return own
}

func (f *filterReader) attribute(expr ast.Expr) *attribute {
	return f.sessionSays(f.source, f.session, f.bound, expr)
}

// sessionSays is the attribute of a session that an expression yields, nil for others.
func (m *mover) sessionSays(s *source, session types.Object, bound map[types.Object]*attribute, expr ast.Expr) *attribute {
	switch expr := ast.Unparen(expr).(type) {
	case *ast.Ident:
		return bound[s.pkg.Info.Uses[expr]]
	case *ast.TypeAssertExpr:
		return m.sessionSays(s, session, bound, expr.X)
	case *ast.IndexExpr:
		if sel, ok := expr.X.(*ast.SelectorExpr); ok && sel.Sel.Name == "Keys" && isUse(s, sel.X, session) {
			if key, ok := stringOf(s, expr.Index); ok {
				return &attribute{key: key}
			}
		}
	case *ast.CallExpr:
		sel, ok := expr.Fun.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		if (sel.Sel.Name == "Get" || sel.Sel.Name == "MustGet") && isUse(s, sel.X, session) {
			if key, ok := stringOf(s, expr.Args[0]); ok {
				return &attribute{key: key}
			}
			return nil
		}
		if text, ok := strings.CutPrefix(m.code(s, expr), session.Name()+"."); ok && strings.HasPrefix(text, "Request.") && m.readsRequest(s, expr) && rooted(s, expr, session) {
			return &attribute{request: text}
		}
	}
	return nil
}

func isUse(s *source, expr ast.Expr, obj types.Object) bool {
	ident, ok := ast.Unparen(expr).(*ast.Ident)
	return ok && obj != nil && s.pkg.Info.Uses[ident] == obj
}

// rooted reports whether the only variable in an expression is the session.
func rooted(s *source, expr ast.Expr, session types.Object) bool {
	only := true
	ast.Inspect(expr, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok {
			if v, ok := s.pkg.Info.Uses[ident].(*types.Var); ok && !v.IsField() && v != session {
				only = false
			}
		}
		return only
	})
	return only
}

// registeredAs learns from `sessions[id] = s` whose the session is.
func (m *mover) registeredAs(s *source, ident *ast.Ident) {
	index, ok := s.parent(m.mentioned(s, ident)).(*ast.IndexExpr)
	if !ok {
		return
	}
	assign, ok := s.parent(index).(*ast.AssignStmt)
	if !ok || len(assign.Lhs) != 1 || assign.Lhs[0] != ast.Expr(index) || len(assign.Rhs) != 1 {
		return
	}
	value, ok := ast.Unparen(assign.Rhs[0]).(*ast.Ident)
	if !ok {
		m.obstacle(assign, "the session that is registered is no local variable")
		return
	}
	fn := s.function(assign)
	session := s.pkg.Info.Uses[value]
	if a := m.saidIn(s, s.syntax, session, index.Index); a != nil {
		m.tells(assign, a)
		return
	}
	if fn == nil || !m.registeredBy(s, fn, session, index.Index) {
		m.obstacle(assign, "who the user is, can't be traced to the session's request or keys")
	}
}

// saidIn is the attribute of the session that an expression or a local variable has.
func (m *mover) saidIn(s *source, within ast.Node, session types.Object, expr ast.Expr) *attribute {
	bound := map[types.Object]*attribute{}
	ast.Inspect(within, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok || len(assign.Rhs) != 1 || assign.Pos() > expr.Pos() {
			return true
		}
		if ident, ok := assign.Lhs[0].(*ast.Ident); ok {
			if obj := s.pkg.Info.Defs[ident]; obj != nil {
				bound[obj] = m.sessionSays(s, session, bound, assign.Rhs[0])
			} else if obj := s.pkg.Info.Uses[ident]; obj != nil {
				delete(bound, obj)
			}
		}
		return true
	})
	return m.sessionSays(s, session, bound, expr)
}

// registeredBy follows the callers of a function that registers a session under one
// of its parameters.
func (m *mover) registeredBy(s *source, fn *ast.FuncDecl, session types.Object, key ast.Expr) bool {
	ident, ok := ast.Unparen(key).(*ast.Ident)
	if !ok {
		return false
	}
	at, who := m.parameter(s, fn, ident), -1
	obj, _ := s.pkg.Info.Defs[fn.Name].(*types.Func)
	if at < 0 || obj == nil {
		return false
	}
	for i := range obj.Signature().Params().Len() {
		if obj.Signature().Params().At(i) == session {
			who = i
		}
	}
	calls := 0
	for _, other := range m.files {
		ast.Inspect(other.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || who < 0 || !m.same(m.callee(other, call), obj) || len(call.Args) <= max(at, who) {
				return true
			}
			if passed, ok := ast.Unparen(call.Args[who]).(*ast.Ident); ok {
				if a := m.saidIn(other, other.syntax, other.pkg.Info.Uses[passed], call.Args[at]); a != nil {
					calls++
					m.tells(call, a)
					return true
				}
			}
			m.obstacle(call, "who the user is, can't be traced to the session's request or keys")
			return true
		})
	}
	return calls > 0
}
