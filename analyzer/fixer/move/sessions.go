package move

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// sessions is a manager whose connections are sessions of melody: one Melody that
// everybody is connected to, and perhaps a map from users to their sessions.
type sessions struct {
	list  *entries // the map, nil when a Melody alone holds the sessions
	user  *attribute
	key   types.Type // of a user, as the sessions are told apart by
	calls []*accepting
	hooks map[string][]callback // by method of the Melody
	sends []*filtered
}

// accepting is a call of HandleRequest or HandleRequestWithKeys.
type accepting struct {
	*source
	call *ast.CallExpr
	body *ast.BlockStmt
	user string // the expression for its user
}

// callback is a function that a Melody calls with a session.
type callback struct {
	*source
	body    *ast.BlockStmt
	session types.Object // its parameter
}

// filtered is a call of BroadcastFilter that addresses one user.
type filtered struct {
	*source
	call *ast.CallExpr
	user ast.Expr
}

// melodyType is Melody or Session when a type is that of melody or a pointer to it,
// "" for others.
func melodyType(t types.Type) string {
	if t == nil {
		return ""
	}
	named, ok := types.Unalias(deref(types.Unalias(t))).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return ""
	}
	switch named.Obj().Pkg().Path() {
	case "github.com/olahol/melody", "gopkg.in/olahol/melody.v1":
		return named.Obj().Name()
	}
	return ""
}

func isSession(t types.Type) bool {
	_, pointer := types.Unalias(t).(*types.Pointer)
	return pointer && melodyType(t) == "Session"
}

// sessions finds such a manager, nil when it is none.
func (m *mover) sessions() *sessions {
	obj := m.Singleton.Object
	if obj == nil {
		return nil
	}
	found := m.sessionsIn(obj)
	if named := m.Singleton.Named; named != nil && found == nil {
		if structure, ok := named.Underlying().(*types.Struct); ok {
			for field := range structure.Fields() {
				if one := m.sessionsIn(field); one != nil && (found == nil || found.list == nil) {
					found = one
				}
			}
		}
	}
	return found
}

func (m *mover) sessionsIn(v *types.Var) *sessions {
	if melodyType(v.Type()) == "Melody" {
		return &sessions{}
	}
	mapped, ok := v.Type().Underlying().(*types.Map)
	if !ok || !isSession(mapped.Elem()) || keyCode(mapped.Key()) == nil {
		return nil
	}
	return &sessions{list: &entries{obj: v, shape: single, key: mapped.Key(), elem: mapped.Elem()}}
}

// planSessions moves them: the generated types stand where melody's were.
func (m *mover) planSessions(list *sessions) {
	m.melody, m.list = list, list.list
	m.files = slices.DeleteFunc(m.files, func(s *source) bool { return !m.knows(s.pkg.Types) })
	m.sessionCalls()
	m.tellApart()
	if len(m.obstacles) > 0 {
		return
	}
	m.file(&registry{obj: m.Singleton.Object, key: list.key})
	m.result.File.serve(list, m.sessionsAbroad())
	if m.list != nil {
		m.result.File.keep(m.list, m.abroad())
		m.eachMention(m.entryUse)
		m.undeclare()
		m.idleHooks()
	}
	for _, s := range m.files {
		m.sessionNames(s)
	}
	for _, call := range list.calls {
		m.acceptSession(call)
	}
	for _, send := range list.sends {
		m.sendToUser(send)
	}
}

// knows reports whether a package is the manager's or imports it.
func (m *mover) knows(pkg *types.Package) bool {
	own := m.Package.Types.Path()
	return pkg.Path() == own || slices.ContainsFunc(pkg.Imports(), func(p *types.Package) bool { return p.Path() == own })
}

// usesMelody reports whether a file imports melody.
func usesMelody(s *source) bool {
	for _, spec := range s.syntax.Imports {
		switch strings.Trim(spec.Path.Value, `"`) {
		case "github.com/olahol/melody", "gopkg.in/olahol/melody.v1":
			return true
		}
	}
	return false
}

// sessionsAbroad reports whether another package than the manager's names melody's
// types.
func (m *mover) sessionsAbroad() bool {
	for _, s := range m.files {
		if usesMelody(s) && s.pkg.Types.Path() != m.Package.Types.Path() {
			return true
		}
	}
	return false
}

// onMelody is the method that a call has on melody's type of that name, "" for others.
func onMelody(s *source, call *ast.CallExpr, typ string) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || melodyType(s.pkg.Info.TypeOf(sel.X)) != typ {
		return ""
	}
	return sel.Sel.Name
}

