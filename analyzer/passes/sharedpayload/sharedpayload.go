package sharedpayload

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/internal/passdoc"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

//go:embed doc.go
var doc string

// Analyzer reports payloads that are handed to a queue and changed afterwards.
var Analyzer = New(singleton.Analyzer)

// New returns the analyzer on top of a singleton analyzer with options of its own.
func New(base *analysis.Analyzer) *analysis.Analyzer {
	a := &analysis.Analyzer{
		Name:             "sharedpayload",
		Doc:              passdoc.Must(doc),
		URL:              "https://pkg.go.dev/github.com/wsmig/wsmig/analyzer/passes/sharedpayload",
		Requires:         []*analysis.Analyzer{base},
		RunDespiteErrors: true,
		FactTypes:        []analysis.Fact{new(handles), new(queues)},
	}
	a.Run = func(pass *analysis.Pass) (any, error) {
		if known, ok := pass.ResultOf[base].(*singleton.Result); ok && known.Flow != nil {
			run(pass, known)
		}
		return nil, nil
	}
	return a
}

func run(pass *analysis.Pass, known *singleton.Result) {
	c := &checker{pass: pass, p: known.Flow, known: known, handles: map[*types.Func]*handles{}, feeding: map[string]bool{}}
	if !c.matters() {
		return
	}
	c.summarize()
	for _, file := range pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Body != nil {
					c.function(n.Body)
				}
			case *ast.FuncLit:
				c.function(n.Body)
			}
			return true
		})
	}
}

// checker looks at one package.
type checker struct {
	pass    *analysis.Pass
	p       *flow.Package
	known   *singleton.Result
	handles map[*types.Func]*handles
	feeding map[string]bool // channels whose values are written to connections
}

// matters is false for packages from which nothing gets to a connection.
func (c *checker) matters() bool {
	if c.p.Core() || len(c.known.Known) > 0 {
		return true
	}
	for _, imported := range c.pass.Pkg.Imports() {
		if c.pass.ImportPackageFact(imported, new(queues)) {
			return true
		}
	}
	return false
}

// function looks at the hand-overs of one function body; literals inside have
// their own turn.
func (c *checker) function(body *ast.BlockStmt) {
	var overs []handover
	inspectOwn(body, func(n ast.Node) { overs = append(overs, c.handovers(n)...) })
	if len(overs) == 0 {
		return
	}
	f := newBody(c, body)
	for _, over := range overs {
		for _, b := range f.bases(over.value, 0) {
			if change := f.changed(over, b); change != nil {
				c.report(over, b, change)
				break
			}
		}
	}
}

// inspectOwn visits the nodes of a body that are not inside nested literals.
func inspectOwn(body ast.Node, visit func(ast.Node)) {
	ast.Inspect(body, func(n ast.Node) bool {
		if _, lit := n.(*ast.FuncLit); lit {
			return false
		}
		if n != nil {
			visit(n)
		}
		return true
	})
}

func (c *checker) report(over handover, b base, ch *change) {
	role := findings.Escape
	for _, site := range c.known.Sites {
		if site.Action == over.node {
			role = site.Role
		}
	}
	c.pass.Report(analysis.Diagnostic{
		Pos: over.value.Pos(), End: over.value.End(), Category: "sharedpayload",
		Message: b.text + " goes to " + over.to + " without a copy and is " + ch.verb + " afterwards, while the receiver may not have written it yet: hand over a copy (sharedpayload, " + string(role) + ")",
		Related: []analysis.RelatedInformation{{Pos: ch.node.Pos(), End: ch.node.End(), Message: b.text + " is " + ch.verb + " here"}},
	})
}

func contains(outer, inner ast.Node) bool {
	return outer.Pos() <= inner.Pos() && inner.End() <= outer.End()
}
