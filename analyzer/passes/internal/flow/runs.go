package flow

import (
	"go/ast"
	"go/token"
	"go/types"
)

const maxStarts = 2

// runs reports whether f has, or starts, a loop that waits for something again and
// again and never ends by itself: a ticker, a queue.
func (p *Package) runs(f *fn, depth int) bool {
	if known, ok := p.running[f]; ok {
		return known
	}
	p.running[f] = false // by recursion alone nothing runs
	found := false
	ast.Inspect(f.body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt:
			found = found || n.Cond == nil && p.waits(n.Body)
		case *ast.RangeStmt:
			_, queue := under(p.TypeOf(n.X)).(*types.Chan)
			found = found || queue
		case *ast.CallExpr:
			found = found || depth < maxStarts && p.starts(n, depth+1)
		}
		return !found
	})
	p.running[f] = found
	return found
}

// waits reports whether a loop's body receives from a channel or sleeps.
func (p *Package) waits(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.CallExpr:
			fn, ok := p.ObjectOf(n.Fun).(*types.Func)
			found = found || ok && fn.Pkg() != nil && fn.Pkg().Path() == "time" && fn.Name() == "Sleep"
		}
		return !found
	})
	return found
}

// starts reports whether a call is of a function that runs.
func (p *Package) starts(call *ast.CallExpr, depth int) bool {
	fn, ok := p.ObjectOf(call.Fun).(*types.Func)
	if !ok {
		return false
	}
	if own := p.funcs[fn.Origin()]; own != nil {
		return p.runs(own, depth)
	}
	if fn.Pkg() == nil || fn.Pkg() == p.Types {
		return false
	}
	sum := p.World.Func(fn.Pkg().Path(), FuncName(fn))
	return sum != nil && sum.Runs
}
