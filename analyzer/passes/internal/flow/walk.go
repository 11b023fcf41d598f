package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// walker reads one function body and notes its effects, each with the conditions
// that hold where it happens. Literals are read where they stand: what they are
// given was found when their parameters were evaluated.
type walker struct {
	p      *Package
	guards Set
	out    []*Effect
	within []*ast.FuncLit // literals that are being read where they are called
}

// maxBody bounds the effects of one function body: beyond it only deliveries and
// stores are noted, and four times beyond it nothing.
const maxBody = 200

// bodyEffects is what the body of f does, in terms of f.
func (p *Package) bodyEffects(f *fn) []*Effect {
	w := &walker{p: p}
	w.block(f.body.List)
	return w.out
}

// EffectsAt returns the effects that one call, send, assignment or other node of
// a function causes. The function must have been summarized.
func (p *Package) EffectsAt(n ast.Node) []*Effect { return p.effects[n] }

func (w *walker) emit(n ast.Node, effects ...*Effect) {
	for _, e := range effects {
		if e.Target == nil || len(w.out) >= maxBody && rank(e.Op) > 0 || len(w.out) >= 4*maxBody {
			continue
		}
		c := *e
		c.key, c.node = Identity{}, n
		c.Guards = Join(e.Guards, w.guards)
		w.out = append(w.out, &c)
		w.p.effects[n] = append(w.p.effects[n], &c)
	}
}

// under runs f with more conditions known to hold.
func (w *walker) under(more Set, f func()) {
	saved := w.guards
	w.guards = Join(saved, more)
	f()
	w.guards = saved
}

// block reads statements in order. After an if that leaves, its condition is
// known not to hold for what follows.
func (w *walker) block(list []ast.Stmt) {
	saved := w.guards
	for _, s := range list {
		w.stmt(s)
		if branch, ok := s.(*ast.IfStmt); ok && branch.Else == nil && leaves(branch.Body) {
			w.guards = Join(w.guards, conditions(negate(w.p.Eval(branch.Cond))))
		}
	}
	w.guards = saved
}

// leaves reports whether control never runs off the end of the block.
func leaves(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch last := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return last.Tok == token.CONTINUE || last.Tok == token.BREAK || last.Tok == token.GOTO
	case *ast.ExprStmt:
		call, ok := last.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := call.Fun.(*ast.Ident)
		return ok && id.Name == "panic"
	}
	return false
}

// conditions flattens what is known to hold when every value of s may be the
// condition.
func conditions(s Set) Set {
	if len(s) != 1 {
		if len(s) > 1 {
			return one(&Value{Op: Or, Args: s})
		}
		return nil
	}
	v := membership(s[0])
	s = Set{v}
	switch v.Op {
	case And:
		var out Set
		for _, a := range v.Args {
			out = append(out, conditions(Set{a})...)
		}
		return out
	case Not:
		if v.X.Op == Or { // not (a or b) is not a, and not b
			var out Set
			for _, a := range v.X.Args {
				out = append(out, conditions(negate(Set{a}))...)
			}
			return out
		}
		return telltale(s)
	case Eq, In, Or, Apply:
		return telltale(s)
	}
	return nil
}

// membership reads the truth of an element as the question whether its key is in
// the container: c.rooms[room] of a map to bool.
func membership(v *Value) *Value {
	switch {
	case v.Op == Elem && len(v.Keys) == 1:
		return one(&Value{Op: In, X: v.X, Args: v.Keys})[0]
	case v.Op == Not:
		return one(&Value{Op: Not, X: membership(v.X)})[0]
	}
	return v
}

// telltale keeps the conditions that can tell one element of a container from
// another.
func telltale(s Set) Set {
	var out Set
	for _, v := range s {
		picks := false
		v.Leaves(func(x *Value) { picks = picks || x.Op == Elem || x.Op == Key || x.Op == Apply || x.Op == In })
		if picks && v.look().nodes <= maxSize/2 {
			out = append(out, v)
		}
	}
	return out
}

func (w *walker) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.BlockStmt:
		w.block(s.List)
	case *ast.IfStmt:
		w.ifStmt(s)
	case *ast.ForStmt:
		w.forStmt(s)
	case *ast.RangeStmt:
		w.rangeStmt(s)
	case *ast.SwitchStmt:
		w.switchStmt(s)
	case *ast.TypeSwitchStmt:
		w.optional(s.Init)
		w.optional(s.Assign)
		w.clauses(s.Body)
	case *ast.SelectStmt:
		w.clauses(s.Body)
	case *ast.LabeledStmt:
		w.stmt(s.Stmt)
	case *ast.SendStmt:
		w.send(s)
	case *ast.AssignStmt:
		w.assign(s)
	case *ast.IncDecStmt:
		w.expr(s.X)
		w.set(s, s.X, unknown)
	default:
		w.children(s)
	}
}

