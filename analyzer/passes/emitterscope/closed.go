package emitterscope

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// afterwards are the methods that still make sense on a closed emitter.
var afterwards = map[string]bool{"Close": true, "User": true, "Thread": true, "UserContext": true}

// usedAfterClose reports emits through a handle that has been closed.
func (c *checker) usedAfterClose() {
	for _, v := range c.vars {
		for _, use := range c.uses[v] {
			if !c.closesHere(use) {
				continue
			}
			stmt := statement(use)
			if !unconditional(stmt.Node(), use.Node()) {
				c.deferred(v, stmt)
				continue
			}
			if !c.inTheRest(v, stmt) {
				c.nextTurn(v, stmt)
			}
		}
	}
}

// closesHere reports whether the mention ends the emitter: its Close is called, or
// it is passed to a function that calls it in any case.
func (c *checker) closesHere(use inspector.Cursor) bool {
	if what, name, _ := c.mention(use); what == called && name == "Close" {
		return use.Parent().ParentEdgeKind() == edge.CallExpr_Fun
	}
	if use.ParentEdgeKind() != edge.CallExpr_Args {
		return false
	}
	f := typeutil.StaticCallee(c.pass.TypesInfo, use.Parent().Node().(*ast.CallExpr))
	return f != nil && slices.Contains(c.closedBy(f.Origin()), use.ParentEdgeIndex())
}

// closedBy lists the parameters that f closes.
func (c *checker) closedBy(f *types.Func) []int {
	if f.Pkg() == c.pass.Pkg {
		return c.closers[f]
	}
	fact := new(closes)
	c.pass.ImportObjectFact(f, fact)
	return fact.Params
}

// unconditional reports whether n is evaluated whenever stmt is, and before what
// follows stmt.
func unconditional(stmt, n ast.Node) bool {
	switch stmt := stmt.(type) {
	case *ast.ExprStmt:
		return direct(stmt.X, n)
	case *ast.AssignStmt:
		for _, e := range stmt.Rhs {
			if within(e, n) {
				return direct(e, n)
			}
		}
	case *ast.IfStmt:
		if stmt.Init != nil && within(stmt.Init, n) {
			return unconditional(stmt.Init, n)
		}
		return direct(stmt.Cond, n)
	}
	return false
}

// direct reports whether n is within e and neither in a function literal nor
// behind a short circuit.
func direct(e ast.Expr, n ast.Node) bool {
	found := false
	ast.Inspect(e, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BinaryExpr:
			if x.Op == token.LAND || x.Op == token.LOR {
				return false
			}
		}
		found = found || x == n
		return !found
	})
	return found
}

// inTheRest looks for an emit in the statements that follow stmt in its block.
func (c *checker) inTheRest(v *types.Var, stmt inspector.Cursor) bool {
	for next, ok := stmt.NextSibling(); ok; next, ok = next.NextSibling() {
		for _, use := range c.family(v) {
			if !within(next.Node(), use.Node()) {
				continue
			}
			what, name, _ := c.mention(use)
			if what == set && c.variable(use.Node().(ast.Expr)) == v {
				return true
			}
			if what == called && !afterwards[name] {
				c.report(use.Parent().Node(), findings.UserSend, text(use.Node())+" is closed above: "+name+" reaches nobody and returns ErrClosed")
				return true
			}
		}
	}
	return false
}

// family is every mention of v and of the views made of it, in source order: a
// view ends with the emitter that it came from.
func (c *checker) family(v *types.Var) []inspector.Cursor {
	all := slices.Clone(c.uses[v])
	for view, from := range c.views {
		for hops := 0; from != nil && hops < 8; hops++ {
			if from == v {
				all = append(all, c.uses[view]...)
				break
			}
			from = c.views[from]
		}
	}
	slices.SortFunc(all, func(a, b inspector.Cursor) int { return int(a.Index()) - int(b.Index()) })
	return all
}

// nextTurn reports an emitter from outside a loop that is closed in every turn
// of it.
func (c *checker) nextTurn(v *types.Var, stmt inspector.Cursor) {
	loop := stmt.Parent().Parent()
	switch loop.Node().(type) {
	case *ast.ForStmt, *ast.RangeStmt:
	default:
		return
	}
	if stmt.ParentEdgeKind() != edge.BlockStmt_List || v.IsField() || within(loop.Node(), ident(v)) || leaves(loop.Node(), stmt.Node().Pos()) {
		return
	}
	var emits ast.Node
	for _, use := range c.family(v) {
		if !within(loop.Node(), use.Node()) {
			continue
		}
		what, name, _ := c.mention(use)
		if what == set {
			return
		}
		if emits == nil && what == called && !afterwards[name] {
			emits = use.Parent().Node()
		}
	}
	if emits != nil {
		c.report(emits, findings.UserSend, v.Name()+" is closed at the end of each turn of this loop and made outside of it: from the second turn on nobody is reached")
	}
}

// ident stands for the place where v is declared.
func ident(v *types.Var) ast.Node { return &ast.Ident{NamePos: v.Pos(), Name: v.Name()} }

// leaves reports whether the loop may be left after pos.
func leaves(loop ast.Node, pos token.Pos) bool {
	found := false
	ast.Inspect(loop, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ReturnStmt, *ast.BranchStmt:
			found = found || n.Pos() > pos
		case *ast.FuncLit:
			return false
		}
		return !found
	})
	return found
}

// findClosers notes which functions close an emitter that they are given, in any
// case, and tells importers of the exported ones.
func (c *checker) findClosers() {
	for _, file := range c.pass.Files {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			obj, ok := c.pass.TypesInfo.Defs[fn.Name].(*types.Func)
			if !ok {
				continue
			}
			if params := c.closedParams(fn, obj); len(params) > 0 {
				c.closers[obj] = params
				if obj.Exported() {
					c.pass.ExportObjectFact(obj, &closes{Params: params})
				}
			}
		}
	}
}

func (c *checker) closedParams(fn *ast.FuncDecl, obj *types.Func) []int {
	var out []int
	for i := range obj.Signature().Params().Len() {
		p := obj.Signature().Params().At(i)
		for _, use := range c.uses[p] {
			what, name, _ := c.mention(use)
			stmt := statement(use)
			block, top := stmt.Parent().Node().(*ast.BlockStmt)
			_, delayed := stmt.Node().(*ast.DeferStmt)
			if what == called && name == "Close" && top && block == fn.Body && (delayed || unconditional(stmt.Node(), use.Node())) {
				out = append(out, i)
				break
			}
		}
	}
	return out
}
