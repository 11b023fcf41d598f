package singleton

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/internal/roles"
)

func flowPath(pkg *types.Package) string { return conns.CleanPath(pkg.Path()) }

// chain is what is done to a mention of a manager: the selections, lookups and
// calls that follow it, and the node that they end in.
type chain struct {
	nodes []ast.Node // outward from the mention
	end   ast.Node   // what the outermost of them is an operand of
	top   ast.Expr   // the outermost expression of the chain
	stmt  ast.Stmt
}

// follow climbs from e to the statement that it is part of.
func follow(e ast.Expr, stack []ast.Node) chain {
	c := chain{top: e}
	child := ast.Node(e)
	for i := len(stack) - 1; i >= 0; i-- {
		n := stack[i]
		if !continues(n, child) {
			c.end = n
			c.stmt = enclosing(stack[:i+1])
			return c
		}
		c.nodes = append(c.nodes, n)
		if x, ok := n.(ast.Expr); ok {
			c.top = x
		}
		child = n
	}
	return c
}

// continues reports whether n only goes on from what child stands for.
func continues(n, child ast.Node) bool {
	switch n := n.(type) {
	case *ast.ParenExpr, *ast.StarExpr, *ast.TypeAssertExpr, *ast.SliceExpr:
		return true
	case *ast.SelectorExpr:
		return n.X == child
	case *ast.IndexExpr:
		return n.X == child
	case *ast.CallExpr:
		return n.Fun == child
	case *ast.UnaryExpr:
		return n.Op == token.AND || n.Op == token.ARROW
	}
	return false
}

func enclosing(stack []ast.Node) ast.Stmt {
	for i := len(stack) - 1; i >= 0; i-- {
		if s, ok := stack[i].(ast.Stmt); ok {
			return s
		}
	}
	return nil
}

// site judges one mention e of a singleton.
func (u *user) site(e ast.Expr, stack []ast.Node, st *state) {
	c := follow(e, stack)
	s := &Site{Singleton: st.Singleton, Via: u.via(e), Node: e, Action: e, Stmt: c.stmt}
	if (s.Via == ViaLocal || s.Via == ViaField) && !u.acts(c) {
		return
	}
	if _, fn := u.method(e, c); u.isBound(fn) {
		return
	}
	u.place(s, stack)
	u.judge(s, c, st)
	u.result.Sites = append(u.result.Sites, s)
}

// place notes where the site is.
func (u *user) place(s *Site, stack []ast.Node) {
	s.File, s.Decl, s.Test = u.file, u.decl, u.test
	s.CrossPackage = s.Singleton.Package != flowPath(u.pass.Pkg)
	for _, n := range stack {
		if lit, ok := n.(*ast.FuncLit); ok {
			s.Lit = lit
		}
	}
}

// acts reports whether something is done with a copy: naming it again, or testing
// it against nil, is nothing.
func (u *user) acts(c chain) bool {
	if len(c.nodes) > 0 {
		return true
	}
	switch end := c.end.(type) {
	case *ast.CallExpr, *ast.ReturnStmt, *ast.SendStmt, *ast.RangeStmt, *ast.CompositeLit, *ast.KeyValueExpr:
		return true
	case *ast.AssignStmt:
		for _, lhs := range end.Lhs {
			if ast.Unparen(lhs) == c.top {
				return false
			}
			if v, ok := u.p.ObjectOf(lhs).(*types.Var); ok && (flow.IsPackageVar(v) || v.IsField()) {
				return true
			}
		}
	}
	return false
}

// judge finds the role: by the method called, else by what else the chain does,
// else by where the manager goes.
func (u *user) judge(s *Site, c chain, st *state) {
	subject := u.subject(st.value, nil, true)
	subject.Single = st.Form == findings.LastConnection
	if call, fn := u.method(s.Node, c); call != nil {
		s.Action, s.Callee = call, fn
		if u.overridden(s, fn, call) {
			return
		}
		if u.called(s, subject, call, fn) && s.Role != findings.Query {
			return
		}
	}
	if u.done(s, subject, c, st) {
		return
	}
	if s.Role == "" {
		u.goes(s, c, st)
	}
}

// method is the call of a method on the manager itself.
func (u *user) method(e ast.Expr, c chain) (*ast.CallExpr, *types.Func) {
	child := ast.Node(e)
	for i, n := range c.nodes {
		switch n := n.(type) {
		case *ast.ParenExpr, *ast.StarExpr, *ast.TypeAssertExpr:
			child = n
			continue
		case *ast.SelectorExpr:
			fn, ok := u.p.ObjectOf(n).(*types.Func)
			if !ok || n.X != child || i+1 >= len(c.nodes) {
				return nil, nil
			}
			call, _ := c.nodes[i+1].(*ast.CallExpr)
			return call, fn
		}
		return nil, nil
	}
	return nil, nil
}