func (w *walker) optional(s ast.Stmt) {
	if s != nil {
		w.stmt(s)
	}
}

func (w *walker) ifStmt(s *ast.IfStmt) {
	w.optional(s.Init)
	w.expr(s.Cond)
	cond := w.p.Eval(s.Cond)
	w.under(conditions(cond), func() { w.block(s.Body.List) })
	if s.Else != nil {
		w.under(conditions(negate(cond)), func() { w.stmt(s.Else) })
	}
}

func (w *walker) forStmt(s *ast.ForStmt) {
	w.optional(s.Init)
	if s.Cond != nil {
		w.expr(s.Cond)
	}
	w.optional(s.Post)
	w.block(s.Body.List)
}

func (w *walker) rangeStmt(s *ast.RangeStmt) {
	w.expr(s.X)
	if _, ok := under(w.p.TypeOf(s.X)).(*types.Chan); ok {
		w.receive(s, s.X)
	}
	w.block(s.Body.List)
}

func (w *walker) switchStmt(s *ast.SwitchStmt) {
	w.optional(s.Init)
	var tag Set
	if s.Tag != nil {
		w.expr(s.Tag)
		tag = w.p.Eval(s.Tag)
	}
	for _, clause := range s.Body.List {
		c, ok := clause.(*ast.CaseClause)
		if !ok {
			continue
		}
		var any []Set
		for _, e := range c.List {
			w.expr(e)
			if tag != nil {
				any = append(any, equal(tag, w.p.Eval(e)))
			} else {
				any = append(any, w.p.Eval(e))
			}
		}
		w.under(conditions(Join(any...)), func() { w.block(c.Body) })
	}
}

func (w *walker) clauses(body *ast.BlockStmt) {
	for _, clause := range body.List {
		switch c := clause.(type) {
		case *ast.CaseClause:
			w.block(c.Body)
		case *ast.CommClause:
			w.optional(c.Comm)
			w.block(c.Body)
		}
	}
}

// children reads the expressions of statements that bring no condition.
func (w *walker) children(n ast.Node) {
	ast.Inspect(n, func(child ast.Node) bool {
		if e, ok := child.(ast.Expr); ok {
			w.expr(e)
			return false
		}
		if b, ok := child.(*ast.BlockStmt); ok {
			w.block(b.List)
			return false
		}
		return true
	})
}

// expr notes the effects of the calls, receives and literals inside e.
func (w *walker) expr(e ast.Expr) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			if !w.p.calledOnly(n) {
				w.block(n.Body.List)
			}
			return false
		case *ast.CallExpr:
			w.call(n)
			return false
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				w.receive(n, n.X)
			}
		case *ast.TypeAssertExpr:
			w.assert(n)
		case *ast.BinaryExpr:
			if n.Op == token.LAND {
				w.expr(n.X)
				w.under(conditions(w.p.Eval(n.X)), func() { w.expr(n.Y) })
				return false
			}
		}
		return true
	})
}

func (w *walker) call(n *ast.CallExpr) {
	w.expr(n.Fun)
	for _, a := range n.Args {
		w.expr(a)
	}
	if lit := w.p.heldLiteral(n.Fun); lit != nil && w.p.calledOnly(lit) {
		w.inPlace(lit)
		return
	}
	w.emit(n, w.p.resolve(n, true).effects...)
}

// calledOnly reports whether all that happens to a literal is that the variable which
// holds it is called: then it is read there, under the conditions that hold there.
func (p *Package) calledOnly(lit *ast.FuncLit) bool {
	f := p.lits[lit]
	return f != nil && f.context.call == nil && slices.ContainsFunc(f.context.calls, func(call *ast.CallExpr) bool {
		return call.Pos() < lit.Pos() || call.End() > lit.End()
	})
}

const maxNested = 4

// inPlace reads the body of a literal where it is called.
func (w *walker) inPlace(lit *ast.FuncLit) {
	if len(w.within) >= maxNested || slices.Contains(w.within, lit) {
		return
	}
	w.within = append(w.within, lit)
	w.block(lit.Body.List)
	w.within = w.within[:len(w.within)-1]
}

func (w *walker) receive(n ast.Node, ch ast.Expr) {
	for _, v := range w.p.Eval(ch) {
		w.emit(n, &Effect{Op: Recv, Target: v, Name: w.p.ChannelKey(ch)})
	}
}

// assert learns from x.(T) that x carries a connection.
func (w *walker) assert(n *ast.TypeAssertExpr) {
	if n.Type == nil {
		return
	}
	if lib := w.p.Reaches(w.p.TypeOf(n.Type)); lib != "" {
		for _, v := range w.p.Eval(n) {
			w.emit(n, &Effect{Op: Holds, Target: v, Name: lib})
		}
	}
}
