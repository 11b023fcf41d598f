package lastwriter

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// firstOnly reports whether the store happens only while the place is empty: then
// the first caller owns it, and a second is turned away.
func (f *frame) firstOnly(store ast.Node, name string) bool {
	found := false
	ast.Inspect(f.body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			inside := contains(n.Body, store)
			if inside && compares(n.Cond, name, token.EQL) || !inside && n.Pos() < store.Pos() && leaves(n.Body) && compares(n.Cond, name, token.NEQ) {
				found = true
			}
		case *ast.CallExpr:
			found = found || contains(n, store) && f.isOnce(n)
		}
		return !found
	})
	return found
}

func contains(outer, inner ast.Node) bool {
	return outer.Pos() <= inner.Pos() && inner.End() <= outer.End()
}

// leaves reports whether control never runs off the end of the block.
func leaves(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch last := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	case *ast.ExprStmt:
		call, ok := last.X.(*ast.CallExpr)
		return ok && types.ExprString(call.Fun) == "panic"
	}
	return false
}

// compares reports whether the condition compares the place with nil.
func compares(cond ast.Expr, name string, op token.Token) bool {
	found := false
	ast.Inspect(cond, func(n ast.Node) bool {
		x, ok := n.(*ast.BinaryExpr)
		if ok && x.Op == op {
			a, b := types.ExprString(x.X), types.ExprString(x.Y)
			found = found || a == name && b == "nil" || a == "nil" && b == name
		}
		return !found
	})
	return found
}

// isOnce reports whether the call is of a sync.Once.
func (f *frame) isOnce(call *ast.CallExpr) bool {
	fn, ok := f.c.p.ObjectOf(call.Fun).(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == "sync" && fn.Name() == "Do"
}

// forTests reports whether a file serves tests: servers that those start have one
// client, and keep its connection to look at it.
func forTests(file *ast.File, name string) bool {
	if strings.HasSuffix(name, "_test.go") {
		return true
	}
	for _, spec := range file.Imports {
		if path := strings.Trim(spec.Path.Value, "`\""); path == "testing" || path == "net/http/httptest" {
			return true
		}
	}
	return false
}