// called judges a method call by the summaries of the methods that it may reach,
// with everything but the receiver left open.
func (u *user) called(s *Site, subject *roles.Subject, call *ast.CallExpr, fn *types.Func) bool {
	effects := u.effectsOf(fn, subject.State, 0)
	if effects == nil {
		effects = u.p.Expand(u.p.EffectsAt(call))
		if len(effects) == 0 {
			u.opaque(s, fn)
			return s.Role != ""
		}
		u.witnessed(s, subject.Judge(effects), call)
		return true
	}
	if u.hasPredicate(effects) {
		u.witnessed(s, subject.Judge(u.p.Expand(u.p.EffectsAt(call))), call)
		return true
	}
	v := u.startup(fn, called(subject).Judge(effects))
	for _, sum := range u.p.Targets(fn) {
		v = handsOut(v, flow.Join(sum.Results...), &flow.Value{Op: flow.Param})
	}
	u.conclude(s, v, call)
	return true
}

// startup corrects the verdict on a function that works by itself for as long as the
// program runs: it is given an address at most, and no connection or request, and
// accepts connections, or does much else beside what it sends.
func (u *user) startup(fn *types.Func, v roles.Verdict) roles.Verdict {
	for _, k := range v.Keys {
		if k.Root.Op == flow.Param {
			return v
		}
	}
	for p := range fn.Signature().Params().Variables() {
		if _, basic := p.Type().Underlying().(*types.Basic); !basic {
			return v
		}
	}
	switch v.Role {
	case findings.Register:
		return roles.Verdict{Role: findings.Lifecycle}
	case findings.UserSend, findings.ConnSend, findings.RoomSend, findings.RoutedSend:
		if sum := u.p.FuncSummary(fn); fn.Signature().Params().Len() == 0 && fn.Signature().Recv() == nil && sum != nil && !sum.Small {
			return roles.Verdict{Role: findings.Lifecycle}
		}
	case findings.Broadcast:
		if sum := u.p.FuncSummary(fn); len(v.Payload) == 0 && sum != nil && sum.Runs {
			return roles.Verdict{Role: findings.Lifecycle}
		}
	}
	return v
}

// called is the subject of what a function does that is called here.
func called(subject *roles.Subject) *roles.Subject {
	c := *subject
	c.Called = true
	return &c
}

// effectsOf is what fn does when parameter at is the manager, nil when its body is
// not known.
func (u *user) effectsOf(fn *types.Func, state *flow.Value, at int) []*flow.Effect {
	sums := u.p.Targets(fn)
	if len(sums) == 0 {
		return nil
	}
	out := []*flow.Effect{}
	operands := make([]flow.Set, at+1)
	operands[at] = flow.Set{state}
	for _, sum := range sums {
		out = append(out, flow.Bind(sum.Effects, operands, fn.Signature().Params().Len())...)
	}
	return u.p.Expand(out)
}

// hasPredicate reports whether a callback decides who receives.
func (u *user) hasPredicate(effects []*flow.Effect) bool {
	for _, e := range effects {
		for _, g := range e.Guards {
			if g.Op == flow.Apply {
				return true
			}
		}
	}
	return false
}

// opaque is the verdict on a method without a body to read.
func (u *user) opaque(s *Site, fn *types.Func) {
	if named := conns.Named(fn.Signature().Recv().Type()); named != nil && named.Obj().Pkg() != nil && conns.Std(named.Obj().Pkg().Path()) {
		return // a lock, a map: what follows decides
	}
	if u.p.Bodyless(fn) {
		s.Role, s.Reason = findings.Other, "the body of "+fn.Name()+" is not known here"
	}
}

// done judges what the chain, the statement that it ends in, and later uses of an
// element taken from the manager do.
func (u *user) done(s *Site, subject *roles.Subject, c chain, st *state) bool {
	var effects []*flow.Effect
	nodes := append([]ast.Node(nil), c.nodes...)
	if call, ok := c.end.(*ast.CallExpr); ok && isBuiltin(u, call) {
		nodes = append(nodes, call)
	}
	switch c.end.(type) {
	case *ast.SendStmt, *ast.AssignStmt, *ast.IncDecStmt, *ast.RangeStmt:
		nodes = append(nodes, c.end)
	}
	var acting ast.Node
	for _, n := range nodes {
		found := u.touching(n, subject)
		if len(found) > 0 {
			acting = n
		}
		effects = append(effects, found...)
	}
	if send, ok := acting.(*ast.SendStmt); ok {
		return u.sent(s, subject, send)
	}
	effects = append(effects, u.later(nodes)...)
	effects = append(effects, u.inside(nodes, subject)...)
	if len(effects) == 0 {
		return false
	}
	v := subject.Judge(u.p.Expand(effects))
	if v.Role == findings.Query && s.Role != "" {
		return true
	}
	if acting != nil {
		s.Action = acting
	}
	u.witnessed(s, v, acting)
	_ = st
	return true
}

