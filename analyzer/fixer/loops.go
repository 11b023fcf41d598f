package fixer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"go/version"
	"os"
	"slices"

	"github.com/wsmig/wsmig/analyzer/driver"
)

func environ() []string { return os.Environ() }

// loops lists the loops of a module whose variables are new in each round once
// the go line crosses 1.22, and for which that can make a difference: the variable
// is captured by a closure, or its address is taken.
func (e *engine) loops(dir, before string) []string {
	if version.Compare("go"+before, "go1.22") >= 0 {
		return nil
	}
	var found []string
	for _, pkg := range e.program.Packages {
		for i, file := range pkg.Files {
			if e.place.module(pkg.FileNames[i]) != dir {
				continue
			}
			for _, pos := range sharedLoops(pkg, file) {
				at := e.program.Fset.Position(pos)
				found = append(found, fmt.Sprintf("%s:%d", e.rel(at.Filename), at.Line))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func sharedLoops(pkg *driver.Package, file *ast.File) []token.Pos {
	var found []token.Pos
	ast.Inspect(file, func(n ast.Node) bool {
		vars, body := loopVars(pkg.Info, n)
		if len(vars) > 0 && outlives(pkg.Info, body, vars) {
			found = append(found, n.Pos())
		}
		return true
	})
	return found
}

// loopVars are the variables that a loop declares in its head.
func loopVars(info *types.Info, n ast.Node) (vars map[types.Object]bool, body ast.Node) {
	vars = map[types.Object]bool{}
	add := func(expr ast.Expr) {
		if ident, ok := expr.(*ast.Ident); ok && info.Defs[ident] != nil {
			vars[info.Defs[ident]] = true
		}
	}
	switch n := n.(type) {
	case *ast.RangeStmt:
		add(n.Key)
		add(n.Value)
		return vars, n.Body
	case *ast.ForStmt:
		if init, ok := n.Init.(*ast.AssignStmt); ok {
			for _, left := range init.Lhs {
				add(left)
			}
		}
		return vars, n
	}
	return nil, nil
}

// outlives reports whether a closure or a pointer may see the variables.
func outlives(info *types.Info, body ast.Node, vars map[types.Object]bool) bool {
	found := false
	uses := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if ident, ok := n.(*ast.Ident); ok && vars[info.Uses[ident]] {
				found = true
			}
			return !found
		})
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			uses(n.Body)
		case *ast.UnaryExpr:
			if ident, ok := ast.Unparen(n.X).(*ast.Ident); ok && n.Op == token.AND {
				uses(ident)
			}
		}
		return !found
	})
	return found
}
