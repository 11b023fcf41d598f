package lastwriter

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// frame is one function as it runs while a request is served.
type frame struct {
	c    *checker
	node ast.Node    // *ast.FuncDecl or *ast.FuncLit
	fn   *types.Func // the declared function that node is, or is in
	body *ast.BlockStmt
	// shared are receiver and parameters that are there for all requests.
	shared map[*types.Var]bool
	// given are those that belong to this one.
	given map[*types.Var]bool
}

// requests walks every function that serves requests or connections.
func (c *checker) requests() {
	for _, fn := range c.p.Funcs() {
		decl := c.p.Decl(fn)
		if c.roles.decl(fn) {
			c.walk(c.frame(decl, fn, decl.Body))
			continue
		}
		if c.roles.owned(fn.Signature()) {
			continue // its literals are one connection's own
		}
		ast.Inspect(decl.Body, func(n ast.Node) bool {
			lit, ok := n.(*ast.FuncLit)
			if !ok || !c.roles.lit(lit) {
				return true
			}
			c.walk(c.literal(lit, fn))
			return false
		})
	}
	c.initializers()
}

// initializers walks literals in package variables, such as a map of routes.
func (c *checker) initializers() {
	for _, file := range c.pass.Files {
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			ast.Inspect(gen, func(n ast.Node) bool {
				lit, ok := n.(*ast.FuncLit)
				if ok && c.roles.lit(lit) {
					c.walk(c.literal(lit, nil))
				}
				return !ok
			})
		}
	}
}

// frame of a handler: its receiver serves all requests unless it was made for
// this one.
func (c *checker) frame(node ast.Node, fn *types.Func, body *ast.BlockStmt) *frame {
	f := &frame{c: c, node: node, fn: fn, body: body, shared: map[*types.Var]bool{}, given: map[*types.Var]bool{}}
	sig := fn.Signature()
	if recv := sig.Recv(); recv != nil && !c.roles.personal(recv.Type()) {
		f.shared[recv] = true
	}
	for v := range sig.Params().Variables() {
		f.given[v] = true
	}
	return f
}

func (c *checker) literal(lit *ast.FuncLit, fn *types.Func) *frame {
	f := &frame{c: c, node: lit, fn: fn, body: lit.Body, shared: map[*types.Var]bool{}, given: map[*types.Var]bool{}}
	if sig, ok := c.pass.TypesInfo.TypeOf(lit).(*types.Signature); ok {
		for v := range sig.Params().Variables() {
			f.given[v] = true
		}
	}
	return f
}

// managers walks the methods of process-wide managers: whoever calls them, their
// receiver is there for all users.
func (c *checker) managers() {
	process := map[*types.Named]bool{}
	for _, s := range c.known.Singletons {
		if s.Named != nil && s.Named.Obj().Pkg() == c.pass.Pkg && s.Severity != findings.Info {
			process[s.Named.Origin()] = true
		}
	}
	for _, fn := range c.p.Funcs() {
		recv := fn.Signature().Recv()
		method := recv != nil && conns.Named(recv.Type()) != nil && process[conns.Named(recv.Type()).Origin()]
		if !method && (recv != nil || len(c.known.Singletons) == 0) {
			continue
		}
		decl := c.p.Decl(fn)
		c.walk(c.frame(decl, fn, decl.Body))
	}
}

func (c *checker) walk(f *frame) {
	key := f.key()
	if c.visited[key] || len(c.visited) > 4000 {
		return
	}
	c.visited[key] = true
	ast.Inspect(f.body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			f.assign(n)
		case *ast.CallExpr:
			f.call(n)
		}
		return true
	})
}

func (f *frame) key() string {
	var names []string
	for v := range f.shared {
		names = append(names, fmt.Sprint("s", v.Pos()))
	}
	for v := range f.given {
		names = append(names, fmt.Sprint("g", v.Pos()))
	}
	sort.Strings(names)
	return fmt.Sprint(f.node.Pos(), strings.Join(names, ","))
}

