package emitterscope

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// captured reports function literals that are called for one user and speak to
// another: what they capture was made for somebody else, or for all in turn.
func (c *checker) captured() {
	for _, v := range c.vars {
		if v.IsField() || v.Pkg() != c.pass.Pkg || v.Parent() == c.pass.Pkg.Scope() {
			continue
		}
		c.overwritten(v)
		c.inHandlers(v)
	}
}

// overwritten reports a variable from outside a loop that gets another user's
// emitter in each turn, while literals made in the loop keep the variable.
func (c *checker) overwritten(v *types.Var) {
	for _, use := range c.uses[v] {
		if what, _, _ := c.mention(use); what != set {
			continue
		}
		loop := c.loopAround(use, v)
		if loop == nil {
			continue
		}
		for _, later := range c.uses[v] {
			lit := c.outliving(later)
			if lit != nil && within(loop, lit) && !within(lit, ident(v)) && !within(lit, use.Node()) {
				c.report(later.Node(), findings.Escape, v.Name()+" becomes another user's in the next turn of the loop, while this function keeps the variable: declare it inside the loop")
				return
			}
		}
	}
}

// loopAround is the innermost loop around use that v is declared outside of.
func (c *checker) loopAround(use inspector.Cursor, v *types.Var) ast.Node {
	for cur := range use.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			if !within(n, ident(v)) {
				return n
			}
		}
		return nil
	}
	return nil
}

// outliving is the function literal around the mention that is run later than
// where it stands: started by go, deferred, stored or passed on. One that is
// called at once is not.
func (c *checker) outliving(use inspector.Cursor) ast.Node {
	lit, ok := function(use)
	if !ok {
		return nil
	}
	if _, isLit := lit.Node().(*ast.FuncLit); !isLit {
		return nil
	}
	if lit.ParentEdgeKind() == edge.CallExpr_Fun {
		switch lit.Parent().Parent().Node().(type) {
		case *ast.GoStmt, *ast.DeferStmt:
		default:
			return nil
		}
	}
	return lit.Node()
}

// inHandlers reports literals that serve every request, or every connection, and
// use or replace an emitter that was declared before, outside of any request.
func (c *checker) inHandlers(v *types.Var) {
	for _, use := range c.uses[v] {
		if c.inTest(use.Node()) || !c.acrossRequests(use, v) {
			continue
		}
		if what, _, _ := c.mention(use); what == set {
			c.report(use.Node(), findings.Escape, v.Name()+" is one variable for all requests: whoever came last owns what everyone emits; declare it inside the function that serves the request")
			return
		}
		if c.givenUser(v) {
			c.report(use.Node(), findings.Escape, v.Name()+" was made for one user, and this function serves every request: make an emitter of the request's user inside it")
			return
		}
	}
}

// acrossRequests reports whether the mention is in a literal that is called per
// request while v outlives requests.
func (c *checker) acrossRequests(use inspector.Cursor, v *types.Var) bool {
	for lit := range use.Enclosing((*ast.FuncLit)(nil)) {
		if within(lit.Node(), ident(v)) || !c.serves(lit) {
			continue
		}
		outer, ok := function(lit.Parent())
		return !ok || !c.isRequest(outer.Node())
	}
	return false
}

// givenUser reports whether v was made for a user that came in as a variable. A
// user that the program names itself, by a constant or in its configuration, such
// as an operator, is meant to be the same for every request.
func (c *checker) givenUser(v *types.Var) bool {
	for _, use := range c.uses[v] {
		assign, ok := use.Parent().Node().(*ast.AssignStmt)
		if !ok || len(assign.Rhs) != 1 || assign.Lhs[0] != use.Node() {
			continue
		}
		call, ok := ast.Unparen(assign.Rhs[0]).(*ast.CallExpr)
		if ok && c.makes(call) && len(call.Args) == 2 && c.isLocal(call.Args[1]) {
			return true
		}
	}
	return false
}

// isLocal reports whether e is a parameter or local variable, conversions apart.
func (c *checker) isLocal(e ast.Expr) bool {
	e = ast.Unparen(e)
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) == 1 && c.pass.TypesInfo.Types[call.Fun].IsType() {
		return c.isLocal(call.Args[0])
	}
	id, ok := e.(*ast.Ident)
	if !ok {
		return false
	}
	v, ok := c.pass.TypesInfo.ObjectOf(id).(*types.Var)
	return ok && v.Parent() != c.pass.Pkg.Scope()
}

// serves reports whether a literal is called once per request or per connection:
// by its signature, or as a callback in the runtime's options.
func (c *checker) serves(lit inspector.Cursor) bool {
	if c.isRequest(lit.Node()) {
		return true
	}
	kv, ok := lit.Parent().Node().(*ast.KeyValueExpr)
	if !ok || lit.ParentEdgeKind() != edge.KeyValueExpr_Value {
		return false
	}
	key, ok := kv.Key.(*ast.Ident)
	return ok && ofRuntime(c.pass.TypesInfo.Uses[key])
}

// isRequest reports whether the function has the signature of an HTTP handler.
func (c *checker) isRequest(n ast.Node) bool {
	var t types.Type
	switch n := n.(type) {
	case *ast.FuncLit:
		t = c.typeOf(n)
	case *ast.FuncDecl:
		if obj := c.pass.TypesInfo.Defs[n.Name]; obj != nil {
			t = obj.Type()
		}
	}
	sig, ok := t.(*types.Signature)
	if !ok {
		return false
	}
	for p := range sig.Params().Variables() {
		named := conns.Named(p.Type())
		if named != nil && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "net/http" && named.Obj().Name() == "Request" {
			return true
		}
	}
	return false
}
