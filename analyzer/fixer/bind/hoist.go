package bind

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
)

// hoist evaluates arguments in variables before the statement that the call is
// all of, in their order: then the addressee still comes after them.
func (c *caller) hoist() error {
	if len(c.hoisted) == 0 {
		return nil
	}
	first := oneLine(c.text(c.call.Args[c.hoisted[0]]))
	c.locals = map[int]string{}
	stmt := c.wholeStatement()
	if stmt == nil || c.managerActs() {
		return Refusal("the addressee would be evaluated before " + first + ", now it is evaluated after it")
	}
	start := c.offset(stmt.Pos())
	indent := c.indent(start)
	names := c.namesAround(c.call)
	var text strings.Builder
	for _, i := range c.hoisted {
		arg := c.call.Args[i]
		name := fresh(c.argumentName(i), names)
		c.locals[i] = name
		text.WriteString(name + " := " + c.text(arg) + "\n" + indent)
		c.edit(c.offset(arg.Pos()), c.offset(arg.End()), name)
	}
	c.edit(start, start, text.String())
	return nil
}

// hoistFor has an argument evaluated in a variable, and those before it which do
// something.
func (c *caller) hoistFor(param int) {
	for i, arg := range c.call.Args[:param+1] {
		if !slices.Contains(c.hoisted, i) && (i == param || c.acts(arg) && !c.op.whole(i)) {
			c.hoisted = append(c.hoisted, i)
		}
	}
}

// madeHere reports whether the field that names the addressee can't be spelled
// without evaluating something twice: the argument is a call, or a literal whose
// field is computed.
func (c *caller) madeHere(arg ast.Expr, path string) bool {
	inner := ast.Unparen(arg)
	if address, ok := inner.(*ast.UnaryExpr); ok && address.Op == token.AND {
		inner = ast.Unparen(address.X)
	}
	first, rest, _ := strings.Cut(path, ".")
	lit, ok := inner.(*ast.CompositeLit)
	if !ok {
		return c.acts(inner)
	}
	value := literalField(lit, first)
	switch {
	case value == nil:
		return false
	case rest != "":
		return c.madeHere(value, rest)
	}
	return c.acts(value)
}

func (c *caller) argumentName(i int) string {
	params := c.op.signature().Params()
	if i < params.Len() {
		if name := params.At(i).Name(); name != "" && name != "_" {
			return name
		}
	}
	return "message"
}

// managerActs reports whether getting hold of the manager does something beside
// calling its accessor.
func (c *caller) managerActs() bool {
	sel, ok := ast.Unparen(c.call.Fun).(*ast.SelectorExpr)
	if !ok || c.isPackage(sel.X) {
		return false
	}
	if _, _, plain := c.accessor(sel.X); plain {
		return false
	}
	return c.acts(sel.X)
}

// wholeStatement is the statement in a block that evaluates the call before
// anything else, nil when there is none: then nothing can be put before it alone.
func (c *caller) wholeStatement() ast.Stmt {
	path, _ := astutil.PathEnclosingInterval(c.Syntax, c.call.Pos(), c.call.End())
	if c.send != nil {
		if i := slices.Index(path, ast.Node(c.send)); i >= 0 && i+1 < len(path) && inBlock(path[i+1]) {
			return c.send
		}
		return nil
	}
	for i := 1; i < len(path); i++ {
		stmt, ok := path[i].(ast.Stmt)
		if !ok {
			if !c.evaluatesFirst(path[i], path[i-1]) {
				return nil
			}
			continue
		}
		if !c.startsWith(stmt, path[i-1]) {
			return nil
		}
		if i+1 < len(path) && inBlock(path[i+1]) {
			return stmt
		}
	}
	return nil
}

// evaluatesFirst reports whether child is all that an expression evaluates but for
// constants.
func (c *caller) evaluatesFirst(expr, child ast.Node) bool {
	switch expr := expr.(type) {
	case *ast.ParenExpr:
		return true
	case *ast.UnaryExpr:
		return expr.Op == token.NOT
	case *ast.BinaryExpr:
		other := c.Info.Types[expr.Y]
		return expr.X == child && (other.Value != nil || other.IsNil())
	}
	return false
}

// startsWith reports whether a statement evaluates child once and before anything
// else.
func (c *caller) startsWith(stmt ast.Stmt, child ast.Node) bool {
	switch stmt := stmt.(type) {
	case *ast.ExprStmt, *ast.GoStmt, *ast.DeferStmt:
		return true
	case *ast.ReturnStmt:
		return len(stmt.Results) == 1
	case *ast.AssignStmt:
		return len(stmt.Rhs) == 1 && plainTargets(stmt.Lhs)
	case *ast.IfStmt:
		return stmt.Init == child || stmt.Init == nil && stmt.Cond == child
	}
	return false
}

func plainTargets(targets []ast.Expr) bool {
	for _, target := range targets {
		if _, ok := target.(*ast.Ident); !ok {
			return false
		}
	}
	return true
}

func inBlock(n ast.Node) bool {
	switch n.(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
		return true
	}
	return false
}