// assign looks at every plain assignment to something that outlives the request.
func (f *frame) assign(n *ast.AssignStmt) {
	if n.Tok != token.ASSIGN {
		return
	}
	for i, lhs := range n.Lhs {
		v := f.place(lhs)
		if v == nil {
			continue
		}
		val, t := f.value(n, i)
		if t == nil {
			continue
		}
		kind := f.kind(v, val, t)
		if kind == Connection && f.firstOnly(n, types.ExprString(lhs)) {
			kind = None
		}
		f.c.store(&Store{Node: n, Target: lhs, Name: types.ExprString(lhs), Var: v, Type: t, Kind: kind})
	}
}

// value is what the assignment gives to its left side number i.
func (f *frame) value(n *ast.AssignStmt, i int) (flow.Set, types.Type) {
	if len(n.Lhs) == len(n.Rhs) {
		return f.c.p.Eval(n.Rhs[i]), f.c.p.TypeOf(n.Rhs[i])
	}
	call, ok := ast.Unparen(n.Rhs[0]).(*ast.CallExpr)
	if !ok {
		if i > 0 {
			return nil, nil
		}
		return f.c.p.Eval(n.Rhs[0]), f.c.pass.TypesInfo.TypeOf(n.Lhs[0])
	}
	tuple, ok := f.c.pass.TypesInfo.TypeOf(call).(*types.Tuple)
	if !ok || i >= tuple.Len() {
		return nil, nil
	}
	results := f.c.p.Call(call)
	if i >= len(results) {
		return nil, tuple.At(i).Type()
	}
	return results[i], tuple.At(i).Type()
}

// call follows a call: into functions of this package, with what they are given,
// and by their summary into others.
func (f *frame) call(n *ast.CallExpr) {
	callee, ok := f.c.p.ObjectOf(n.Fun).(*types.Func)
	if !ok {
		return
	}
	if decl := f.c.p.Decl(callee); decl != nil {
		if inner := f.enter(n, callee.Origin(), decl); inner != nil {
			f.c.walk(inner)
		}
		return
	}
	f.effects(n)
}

// enter is the frame of a callee, nil when nothing that matters is handed on.
func (f *frame) enter(n *ast.CallExpr, callee *types.Func, decl *ast.FuncDecl) *frame {
	inner := &frame{c: f.c, node: decl, fn: callee, body: decl.Body, shared: map[*types.Var]bool{}, given: map[*types.Var]bool{}}
	sig := callee.Signature()
	if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && sig.Recv() != nil {
		inner.hand(sig.Recv(), sel.X, f)
	}
	for i, arg := range n.Args {
		at := min(i, sig.Params().Len()-1)
		if at >= 0 {
			inner.hand(sig.Params().At(at), arg, f)
		}
	}
	if len(inner.given) == 0 {
		return nil
	}
	return inner
}

// hand says what parameter v is when it is given arg by the outer frame.
func (f *frame) hand(v *types.Var, arg ast.Expr, outer *frame) {
	if outer.lasting(arg) {
		f.shared[v] = true
	} else if outer.fromRequest(outer.c.p.Eval(arg)) {
		f.given[v] = true
	}
}

// effects reports what a function of another package stores into something that
// outlives the request and was handed to it.
func (f *frame) effects(n *ast.CallExpr) {
	for _, e := range f.c.p.EffectsAt(n) {
		if e.Op != flow.Assign || !f.outlives(e.Target) || f.managed(e.Target) {
			continue
		}
		for _, v := range e.Val {
			if v.Lib != "" && f.brings(v) {
				f.c.store(&Store{Node: n, Name: target(n), Type: types.Typ[types.UntypedNil], Kind: Connection})
				return
			}
		}
	}
}

// target names what a call changes: the receiver of an atomic store, else what the
// callee sets, whose own names mean nothing here.
func target(n *ast.CallExpr) string {
	if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && (sel.Sel.Name == "Store" || sel.Sel.Name == "Swap") {
		return types.ExprString(sel.X)
	}
	return "what " + types.ExprString(n.Fun) + " sets"
}

// managed reports whether the target belongs to a manager of another package,
// where the store itself is reported.
func (f *frame) managed(target *flow.Value) bool {
	root := target.Root()
	if root.Op != flow.Global {
		return false
	}
	own := conns.CleanPath(f.c.pass.Pkg.Path())
	for id, s := range f.c.known.Known {
		if s.Package != own && (id == root.Name || strings.HasPrefix(id, root.Name+".")) {
			return true
		}
	}
	return false
}
