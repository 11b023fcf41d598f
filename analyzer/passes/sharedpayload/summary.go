package sharedpayload

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// handles is the fact that a function gives parameters to a queue that ends at
// connections, writes them to a connection itself, or gives them to a pool; -1 is
// the receiver.
type handles struct{ Queued, Written, Pooled []int }

func (*handles) AFact() {}

func (h *handles) String() string {
	return fmt.Sprintf("queues %v, writes %v, pools %v", h.Queued, h.Written, h.Pooled)
}

func (h *handles) size() int { return len(h.Queued) + len(h.Written) + len(h.Pooled) }

// queues is the fact that a package has functions with handles.
type queues struct{ Count int }

func (*queues) AFact()           {}
func (q *queues) String() string { return fmt.Sprintf("%d functions queue or pool", q.Count) }

// handlesOf returns what is known of f, nil for nothing.
func (c *checker) handlesOf(f *types.Func) *handles {
	f = f.Origin()
	if f.Pkg() == c.pass.Pkg {
		return c.handles[f]
	}
	if !c.p.Catalog.FirstParty(f.Pkg().Path()) {
		return nil
	}
	fact := new(handles)
	if c.pass.ImportObjectFact(f, fact) {
		return fact
	}
	return nil
}

// summarize finds the functions of this package that hand on what they are given.
// A function that calls one is one, so it goes around until nothing is new.
func (c *checker) summarize() {
	for range 6 {
		changed := false
		for _, f := range c.p.Funcs() {
			h := c.read(f)
			if old := c.handles[f]; h != nil && (old == nil || h.size() > old.size()) {
				c.handles[f] = h
				changed = true
			}
		}
		if !changed {
			break
		}
	}
	exported := 0
	for _, f := range c.p.Funcs() {
		if h := c.handles[f]; h != nil && reachable(f) {
			c.pass.ExportObjectFact(f, h)
			exported++
		}
	}
	if exported > 0 {
		c.pass.ExportPackageFact(&queues{Count: exported})
	}
}

// reachable reports whether other packages can name f.
func reachable(f *types.Func) bool {
	if !f.Exported() {
		return false
	}
	recv := f.Signature().Recv()
	if recv == nil {
		return true
	}
	named := conns.Named(recv.Type())
	return named != nil && named.Obj().Parent() == f.Pkg().Scope()
}

func (c *checker) read(f *types.Func) *handles {
	decl := c.p.Decl(f)
	body := newBody(c, decl.Body)
	h := &handles{}
	note := func(list *[]int, value ast.Expr) {
		for _, b := range body.bases(value, 0) {
			if i, ok := parameter(f, b); ok && !slices.Contains(*list, i) {
				*list = append(*list, i)
			}
		}
	}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		if _, started := n.(*ast.GoStmt); !started {
			for _, over := range c.handovers(n) {
				note(&h.Queued, over.value)
			}
		}
		if call, ok := n.(*ast.CallExpr); ok {
			for _, value := range c.givenToPool(call) {
				note(&h.Pooled, value)
			}
			for _, i := range c.written(call) {
				note(&h.Written, call.Args[i])
			}
		}
		return true
	})
	if h.size() == 0 {
		return nil
	}
	slices.Sort(h.Queued)
	slices.Sort(h.Written)
	slices.Sort(h.Pooled)
	return h
}

// givenToPool lists the expressions that a call gives to a pool.
func (c *checker) givenToPool(call *ast.CallExpr) []ast.Expr {
	var out []ast.Expr
	for _, i := range c.pooled(call) {
		if i >= 0 && i < len(call.Args) {
			out = append(out, call.Args[i])
		} else if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && i < 0 {
			out = append(out, sel.X)
		}
	}
	return out
}

// parameter is the index of the parameter that b is, itself and whole.
func parameter(f *types.Func, b base) (int, bool) {
	if len(b.path) > 0 {
		return 0, false
	}
	if b.root != nil && b.copied {
		if _, pointer := b.root.Type().Underlying().(*types.Pointer); pointer {
			return 0, false // what it points to was copied
		}
	}
	sig := f.Signature()
	if b.root == sig.Recv() && b.root != nil {
		return -1, true
	}
	for i := range sig.Params().Len() {
		if sig.Params().At(i) == b.root {
			return i, true
		}
	}
	return 0, false
}
