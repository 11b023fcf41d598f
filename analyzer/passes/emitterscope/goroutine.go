package emitterscope

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// deferred reports goroutines that emit through a handle which the function that
// starts them closes when it returns, without waiting for them.
func (c *checker) deferred(v *types.Var, stmt inspector.Cursor) {
	if _, ok := stmt.Node().(*ast.DeferStmt); !ok {
		return
	}
	body, ok := stmt.Parent().Node().(*ast.BlockStmt)
	if !ok {
		return
	}
	for _, use := range c.family(v) {
		started := goStmt(use)
		if started == nil || !within(body, started) || waits(body, started.End()) {
			continue
		}
		what, name, _ := c.mention(use)
		if what == called && !afterwards[name] || what == gone {
			c.report(use.Node(), findings.UserSend, text(use.Node())+" is closed when this function returns, and the goroutine may emit after that: give it an emitter of its own, or wait for it")
			return
		}
	}
}

// goStmt is the go statement that the mention belongs to, or nil.
func goStmt(use inspector.Cursor) *ast.GoStmt {
	for c := range use.Enclosing((*ast.GoStmt)(nil), (*ast.FuncDecl)(nil)) {
		started, _ := c.Node().(*ast.GoStmt)
		return started
	}
	return nil
}

// waits reports whether the function may stay alive after pos for as long as its
// goroutines: it receives, selects, loops or calls something named Wait.
func waits(body *ast.BlockStmt, pos token.Pos) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil || n.End() <= pos {
			return false
		}
		switch n := n.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.SelectStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.SelectorExpr:
			found = found || n.Sel.Name == "Wait"
		case *ast.GoStmt:
			return n.Pos() >= pos
		}
		return !found
	})
	return found
}