func isBuiltin(u *user, call *ast.CallExpr) bool {
	id, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok {
		return false
	}
	_, ok = u.pass.TypesInfo.Uses[id].(*types.Builtin)
	return ok
}

// touching are the effects at n on the manager; effects of the same node on other
// things are not its.
func (u *user) touching(n ast.Node, subject *roles.Subject) []*flow.Effect {
	var out []*flow.Effect
	for _, e := range u.p.EffectsAt(n) {
		if e.Target.Contains(subject.State) {
			out = append(out, e)
		}
	}
	return out
}

// later are the deliveries, anywhere in the function, to an element that one of
// the nodes picked.
func (u *user) later(nodes []ast.Node) []*flow.Effect {
	fn := u.enclosingFunc()
	if fn == nil {
		return nil
	}
	picked := map[ast.Node]bool{}
	for _, n := range nodes {
		picked[n] = true
	}
	var out []*flow.Effect
	for _, e := range u.p.Expand(u.p.Body(fn)) {
		if handsOver(e) && pickedBy(e.Target, picked) {
			out = append(out, e)
		}
	}
	return out
}

// handsOver reports whether an effect delivers: a write to a connection, or a send on
// a channel that is itself what the registry holds.
func handsOver(e *flow.Effect) bool {
	return e.Op == flow.Write || e.Op == flow.Send && e.Target.Op == flow.Elem
}

// inside are the effects on the manager in the body of a loop over it, or in a
// callback that it calls for each of its elements.
func (u *user) inside(nodes []ast.Node, subject *roles.Subject) []*flow.Effect {
	var loop ast.Node
	for _, n := range nodes {
		switch n := n.(type) {
		case *ast.RangeStmt:
			loop = n
		case *ast.CallExpr:
			for _, a := range n.Args {
				if _, ok := ast.Unparen(a).(*ast.FuncLit); ok && !u.hook(n) {
					loop = n
				}
			}
		}
	}
	fn := u.enclosingFunc()
	if loop == nil || fn == nil {
		return nil
	}
	var out []*flow.Effect
	for _, e := range u.p.Expand(u.p.Body(fn)) {
		n := e.Node()
		if n == nil || n.Pos() <= loop.Pos() || n.End() > loop.End() {
			continue
		}
		if handsOver(e) && e.Target.Contains(subject.State) || subject.Picks(e) {
			out = append(out, e)
		}
	}
	return out
}

// hook reports whether a call hands a library's registry a function for later: what
// that sends, it sends when it is called.
func (u *user) hook(call *ast.CallExpr) bool {
	fn, ok := u.p.ObjectOf(call.Fun).(*types.Func)
	if !ok || fn.Signature().Recv() == nil {
		return false
	}
	named := conns.Named(fn.Signature().Recv().Type())
	return named != nil && u.p.Catalog.Hub(named) != "" && (strings.HasPrefix(fn.Name(), "Handle") || strings.HasPrefix(fn.Name(), "On"))
}

// enclosingFunc is the enclosing declared function, nil at package level.
func (u *user) enclosingFunc() *types.Func {
	if u.decl == nil {
		return nil
	}
	fn, _ := u.pass.TypesInfo.Defs[u.decl.Name].(*types.Func)
	return fn
}

// pickedBy reports whether v was taken from the manager by one of the nodes and is
// itself what was taken, not something in a container of its own.
func pickedBy(v *flow.Value, nodes map[ast.Node]bool) bool {
	for ; v != nil; v = v.X {
		if v.Op == flow.Elem && v.At() != nil && nodes[v.At()] {
			return true
		}
		if (v.Op == flow.Elem || v.Op == flow.Key) && v.X != nil && v.X.Op == flow.Field {
			return false
		}
	}
	return false
}

// functionName is the name of the enclosing function as reports write it.
func functionName(decl *ast.FuncDecl) string {
	if decl == nil {
		return ""
	}
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return decl.Name.Name
	}
	return "(" + strings.TrimSpace(types.ExprString(decl.Recv.List[0].Type)) + ")." + decl.Name.Name
}

// Function is the enclosing function, "(*T).M" for methods, "" at package level.
func (s *Site) Function() string { return functionName(s.Decl) }

// Symbol is what the code names at the site, "realtime.GetManager".
func (s *Site) Symbol() string {
	e := ast.Unparen(s.Node)
	for {
		switch x := e.(type) {
		case *ast.CallExpr:
			e = ast.Unparen(x.Fun)
			continue
		case *ast.TypeAssertExpr:
			e = ast.Unparen(x.X)
			continue
		case *ast.StarExpr:
			e = ast.Unparen(x.X)
			continue
		case *ast.UnaryExpr:
			e = ast.Unparen(x.X)
			continue
		}
		break
	}
	return types.ExprString(e)
}
