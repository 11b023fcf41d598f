package singleton

import (
	"go/ast"
	"go/types"
	"slices"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/internal/roles"
)

// function judges a call of a package function over a singleton.
func (u *user) function(call *ast.CallExpr, stack []ast.Node) {
	fn, ok := u.p.ObjectOf(call.Fun).(*types.Func)
	if !ok || fn.Signature().Recv() != nil || u.isBound(fn) {
		return
	}
	var sites []*Site
	for _, st := range u.overs(fn) {
		if u.internal(st) {
			continue
		}
		c := follow(call, stack)
		s := &Site{Singleton: st.Singleton, Via: ViaFunc, Node: call, Action: call, Stmt: c.stmt, Callee: fn, Wrapper: true}
		u.place(s, stack)
		u.callOver(s, st, call, c)
		if s.Role != "" {
			sites = append(sites, s)
		}
	}
	u.result.Sites = append(u.result.Sites, foremost(sites)...)
}

// foremost leaves out what a function that delivers does to other managers on the
// way, such as to drop whom it cannot reach.
func foremost(sites []*Site) []*Site {
	var sends []*Site
	for _, s := range sites {
		switch s.Role {
		case findings.UserSend, findings.ConnSend, findings.RoomSend, findings.RoutedSend, findings.Broadcast:
			sends = append(sends, s)
		}
	}
	if len(sends) > 0 {
		return sends
	}
	return sites
}

// overs are the singletons that a call of fn acts on through package state, when fn
// is close enough to them to count as part of their surface.
func (u *user) overs(fn *types.Func) []*state {
	sum := u.p.FuncSummary(fn)
	if sum == nil {
		return nil
	}
	var out []*state
	effects := u.p.Expand(sum.Effects)
	for _, id := range sortedIDs(u.result.Known) {
		st := u.states[id]
		if st == nil || returnsState(sum, st.value) || !actsOn(effects, st.value) && !returnsPart(sum, st.value) && !u.asks(fn, sum, st) {
			continue
		}
		if u.surface(fn, sum, st, effects) {
			out = append(out, st)
		}
	}
	return out
}

// asks reports whether a function of the singleton's package, seen from another,
// answers a question by looking at it.
func (u *user) asks(fn *types.Func, sum *flow.Summary, st *state) bool {
	return u.crosses(fn, st) && slices.Contains(sum.Reads, st.variable())
}

// surface decides whether a function belongs to what callers see of a singleton:
// exported functions of its package, and small wrappers that hand on what they are
// given.
func (u *user) surface(fn *types.Func, sum *flow.Summary, st *state, effects []*flow.Effect) bool {
	home := fn.Pkg() != nil && flowPath(fn.Pkg()) == st.Package
	if home && fn.Pkg() != u.pass.Pkg {
		return true
	}
	if !home {
		return sum.Thin && u.wraps(st, effects)
	}
	if !sum.Small || fn.Signature().Params().Len() == 0 {
		return false
	}
	for _, e := range effects {
		if e.Target.Contains(st.value) && forwards(e) {
			return true
		}
	}
	return returnsPart(sum, st.value)
}

// wraps reports whether the effects are one send that hands on parameters.
func (u *user) wraps(st *state, effects []*flow.Effect) bool {
	v := u.subject(st.value, nil, true).Judge(effects)
	switch v.Role {
	case findings.UserSend, findings.ConnSend, findings.RoomSend:
		return len(v.Keys) > 0
	case findings.Broadcast:
		return len(v.Payload) > 0
	}
	return false
}

// forwards reports whether an effect hands on a parameter as key or payload.
func forwards(e *flow.Effect) bool {
	switch e.Op {
	case flow.Write, flow.Send, flow.Put, flow.Del, flow.Call, flow.Invoke:
	default:
		return false
	}
	found := false
	for _, s := range []flow.Set{e.Key, e.Val} {
		for _, v := range s {
			v.Leaves(func(x *flow.Value) { found = found || x.Op == flow.Param })
		}
	}
	e.Target.Leaves(func(x *flow.Value) { found = found || x.Op == flow.Param })
	return found
}

// callOver judges one such call.
func (u *user) callOver(s *Site, st *state, call *ast.CallExpr, c chain) {
	if u.overridden(s, s.Callee, call) {
		return
	}
	subject := u.subject(st.value, nil, true)
	var touching []*flow.Effect
	for _, e := range u.p.Expand(u.p.FuncSummary(s.Callee).Effects) {
		if e.Target.Contains(st.value) || serves(e, st.value) {
			touching = append(touching, e)
		}
	}
	v := u.startup(s.Callee, called(subject).Judge(touching))
	v = handsOut(v, flow.Join(u.p.FuncSummary(s.Callee).Results...), st.value)
	u.conclude(s, v, call)
	if v.Role != findings.Query {
		return
	}
	nodes := append([]ast.Node{call}, c.nodes...)
	later := u.later(nodes)
	var at ast.Node = call
	for _, n := range c.nodes {
		if found := u.touching(n, subject); len(found) > 0 {
			later, at = append(later, found...), n
		}
	}
	if loop, ok := c.end.(*ast.RangeStmt); ok {
		later = append(later, u.inside([]ast.Node{loop}, subject)...)
	}
	if len(later) > 0 {
		u.witnessed(s, subject.Judge(u.p.Expand(later)), at)
		s.Wrapper = false
		if a := s.Addressee; a != nil && a.Expr != nil && (a.Expr.Pos() < call.Pos() || a.Expr.End() > call.End()) {
			s.Action, s.Callee = at, nil // what was asked for is told who receives, not the function that gave it
		}
	}
}

