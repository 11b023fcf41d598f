package sharedpayload

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/cfg"
)

// changed finds a change of b that may run after the hand-over, or nil.
func (f *body) changed(over handover, b base) *change {
	if b.copied {
		return nil
	}
	skip := f.refused(over)
	usable := func(c *change) bool {
		if f.fillsIn(over, c.node) {
			return false
		}
		for _, branch := range skip {
			if contains(branch, c.node) {
				return false
			}
		}
		return true
	}
	if c := f.atExit(b); c != nil {
		return c
	}
	if c := f.following(over, b, usable); c != nil {
		return c
	}
	if len(b.path) > 0 || f.isPackageVar(b) {
		return f.nextCall(over, b)
	}
	return nil
}

// fillsIn recognises a default that is given ahead of the hand-over, if it is
// missing: the next time round the loop it no longer is.
func (f *body) fillsIn(over handover, change ast.Node) bool {
	assign, ok := change.(*ast.AssignStmt)
	if !ok || len(assign.Lhs) != 1 || assign.End() > over.node.Pos() {
		return false
	}
	found := false
	inspectOwn(f.node, func(n ast.Node) {
		branch, ok := n.(*ast.IfStmt)
		if !ok || !contains(branch.Body, assign) {
			return
		}
		test, ok := ast.Unparen(branch.Cond).(*ast.BinaryExpr)
		found = found || ok && test.Op == token.EQL && types.ExprString(test.X) == types.ExprString(assign.Lhs[0]) && f.c.p.Empty(test.Y)
	})
	return found
}

func (f *body) isPackageVar(b base) bool {
	return b.root.Pkg() != nil && b.root.Parent() == b.root.Pkg().Scope()
}

// atExit finds a deferred change.
func (f *body) atExit(b base) *change {
	var found *change
	inspectOwn(f.node, func(n ast.Node) {
		d, ok := n.(*ast.DeferStmt)
		if !ok || found != nil {
			return
		}
		if lit, ok := d.Call.Fun.(*ast.FuncLit); ok {
			found = f.changes(lit.Body, b)
			return
		}
		found = f.changes(d.Call, b)
	})
	return found
}

// following walks the control flow from the hand-over on, around loops too, until
// b is given memory of its own.
func (f *body) following(over handover, b base, usable func(*change) bool) *change {
	graph := cfg.New(f.node, f.mayReturn)
	seen := map[*cfg.Block]bool{}
	var from func(block *cfg.Block, nodes []ast.Node) *change
	from = func(block *cfg.Block, nodes []ast.Node) *change {
		for _, n := range nodes {
			if c := f.step(n, over, b); c != nil && usable(c) {
				return c
			}
			if f.renews(n, b) {
				return nil
			}
		}
		for _, next := range block.Succs {
			if seen[next] {
				continue
			}
			seen[next] = true
			if c := from(next, next.Nodes); c != nil {
				return c
			}
		}
		return nil
	}
	clause := f.clause(over)
	for _, block := range graph.Blocks {
		if clause != nil && block.Kind == cfg.KindSelectCaseBody && block.Stmt == clause {
			return from(block, block.Nodes)
		}
		for i, n := range block.Nodes {
			if clause != nil {
				break
			}
			if contains(n, over.node) {
				return from(block, block.Nodes[i+1:])
			}
		}
	}
	return nil
}

// clause is the case of a select that the hand-over decides, or nil: the graph
// evaluates all of them before it branches, but only one happens.
func (f *body) clause(over handover) ast.Stmt {
	var found ast.Stmt
	inspectOwn(f.node, func(n ast.Node) {
		if c, ok := n.(*ast.CommClause); ok && c.Comm != nil && contains(c.Comm, over.node) {
			found = c
		}
	})
	return found
}

// step is the change that one node of the graph makes. Deferred calls run
// elsewhere.
func (f *body) step(n ast.Node, over handover, b base) *change {
	if _, deferred := n.(*ast.DeferStmt); deferred {
		return nil
	}
	c := f.changes(n, b)
	if c != nil && contains(c.node, over.node) {
		return nil
	}
	return c
}

// nextCall finds a change, anywhere in the function, of memory that outlives it:
// the next call makes it.
func (f *body) nextCall(over handover, b base) *change {
	renewed := false
	inspectOwn(f.node, func(n ast.Node) { renewed = renewed || f.renews(n, b) })
	if renewed {
		return nil
	}
	c := f.changes(f.node, b)
	if c == nil || contains(c.node, over.node) {
		return nil
	}
	if c.verb == "reset" || c.verb == "read into" || c.verb == "filled again" || c.verb == "written over" {
		return c
	}
	return nil
}

// refused lists the branches that run when the hand-over did not happen: those
// that depend on its result.
func (f *body) refused(over handover) []ast.Node {
	results := map[types.Object]bool{}
	inspectOwn(f.node, func(n ast.Node) {
		assign, ok := n.(*ast.AssignStmt)
		if !ok || len(assign.Rhs) != 1 || !contains(assign.Rhs[0], over.node) {
			return
		}
		for _, lhs := range assign.Lhs {
			if id, ok := lhs.(*ast.Ident); ok {
				results[f.c.pass.TypesInfo.ObjectOf(id)] = true
			}
		}
	})
	var out []ast.Node
	inspectOwn(f.node, func(n ast.Node) {
		branch, ok := n.(*ast.IfStmt)
		if ok && (contains(branch.Cond, over.node) || f.mentionsAny(branch.Cond, results)) {
			out = append(out, branch.Body)
		}
	})
	return out
}

func (f *body) mentionsAny(e ast.Expr, objs map[types.Object]bool) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && objs[f.c.pass.TypesInfo.ObjectOf(id)] {
			found = true
		}
		return !found
	})
	return found
}

func (f *body) mayReturn(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	return !ok || id.Name != "panic"
}
