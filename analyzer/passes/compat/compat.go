package compat

import (
	_ "embed"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/passdoc"
)

//go:embed doc.go
var doc string

// RuntimePath is the import path of the runtime whose deprecated layer is
// counted.
const RuntimePath = "github.com/wsmig/wsmig/runtime"

const layerPath = RuntimePath + "/compat"

// Analyzer reports each use of runtime/compat.
var Analyzer = &analysis.Analyzer{
	Name:             "compat",
	Doc:              passdoc.Must(doc),
	URL:              "https://pkg.go.dev/github.com/wsmig/wsmig/analyzer/passes/compat",
	Requires:         []*analysis.Analyzer{inspect.Analyzer},
	RunDespiteErrors: true,
	Run:              run,
}

func run(pass *analysis.Pass) (any, error) {
	own := conns.CleanPath(pass.Pkg.Path())
	if strings.TrimSuffix(own, "_test") == layerPath {
		return nil, nil
	}
	c := &counter{pass: pass, done: map[ast.Expr]bool{}}
	if c.reachable() {
		c.uses(pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root())
	}
	c.blankImports()
	return nil, nil
}

// counter reports the uses in one package.
type counter struct {
	pass *analysis.Pass
	done map[ast.Expr]bool // expressions that are part of a use reported already
}

// reachable reports whether anything of the layer can be mentioned here at all:
// it is imported, or a package that is imported knows it.
func (c *counter) reachable() bool {
	seen := map[*types.Package]bool{}
	var knows func(p *types.Package) bool
	knows = func(p *types.Package) bool {
		if seen[p] {
			return false
		}
		seen[p] = true
		if conns.CleanPath(p.Path()) == layerPath {
			return true
		}
		for _, imported := range p.Imports() {
			if knows(imported) {
				return true
			}
		}
		return false
	}
	return knows(c.pass.Pkg)
}

// uses visits identifiers in source order, so that the innermost part of a chain
// of calls comes first and finds the whole chain.
func (c *counter) uses(root inspector.Cursor) {
	for cursor := range root.Preorder((*ast.Ident)(nil)) {
		id := cursor.Node().(*ast.Ident)
		obj := c.pass.TypesInfo.Uses[id]
		if !ofLayer(obj) || c.done[id] || isTooling(obj) {
			continue
		}
		c.report(c.widen(cursor, obj))
	}
}

// ofLayer reports whether obj is declared in the layer. Import names are not: they
// belong to the importing package.
func ofLayer(obj types.Object) bool {
	if obj == nil || obj.Pkg() == nil {
		return false
	}
	if _, name := obj.(*types.PkgName); name {
		return false
	}
	return conns.CleanPath(obj.Pkg().Path()) == layerPath
}

// use is the largest expression that is one use, with the object that decides
// what it is for.
type use struct {
	expr   ast.Expr
	obj    types.Object
	called bool
}

// widen follows a chain such as compat.GetManager().SendToUser(...) from its first
// name outward, as long as what comes next is of the layer as well.
func (c *counter) widen(cursor inspector.Cursor, obj types.Object) use {
	u := use{expr: cursor.Node().(ast.Expr), obj: obj}
	for {
		cursor = cursor.Parent()
		switch parent := cursor.Node().(type) {
		case *ast.SelectorExpr:
			next := c.pass.TypesInfo.Uses[parent.Sel]
			if parent.Sel != u.expr && !ofLayer(next) {
				return u
			}
			if parent.Sel != u.expr {
				u.obj, u.called = next, false
			}
			c.done[parent.Sel] = true
			u.expr = parent
		case *ast.CallExpr:
			if parent.Fun != u.expr {
				return u
			}
			u.expr, u.called = parent, true
		case *ast.ParenExpr:
			u.expr = parent
		default:
			return u
		}
	}
}

func (c *counter) report(u use) {
	role := roleOf(u)
	c.pass.Report(analysis.Diagnostic{
		Pos: u.expr.Pos(), End: u.expr.End(), Category: "compat",
		Message: symbol(u.obj) + " still goes through runtime/compat: " + advice[role] + " (compat, " + string(role) + ")",
	})
}

// symbol names obj as code outside the layer writes it.
func symbol(obj types.Object) string {
	if f, ok := obj.(*types.Func); ok && f.Signature().Recv() != nil {
		if named := conns.Named(f.Signature().Recv().Type()); named != nil {
			return "(compat." + named.Obj().Name() + ")." + f.Name()
		}
	}
	return "compat." + obj.Name()
}

// blankImports reports files that keep the layer linked in without using it.
func (c *counter) blankImports() {
	for _, file := range c.pass.Files {
		for _, spec := range file.Imports {
			if spec.Name == nil || spec.Name.Name != "_" || strings.Trim(spec.Path.Value, "`\"") != layerPath {
				continue
			}
			c.pass.Report(analysis.Diagnostic{
				Pos: spec.Pos(), End: spec.End(), Category: "compat",
				Message: "runtime/compat is linked in and nothing here uses it: drop the import (compat, other)",
			})
		}
	}
}
