package instrument

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
)

// walker finds the statements of one package that access a manager.
type walker struct {
	fset     *token.FileSet
	info     *types.Info
	sites    map[token.Pos]bool
	hot      map[types.Object]bool // package variables that are managers
	managers map[*types.TypeName]bool
	function string // name of the function that is called
	next     int    // number of the next point
	found    []point
}

// point is a place for a call: before a statement, or after it.
type point struct {
	pos   token.Pos
	after bool
}

func newWalker(fset *token.FileSet, pkg *driver.Package) *walker {
	w := &walker{
		fset: fset, info: pkg.Info, sites: map[token.Pos]bool{}, hot: map[types.Object]bool{}, managers: map[*types.TypeName]bool{},
		function: unusedName(pkg),
	}
	for _, s := range pkg.Result.Sites {
		w.sites[s.Node.Pos()] = true
		if s.Action != nil {
			w.sites[s.Action.Pos()] = true
		}
	}
	for _, s := range pkg.Result.Singletons {
		if s.Object != nil {
			w.hot[s.Object] = true
		}
		if s.Named != nil {
			w.managers[s.Named.Obj()] = true
		}
	}
	return w
}

// unusedName is a name that no file of the package mentions.
func unusedName(pkg *driver.Package) string {
	used := map[string]bool{}
	for _, file := range pkg.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				used[id.Name] = true
			}
			return true
		})
	}
	name := "wsmigYield"
	for i := 2; used[name]; i++ {
		name = fmt.Sprintf("wsmigYield%d", i)
	}
	return name
}

// points are the places in one file, in order.
func (w *walker) points(file *ast.File) []point {
	w.found = nil
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			w.literals(decl)
			continue
		}
		if fn.Body == nil || pragma(fn) {
			continue
		}
		receiver := w.receiver(fn)
		if receiver != nil {
			w.hot[receiver] = true
		}
		w.list(fn.Body.List)
		delete(w.hot, receiver)
	}
	slices.SortStableFunc(w.found, func(a, b point) int { return int(a.pos - b.pos) })
	return slices.Compact(w.found)
}

// pragma reports whether the compiler was told something about the function that a
// call in it could break.
func pragma(fn *ast.FuncDecl) bool {
	return fn.Doc != nil && slices.ContainsFunc(fn.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:") })
}

// receiver is that of a method of a manager, else nil.
func (w *walker) receiver(fn *ast.FuncDecl) types.Object {
	if fn.Recv == nil || len(fn.Recv.List) != 1 || len(fn.Recv.List[0].Names) != 1 {
		return nil
	}
	obj := w.info.Defs[fn.Recv.List[0].Names[0]]
	if obj == nil {
		return nil
	}
	t := types.Unalias(obj.Type())
	if ptr, ok := t.(*types.Pointer); ok {
		t = types.Unalias(ptr.Elem())
	}
	if named, ok := t.(*types.Named); ok && w.managers[named.Origin().Obj()] {
		return obj
	}
	return nil
}

func (w *walker) list(stmts []ast.Stmt) {
	for _, s := range stmts {
		w.stmt(s)
	}
}

// stmt looks at one statement of a list. Of one that holds further lists, only its
// head counts for itself.
func (w *walker) stmt(s ast.Stmt) {
	inner := s
	for {
		labeled, ok := inner.(*ast.LabeledStmt)
		if !ok {
			break
		}
		inner = labeled.Stmt
	}
	head, bodies := parts(inner)
	hot := slices.ContainsFunc(head, w.accesses)
	if hot {
		w.found = append(w.found, point{pos: s.Pos()})
	}
	for _, n := range head {
		w.literals(n)
	}
	for _, body := range bodies {
		w.list(body)
	}
	if hot && inner == s && w.followed(s) {
		w.found = append(w.found, point{pos: s.End(), after: true})
	}
}

// parts are what a statement does itself, and the lists in it.
func parts(s ast.Stmt) (head []ast.Node, bodies [][]ast.Stmt) {
	add := func(nodes ...ast.Node) { head = append(head, nodes...) }
	switch s := s.(type) {
	case *ast.BlockStmt:
		return nil, [][]ast.Stmt{s.List}
	case *ast.IfStmt:
		if s.Init != nil {
			add(s.Init)
		}
		add(s.Cond)
		bodies = append(bodies, s.Body.List)
		if s.Else != nil {
			more, lists := parts(s.Else)
			head, bodies = append(head, more...), append(bodies, lists...)
		}
	case *ast.ForStmt:
		for _, n := range []ast.Stmt{s.Init, s.Post} {
			if n != nil {
				add(n)
			}
		}
		if s.Cond != nil {
			add(s.Cond)
		}
		bodies = append(bodies, s.Body.List)
	case *ast.RangeStmt:
		add(s.X)
		bodies = append(bodies, s.Body.List)
	case *ast.SwitchStmt:
		if s.Init != nil {
			add(s.Init)
		}
		if s.Tag != nil {
			add(s.Tag)
		}
		bodies = clauses(s.Body)
	case *ast.TypeSwitchStmt:
		if s.Init != nil {
			add(s.Init)
		}
		add(s.Assign)
		bodies = clauses(s.Body)
	case *ast.SelectStmt:
		for _, c := range s.Body.List {
			if comm := c.(*ast.CommClause); comm.Comm != nil {
				add(comm.Comm)
			}
		}
		bodies = clauses(s.Body)
	default:
		add(s)
	}
	return head, bodies
}

func clauses(body *ast.BlockStmt) [][]ast.Stmt {
	var lists [][]ast.Stmt
	for _, c := range body.List {
		switch c := c.(type) {
		case *ast.CaseClause:
			lists = append(lists, c.Body)
		case *ast.CommClause:
			lists = append(lists, c.Body)
		}
	}
	return lists
}

// accesses reports whether a manager is touched, function literals apart: they have
// statements of their own.
func (w *walker) accesses(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok || n == nil || found {
			return false
		}
		id, ok := n.(*ast.Ident)
		found = ok && w.hot[w.info.Uses[id]] || w.sites[n.Pos()]
		return !found
	})
	return found
}

// literals looks into the function literals of a node.
func (w *walker) literals(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		lit, ok := n.(*ast.FuncLit)
		if ok {
			w.list(lit.Body.List)
		}
		return !ok
	})
}

// followed reports whether a call may stand behind the statement: a function must
// go on ending in what ended it.
func (w *walker) followed(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, ok := ast.Unparen(s.X).(*ast.CallExpr)
		if !ok {
			return true
		}
		id, ok := ast.Unparen(call.Fun).(*ast.Ident)
		return !ok || id.Name != "panic"
	case *ast.AssignStmt, *ast.SendStmt, *ast.IncDecStmt, *ast.GoStmt:
		return true
	}
	return false
}

// insert writes the calls into the source, each on the line that it is for.
func (w *walker) insert(src []byte, points []point) []byte {
	var out []byte
	at := 0
	for _, p := range points {
		offset := w.fset.File(p.pos).Offset(p.pos)
		out = append(out, src[at:offset]...)
		at = offset
		call := fmt.Sprintf("%s(%d)", w.function, w.next)
		if p.after {
			out = append(out, "; "+call...)
		} else {
			out = append(out, call+"; "...)
		}
		w.next++
	}
	return append(out, src[at:]...)
}
