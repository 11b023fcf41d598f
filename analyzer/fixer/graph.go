package fixer

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
)

// graph knows which function calls which, as far as that is written down.
type graph struct {
	nodes map[string]*node // by full name
	loops map[string][]*node
}

type node struct {
	calls   []string
	pkg     string
	dynamic bool // calls a function value: who knows what that does
	sends   bool // hands something to another goroutine by a channel
}

func newGraph(program *driver.Program) *graph {
	g := &graph{nodes: map[string]*node{}, loops: map[string][]*node{}}
	for _, pkg := range program.Packages {
		if pkg.ForTest != "" || pkg.Info == nil {
			continue
		}
		for _, file := range pkg.Files {
			for _, decl := range file.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
					g.add(pkg, fn)
				}
			}
		}
	}
	return g
}

func (g *graph) add(pkg *driver.Package, fn *ast.FuncDecl) {
	obj, ok := pkg.Info.Defs[fn.Name].(*types.Func)
	if !ok {
		return
	}
	n := &node{pkg: pkg.Path}
	g.nodes[obj.FullName()] = n
	receives := false
	ast.Inspect(fn.Body, func(at ast.Node) bool {
		switch at := at.(type) {
		case *ast.SendStmt:
			n.sends = true
		case *ast.UnaryExpr:
			receives = receives || at.Op == token.ARROW
		case *ast.RangeStmt:
			if t := pkg.Info.TypeOf(at.X); t != nil { // nil in code that does not type-check
				_, channel := t.Underlying().(*types.Chan)
				receives = receives || channel
			}
		case *ast.CallExpr:
			g.call(pkg, n, at)
		}
		return true
	})
	if receives {
		g.loops[pkg.Path] = append(g.loops[pkg.Path], n)
	}
}

func (g *graph) call(pkg *driver.Package, n *node, call *ast.CallExpr) {
	var ident *ast.Ident
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		ident = fun
	case *ast.SelectorExpr:
		ident = fun.Sel
	default:
		return
	}
	switch obj := pkg.Info.Uses[ident].(type) {
	case *types.Func:
		n.calls = append(n.calls, obj.Origin().FullName())
	case *types.Var:
		n.dynamic = true
	}
}

// mayWaitForItself reports whether a send hands its message to a goroutine of its
// package that may itself get to an emitter: whoever holds a turn meanwhile would
// keep that goroutine from ever taking the message.
func (g *graph) mayWaitForItself(op *bind.Op, sends func(name string) bool) bool {
	if op.Channel == nil && !g.handsOver(op.Func.FullName(), map[string]bool{}) {
		return false
	}
	for _, loop := range g.loops[op.Func.Pkg().Path()] {
		if g.reaches(loop, sends, map[*node]bool{}) {
			return true
		}
	}
	return false
}

// handsOver reports whether a function sends on a channel, itself or in what it
// calls within its package.
func (g *graph) handsOver(name string, seen map[string]bool) bool {
	n := g.nodes[name]
	if n == nil || seen[name] {
		return false
	}
	seen[name] = true
	if n.sends {
		return true
	}
	for _, callee := range n.calls {
		if next := g.nodes[callee]; next != nil && next.pkg == n.pkg && g.handsOver(callee, seen) {
			return true
		}
	}
	return false
}

func (g *graph) reaches(n *node, sends func(string) bool, seen map[*node]bool) bool {
	if seen[n] {
		return false
	}
	seen[n] = true
	if n.dynamic {
		return true
	}
	for _, callee := range n.calls {
		if sends(callee) {
			return true
		}
		if next := g.nodes[callee]; next != nil && g.reaches(next, sends, seen) {
			return true
		}
	}
	return false
}