// sessionCalls gathers what is called on the Melody, of which there may be just one.
func (m *mover) sessionCalls() {
	m.melody.hooks = map[string][]callback{}
	made := 0
	for _, s := range m.files {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if fn, ok := m.callee(s, call).(*types.Func); ok && fn.Name() == "New" && fn.Pkg() != nil && melodyType(s.pkg.Info.TypeOf(call)) == "Melody" {
				made++
			}
			switch name := onMelody(s, call, "Melody"); name {
			case "HandleRequest", "HandleRequestWithKeys":
				m.melody.calls = append(m.melody.calls, &accepting{source: s, call: call})
			case "HandleConnect", "HandleDisconnect", "HandleMessage", "HandleMessageBinary":
				m.hook(s, call, name)
			}
			return true
		})
	}
	switch {
	case made != 1:
		m.obstacle(m.Singleton.Node, "melody.New is called in %d places: whose sessions are whose can't be told", made)
	case len(m.melody.calls) == 0:
		m.obstacle(m.Singleton.Node, "no call of HandleRequest was found that the sessions come from")
	}
}

// hook notes the function that is given to HandleConnect and its like.
func (m *mover) hook(s *source, call *ast.CallExpr, name string) {
	if at, body, typ := m.functionOf(s, call.Args[0]); body != nil {
		if params := typ.Params.List; len(params) > 0 && len(params[0].Names) > 0 {
			m.melody.hooks[name] = append(m.melody.hooks[name], callback{at, body, at.pkg.Info.Defs[params[0].Names[0]]})
		}
	}
}

// functionOf is the body of the function that an expression names or is.
func (m *mover) functionOf(s *source, expr ast.Expr) (*source, *ast.BlockStmt, *ast.FuncType) {
	if lit, ok := ast.Unparen(expr).(*ast.FuncLit); ok {
		return s, lit.Body, lit.Type
	}
	obj, ok := variableOf(s, expr).(*types.Func)
	if !ok {
		return nil, nil, nil
	}
	for _, other := range m.files {
		for _, decl := range other.syntax.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil && m.same(other.pkg.Info.Defs[fn.Name], obj) {
				return other, fn.Body, fn.Type
			}
		}
	}
	return nil, nil, nil
}

// undeclare removes the map.
func (m *mover) undeclare() {
	for _, s := range m.files {
		for ident, obj := range s.pkg.Info.Defs {
			if m.same(obj, m.list.obj) && m.within(s, ident) {
				m.declaration(s, ident)
			}
		}
	}
}

// idleHooks removes the calls of HandleDisconnect whose function does nothing any more.
func (m *mover) idleHooks() {
	for _, hook := range m.melody.hooks["HandleDisconnect"] {
		lit, ok := hook.parent(hook.body).(*ast.FuncLit)
		if !ok || !m.idle(hook) {
			continue
		}
		if stmt := hook.statement(lit); hook.parent(hook.parent(lit)) == ast.Node(stmt) {
			m.remove(hook.source, stmt)
		}
	}
}

// idle reports whether all that is left of a function is locking, and looking up what
// nothing uses.
func (m *mover) idle(c callback) bool {
	for _, stmt := range c.body.List {
		if m.removed[stmt] {
			continue
		}
		switch stmt := stmt.(type) {
		case *ast.ExprStmt:
			if call, ok := stmt.X.(*ast.CallExpr); ok && m.locks(c.source, call) {
				continue
			}
		case *ast.DeferStmt:
			if m.locks(c.source, stmt.Call) {
				continue
			}
		case *ast.AssignStmt:
			if m.saysOnly(c, stmt) {
				continue
			}
		}
		return false
	}
	return true
}

// saysOnly reports whether a statement declares what the session says, and nothing
// that stays uses it.
func (m *mover) saysOnly(c callback, assign *ast.AssignStmt) bool {
	if assign.Tok != token.DEFINE || len(assign.Rhs) != 1 || m.sessionSays(c.source, c.session, nil, assign.Rhs[0]) == nil {
		return false
	}
	used := false
	ast.Inspect(c.body, func(n ast.Node) bool {
		if m.removed[n] {
			return false
		}
		for _, left := range assign.Lhs {
			ident, ok := left.(*ast.Ident)
			used = used || ok && c.pkg.Info.Defs[ident] != nil && isIdent(c.source, n, c.pkg.Info.Defs[ident])
		}
		return true
	})
	return !used
}

func isIdent(s *source, n ast.Node, obj types.Object) bool {
	ident, ok := n.(*ast.Ident)
	return ok && s.pkg.Info.Uses[ident] == obj
}

// stringOf is the value of a constant string expression.
func stringOf(s *source, expr ast.Expr) (string, bool) {
	tv := s.pkg.Info.Types[expr]
	if tv.Value == nil || tv.Value.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(tv.Value), true
}
