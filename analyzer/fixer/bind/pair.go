package bind

import (
	"go/ast"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"golang.org/x/tools/go/ast/astutil"
)

// Pair is a call that sets a manager's current addressee, and the sends that rely
// on it.
type Pair struct {
	Set   *ast.CallExpr
	Sends []*ast.CallExpr
	name  string // of the variable that will hold the emitter
}

// Pairs finds, for each send that relies on state, the call that set it: the last
// one before it in its block or one around it, on the same manager. Sends without
// one, or with several that might have been the last, come back as lost.
func Pairs(f *File, o *Op, sends []*ast.CallExpr) (pairs []*Pair, lost []*ast.CallExpr) {
	bySet := map[*ast.CallExpr]*Pair{}
	for _, send := range sends {
		set := f.setterOf(o, send)
		if set == nil {
			lost = append(lost, send)
			continue
		}
		if bySet[set] == nil {
			bySet[set] = &Pair{Set: set, name: fresh("emitter", f.namesAround(set))}
			pairs = append(pairs, bySet[set])
		}
		bySet[set].Sends = append(bySet[set].Sends, send)
	}
	return pairs, lost
}

// setterOf looks for the setting statement through the blocks around the send.
func (f *File) setterOf(o *Op, send *ast.CallExpr) *ast.CallExpr {
	manager := f.managerText(send)
	path, _ := astutil.PathEnclosingInterval(f.Syntax, send.Pos(), send.End())
	for i := 1; i < len(path); i++ {
		if loop := loopBody(path[i]); loop != nil && path[i-1] == loop && f.sets(loop, o) > 0 {
			return nil // the last round's setting may be the one that counts
		}
		for _, stmt := range before(path[i], path[i-1]) {
			call := f.settingStmt(stmt, o)
			if call != nil && f.managerText(call) == manager {
				return call
			}
			if f.sets(stmt, o) > 0 {
				return nil
			}
		}
		if _, top := path[i].(*ast.FuncDecl); top {
			break
		}
	}
	return nil
}

// before lists the statements of a block that precede child, nearest first.
func before(block, child ast.Node) []ast.Stmt {
	var list []ast.Stmt
	switch block := block.(type) {
	case *ast.BlockStmt:
		list = block.List
	case *ast.CaseClause:
		list = block.Body
	case *ast.CommClause:
		list = block.Body
	}
	var found []ast.Stmt
	for _, stmt := range list {
		if stmt.Pos() >= child.Pos() {
			break
		}
		found = append([]ast.Stmt{stmt}, found...)
	}
	return found
}

func loopBody(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.ForStmt:
		return n.Body
	case *ast.RangeStmt:
		return n.Body
	}
	return nil
}

func (f *File) settingStmt(stmt ast.Stmt, o *Op) *ast.CallExpr {
	es, ok := stmt.(*ast.ExprStmt)
	if !ok {
		return nil
	}
	call, ok := es.X.(*ast.CallExpr)
	if !ok || !f.isSetter(call, o) {
		return nil
	}
	return call
}

func (f *File) isSetter(call *ast.CallExpr, o *Op) bool {
	fn, ok := f.callee(call)
	return ok && fn.Origin().FullName() == o.Setter.Origin().FullName()
}

func (f *File) callee(call *ast.CallExpr) (*types.Func, bool) {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil, false
	}
	fn, ok := f.Info.Uses[sel.Sel].(*types.Func)
	return fn, ok
}

// sets counts the calls of the setter in a piece of code.
func (f *File) sets(n ast.Node, o *Op) int {
	count := 0
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && f.isSetter(call, o) {
			count++
		}
		return true
	})
	return count
}

func (f *File) managerText(call *ast.CallExpr) string {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	return oneLine(f.text(sel.X))
}

// Rewrite binds a pair: the setting becomes an emitter in a variable, which the
// sends then use. The addressee is evaluated where it always was, and once.
func (p *Pair) Rewrite(f *File, e *Emitter, o *Op) (*Rewrite, error) {
	if e.byInterface() {
		return nil, Refusal("its manager is behind an interface")
	}
	name := p.name
	sel := ast.Unparen(p.Set.Fun).(*ast.SelectorExpr)
	out := &Rewrite{}
	add := func(start, end int, text string) {
		out.Edits = append(out.Edits, edit.Edit{Start: start, End: end, New: text})
	}
	add(f.offset(p.Set.Pos()), f.offset(p.Set.Pos()), name+" := ")
	c := &caller{File: f, call: p.Set, emitter: e, op: o, out: out}
	if start, end, ok := c.accessor(sel.X); ok {
		add(start, end, e.For)
		add(end, f.offset(sel.Sel.End()), "")
	} else {
		add(f.offset(sel.Sel.Pos()), f.offset(sel.Sel.End()), e.For)
	}
	for _, send := range p.Sends {
		sel := ast.Unparen(send.Fun).(*ast.SelectorExpr)
		add(f.offset(sel.X.Pos()), f.offset(sel.X.End()), name)
		if method := e.Method(o); method != sel.Sel.Name {
			add(f.offset(sel.Sel.Pos()), f.offset(sel.Sel.End()), method)
		}
	}
	return out, nil
}

// freshAt is a name that nothing in the function around n has, so that a variable
// of that name neither hides anything nor is hidden.
func (f *File) freshAt(n ast.Node, want string) string {
	return fresh(want, f.namesAround(n))
}

// namesAround holds the names in the declaration around n, those that rewrites
// added included.
func (f *File) namesAround(n ast.Node) map[string]bool {
	path, _ := astutil.PathEnclosingInterval(f.Syntax, n.Pos(), n.End())
	outer := path[max(len(path)-2, 0)] // the declaration
	if f.names == nil {
		f.names = map[ast.Node]map[string]bool{}
	}
	if f.names[outer] == nil {
		f.names[outer] = map[string]bool{}
		ast.Inspect(outer, func(n ast.Node) bool {
			if ident, ok := n.(*ast.Ident); ok {
				f.names[outer][ident.Name] = true
			}
			return true
		})
	}
	return f.names[outer]
}
