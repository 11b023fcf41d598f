package emitterscope

import (
	_ "embed"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/passdoc"
	"github.com/wsmig/wsmig/analyzer/passes/lastwriter"
)

//go:embed doc.go
var doc string

// Analyzer reports emitters and user contexts that live longer, or are shared
// more widely, than the one user they belong to.
var Analyzer = New(lastwriter.Analyzer)

// New returns the analyzer on top of a lastwriter analyzer, which knows what is
// shared by all requests.
func New(base *analysis.Analyzer) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:             "emitterscope",
		Doc:              passdoc.Must(doc),
		URL:              "https://pkg.go.dev/github.com/wsmig/wsmig/analyzer/passes/emitterscope",
		Requires:         []*analysis.Analyzer{inspect.Analyzer, base},
		FactTypes:        []analysis.Fact{new(holds), new(closes)},
		RunDespiteErrors: true,
		Run: func(pass *analysis.Pass) (any, error) {
			shared, _ := pass.ResultOf[base].(*lastwriter.Result)
			run(pass, shared)
			return nil, nil
		},
	}
}

func run(pass *analysis.Pass, shared *lastwriter.Result) {
	if !knowsRuntime(pass.Pkg) {
		return
	}
	c := &checker{
		pass:    pass,
		root:    pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root(),
		scope:   newScope(pass),
		uses:    map[*types.Var][]inspector.Cursor{},
		views:   map[*types.Var]*types.Var{},
		closers: map[*types.Func][]int{},
	}
	c.index()
	c.scope.exportTypes()
	c.findClosers()
	c.packageState()
	c.sharedObjects(shared)
	c.unclosed()
	c.usedAfterClose()
	c.captured()
}

// checker looks at one package.
type checker struct {
	pass  *analysis.Pass
	root  inspector.Cursor
	scope *scope

	// uses holds the mentions of each variable, parameter and field of a scoped
	// type, in source order. The mention of a field is its selector.
	uses map[*types.Var][]inspector.Cursor
	vars []*types.Var // keys of uses, by first mention
	// views maps a variable made with For, or copied, to the one it was made from.
	views map[*types.Var]*types.Var
	// closers holds the functions of this package that close a parameter.
	closers map[*types.Func][]int
}

func (c *checker) index() {
	for cursor := range c.root.Preorder((*ast.Ident)(nil)) {
		id := cursor.Node().(*ast.Ident)
		v, ok := c.pass.TypesInfo.ObjectOf(id).(*types.Var)
		if !ok || c.scope.of(v.Type()) == "" || c.scope.generated(id.Pos()) {
			continue
		}
		v = v.Origin()
		if sel, ok := cursor.Parent().Node().(*ast.SelectorExpr); ok && sel.Sel == id {
			cursor = cursor.Parent()
		}
		if c.uses[v] == nil {
			c.vars = append(c.vars, v)
		}
		c.uses[v] = append(c.uses[v], cursor)
		if from := c.viewed(cursor); from != nil {
			c.views[v] = from
		}
	}
}

// viewed returns the variable that a definition at cursor is a view of.
func (c *checker) viewed(cursor inspector.Cursor) *types.Var {
	assign, ok := cursor.Parent().Node().(*ast.AssignStmt)
	if !ok || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 || assign.Lhs[0] != cursor.Node() {
		return nil
	}
	e := ast.Unparen(assign.Rhs[0])
	for {
		call, ok := e.(*ast.CallExpr)
		if !ok {
			break
		}
		recv, method := c.method(call)
		if method != "For" {
			return nil
		}
		e = ast.Unparen(recv)
	}
	return c.variable(e)
}

// variable is the scoped variable or field that e names, or nil.
func (c *checker) variable(e ast.Expr) *types.Var {
	var obj types.Object
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		obj = c.pass.TypesInfo.ObjectOf(e)
	case *ast.SelectorExpr:
		obj = c.pass.TypesInfo.ObjectOf(e.Sel)
	}
	if v, ok := obj.(*types.Var); ok && c.scope.of(v.Type()) != "" {
		return v.Origin()
	}
	return nil
}

// method returns receiver and name of a call of a method of the runtime's types.
func (c *checker) method(call *ast.CallExpr) (recv ast.Expr, name string) {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil, ""
	}
	f, ok := c.pass.TypesInfo.Uses[sel.Sel].(*types.Func)
	if !ok || f.Signature().Recv() == nil || !ofRuntime(f) {
		return nil, ""
	}
	return sel.X, f.Name()
}

// report adds rule and role as every pass of wsmig does: go vet prints no name of
// an analyzer.
func (c *checker) report(at ast.Node, role findings.Role, message string) {
	if c.scope.generated(at.Pos()) {
		return
	}
	c.pass.Report(analysis.Diagnostic{
		Pos: at.Pos(), End: at.End(), Category: "emitterscope",
		Message: message + " (emitterscope, " + string(role) + ")",
	})
}

// inTest reports whether n is in a test file.
func (c *checker) inTest(n ast.Node) bool {
	return strings.HasSuffix(c.pass.Fset.Position(n.Pos()).Filename, "_test.go")
}

// text renders a variable or field as the code at cursor writes it.
func text(n ast.Node) string {
	if e, ok := n.(ast.Expr); ok {
		return strings.TrimSpace(types.ExprString(e))
	}
	return "it"
}
