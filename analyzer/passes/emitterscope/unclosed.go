package emitterscope

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// unclosed reports emitters that are neither closed nor given to anyone who
// could. Tests and main end with the process, which closes everything.
func (c *checker) unclosed() {
	for cursor := range c.root.Preorder((*ast.CallExpr)(nil)) {
		call := cursor.Node().(*ast.CallExpr)
		if !c.makes(call) || c.endsWithProcess(cursor) {
			continue
		}
		v, known := c.holder(cursor)
		switch {
		case !known:
		case v == nil:
			c.report(call, findings.Lifecycle, "this emitter is thrown away unclosed, and the user's context stays with it")
		case !c.ends(v, nil):
			c.report(call, findings.Lifecycle, v.Name()+" is never closed, and the user's context stays with it: close it when the work for that user is done")
		}
	}
}

// makes reports whether call is factory.Emitter(ctx, user).
func (c *checker) makes(call *ast.CallExpr) bool {
	f := typeutil.StaticCallee(c.pass.TypesInfo, call)
	if f == nil || f.Name() != "Emitter" || !ofRuntime(f) || f.Signature().Recv() == nil {
		return false
	}
	named := conns.Named(f.Signature().Recv().Type())
	return named != nil && named.Obj().Name() == "Factory"
}

func (c *checker) endsWithProcess(cursor inspector.Cursor) bool {
	if c.inTest(cursor.Node()) {
		return true
	}
	for f := range cursor.Enclosing((*ast.FuncDecl)(nil)) {
		decl := f.Node().(*ast.FuncDecl)
		return c.pass.Pkg.Name() == "main" && decl.Recv == nil && decl.Name.Name == "main"
	}
	return false
}

// holder is the variable or field that the emitter made at cursor goes into, nil
// when it is thrown away. What goes elsewhere is not known.
func (c *checker) holder(cursor inspector.Cursor) (v *types.Var, known bool) {
	var to ast.Expr
	switch parent := cursor.Parent().Node().(type) {
	case *ast.ExprStmt:
		return nil, true
	case *ast.AssignStmt:
		if len(parent.Rhs) != 1 {
			return nil, false
		}
		to = parent.Lhs[0]
	case *ast.ValueSpec:
		if len(parent.Values) != 1 {
			return nil, false
		}
		to = parent.Names[0]
	default:
		return nil, false
	}
	if id, ok := to.(*ast.Ident); ok && id.Name == "_" {
		return nil, true
	}
	v = c.variable(to)
	if v == nil || v.Parent() == c.pass.Pkg.Scope() || c.returned(cursor, v) {
		return nil, false
	}
	return v, true
}

// returned reports whether v is a named result.
func (c *checker) returned(cursor inspector.Cursor, v *types.Var) bool {
	for f := range cursor.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		var t *ast.FuncType
		switch f := f.Node().(type) {
		case *ast.FuncDecl:
			t = f.Type
		case *ast.FuncLit:
			t = f.Type
		}
		if t.Results != nil && t.Results.Pos() <= v.Pos() && v.Pos() < t.Results.End() {
			return true
		}
	}
	return false
}

// ends reports whether v is closed somewhere, or reaches a place where it may be.
// An unexported field is followed; anything else that leaves the function counts.
func (c *checker) ends(v *types.Var, seen map[*types.Var]bool) bool {
	if seen[v] || v.Pkg() != c.pass.Pkg {
		return !seen[v]
	}
	if v.IsField() && v.Exported() {
		return true
	}
	if seen == nil {
		seen = map[*types.Var]bool{}
	}
	seen[v] = true
	for _, use := range c.uses[v] {
		what, name, field := c.mention(use)
		switch {
		case what == gone, what == called && name == "Close":
			return true
		case what == kept && c.ends(field, seen):
			return true
		case what == set && use.ParentEdgeKind() == edge.CompositeLit_Elts:
			return true
		}
	}
	return false
}