// handsOut corrects the verdict on a function that gives what it finds under a key,
// and may make that first: whoever calls it asks for it.
func handsOut(v roles.Verdict, results flow.Set, state *flow.Value) roles.Verdict {
	found := func(r *flow.Value) bool { return r.Contains(state) && r.Passes(flow.Elem, flow.Msg) }
	if v.Role == findings.Lifecycle && slices.ContainsFunc(results, found) {
		return roles.Verdict{Role: findings.Query}
	}
	return v
}

// serves reports whether an effect handles what came out of a channel of the state.
func serves(e *flow.Effect, state *flow.Value) bool {
	found := false
	e.Values(func(v *flow.Value) { found = found || v.Op == flow.Msg && v.X.Contains(state) })
	return found
}

// functionValue reports a package function over a singleton that is used as a
// value.
func (u *user) functionValue(e ast.Expr, stack []ast.Node) {
	fn, ok := u.p.ObjectOf(e).(*types.Func)
	if !ok || fn.Signature().Recv() != nil {
		return
	}
	if call, ok := last(stack).(*ast.CallExpr); ok && ast.Unparen(call.Fun) == e {
		return
	}
	switch last(stack).(type) {
	case *ast.SelectorExpr, *ast.ParenExpr, *ast.IndexExpr, *ast.IndexListExpr:
		return
	}
	sum := u.p.FuncSummary(fn)
	if sum == nil {
		return
	}
	for _, id := range sortedIDs(u.result.Known) {
		st := u.states[id]
		if st == nil || u.internal(st) || !sum.Small {
			continue
		}
		if returnsState(sum, st.value) || u.crosses(fn, st) && actsOn(u.p.Expand(sum.Effects), st.value) {
			s := &Site{Singleton: st.Singleton, Via: ViaFunc, Node: e, Action: e, Stmt: enclosing(stack), Callee: fn, Role: findings.Escape, Reason: "used as a function value"}
			u.place(s, stack)
			u.result.Sites = append(u.result.Sites, s)
		}
	}
}

// crosses reports whether fn is of the singleton's package, seen from another.
func (u *user) crosses(fn *types.Func, st *state) bool {
	return fn.Pkg() != u.pass.Pkg && fn.Pkg() != nil && flowPath(fn.Pkg()) == st.Package
}

// judgeFuncs says what every function and method of the package does with a
// singleton: methods of a manager with their receiver, other functions with the
// package state behind them.
func (r *run) judgeFuncs() {
	r.result.Funcs = map[*types.Func]*Func{}
	managers := map[*types.Named]bool{}
	for _, s := range r.result.Singletons {
		if s.Named != nil {
			managers[s.Named.Origin()] = true
		}
	}
	touching := map[*types.Func]bool{}
	for _, fn := range r.p.Touching() {
		touching[fn] = true
	}
	for _, fn := range r.p.Funcs() {
		if named := receiverOf(fn); !touching[fn] && (named == nil || !managers[named.Origin()]) {
			continue
		}
		sum := r.p.FuncSummary(fn)
		if sum == nil {
			continue
		}
		if recv := fn.Signature().Recv(); recv != nil {
			if named := receiver(recv.Type()); named != nil && managers[named.Origin()] {
				r.judgeFunc(fn, r.subject(&flow.Value{Op: flow.Param}, nil, true), sum)
			}
			continue
		}
		effects := r.p.Expand(sum.Effects)
		for _, id := range sortedIDs(r.result.Known) {
			if st := r.states[id]; st != nil && actsOn(effects, st.value) {
				r.judgeFunc(fn, r.subject(st.value, nil, true), sum)
				break
			}
		}
	}
}

func receiverOf(fn *types.Func) *types.Named {
	if recv := fn.Signature().Recv(); recv != nil {
		return receiver(recv.Type())
	}
	return nil
}

func receiver(t types.Type) *types.Named {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	named, _ := types.Unalias(t).(*types.Named)
	return named
}

// judgeFunc notes what one function of the package does.
func (r *run) judgeFunc(fn *types.Func, subject *roles.Subject, sum *flow.Summary) {
	r.result.Funcs[fn] = r.verdict(fn, subject, sum)
}

// Func says what a function or method of this or another package does with a
// manager: a method with its receiver, a function with the package state behind
// it. It is nil when nothing is known.
func (r *Result) Func(fn *types.Func) *Func {
	fn = fn.Origin()
	if known := r.Funcs[fn]; known != nil || r.run == nil {
		return known
	}
	sum := r.Flow.FuncSummary(fn)
	if sum == nil {
		return nil
	}
	if fn.Signature().Recv() != nil {
		return r.run.verdict(fn, r.run.subject(&flow.Value{Op: flow.Param}, nil, true), sum)
	}
	effects := r.Flow.Expand(sum.Effects)
	for _, id := range sortedIDs(r.Known) {
		if st := r.run.states[id]; st != nil && actsOn(effects, st.value) {
			return r.run.verdict(fn, r.run.subject(st.value, nil, true), sum)
		}
	}
	return nil
}

func (r *run) verdict(fn *types.Func, subject *roles.Subject, sum *flow.Summary) *Func {
	v := called(subject).Judge(r.p.Expand(sum.Effects))
	f := &Func{Object: fn, Role: v.Role, State: v.State, Sets: v.Sets, Payload: v.Payload, Reason: v.Reason}
	sig := fn.Signature()
	for _, k := range v.Keys {
		if k.Root.Op != flow.Param || k.Root.Index == 0 || k.Root.Index > sig.Params().Len() {
			f.Keys = nil
			break
		}
		f.Keys = append(f.Keys, Param{
			Index: k.Root.Index, Path: k.Path, List: k.List, Looked: k.Looked,
			Variadic: sig.Variadic() && k.Root.Index == sig.Params().Len(),
			Type:     sig.Params().At(k.Root.Index - 1).Type(),
		})
	}
	return f
}
