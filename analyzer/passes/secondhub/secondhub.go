package secondhub

import (
	_ "embed"
	"go/ast"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/passdoc"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

//go:embed doc.go
var doc string

// Analyzer reports a second process-wide manager or factory of the same job.
var Analyzer = New(singleton.Analyzer)

// New returns the analyzer on top of a singleton analyzer with options of its own.
func New(base *analysis.Analyzer) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:             "secondhub",
		Doc:              passdoc.Must(doc),
		URL:              "https://pkg.go.dev/github.com/wsmig/wsmig/analyzer/passes/secondhub",
		Requires:         []*analysis.Analyzer{base},
		RunDespiteErrors: true,
		FactTypes:        []analysis.Fact{new(hubs)},
		Run: func(pass *analysis.Pass) (any, error) {
			known, ok := pass.ResultOf[base].(*singleton.Result)
			if ok && known.Flow != nil && !strings.HasSuffix(pass.Pkg.Path(), ".test") {
				(&checker{pass: pass, known: known}).run()
			}
			return nil, nil
		},
	}
}

// hub is one process-wide manager, or one place that makes a factory.
type hub struct {
	ID      string // "example.com/app/ws.hub"
	Name    string // as importers write it, "ws.hub"
	Package string
	Type    string // named type behind it, "" when it has none
	Factory bool
	Users   bool // reaches users, or connections, by their ids
	Rooms   bool
	All     bool

	node ast.Node
}

// hubs is the fact that a program which imports the package has these. Of the
// managers of one package only those that work on their own are listed.
type hubs struct{ List []hub }

func (*hubs) AFact() {}

func (h *hubs) String() string {
	var names []string
	for _, one := range h.List {
		names = append(names, one.Name)
	}
	return strings.Join(names, " ")
}

// checker looks at one package.
type checker struct {
	pass  *analysis.Pass
	known *singleton.Result
}

func (c *checker) run() {
	own := c.own()
	before, perImport := c.imported()
	c.among(own)
	for _, h := range own {
		if first := sameJob(before, h); first != nil {
			c.report(h.node, h, first)
		}
	}
	c.meeting(perImport)
	if all := merge(before, own); len(all) > 0 {
		c.pass.ExportPackageFact(&hubs{List: all})
	}
}

// own lists the managers and factories of this package, in file order.
func (c *checker) own() []hub {
	var out []hub
	for _, s := range c.known.Singletons {
		if s.Severity == findings.Info || s.Form == findings.Alias || s.Form == findings.LastConnection || c.generated(s.Node) || c.inTest(s.Node) {
			continue
		}
		if h := c.describe(s); h.Users || h.Rooms || h.All {
			out = append(out, h)
		}
	}
	return append(out, c.factories()...)
}

// imported joins what the imports know, and keeps it apart by import as well.
func (c *checker) imported() (all []hub, perImport map[string][]hub) {
	perImport = map[string][]hub{}
	for _, imported := range c.pass.Pkg.Imports() {
		fact := new(hubs)
		if c.pass.ImportPackageFact(imported, fact) {
			perImport[imported.Path()] = fact.List
			all = merge(all, fact.List)
		}
	}
	return all, perImport
}

func merge(a, b []hub) []hub {
	seen := map[string]bool{}
	var out []hub
	for _, list := range [][]hub{a, b} {
		for _, h := range list {
			if !seen[h.ID] {
				seen[h.ID] = true
				out = append(out, h)
			}
		}
	}
	return out
}

// sameJob returns the first of others that does what h does, or nil.
func sameJob(others []hub, h hub) *hub {
	for i, o := range others {
		if o.ID != h.ID && same(o, h) {
			return &others[i]
		}
	}
	return nil
}

// same compares jobs: reaching users by their ids is one, and only among managers
// that don't do that is reaching rooms, or everyone.
func same(a, b hub) bool {
	switch {
	case a.Factory || b.Factory:
		return a.Factory && b.Factory
	case a.Users || b.Users:
		return a.Users && b.Users
	case a.Rooms || b.Rooms:
		return a.Rooms && b.Rooms
	}
	return a.All && b.All
}

func (c *checker) file(n ast.Node) *ast.File {
	for _, file := range c.pass.Files {
		if file.FileStart <= n.Pos() && n.Pos() <= file.FileEnd {
			return file
		}
	}
	return nil
}

func (c *checker) generated(n ast.Node) bool {
	file := c.file(n)
	return file == nil || singleton.Bound(file)
}

func (c *checker) inTest(n ast.Node) bool {
	return strings.HasSuffix(c.pass.Fset.Position(n.Pos()).Filename, "_test.go")
}

func (c *checker) path() string { return conns.CleanPath(c.pass.Pkg.Path()) }

// report names the first at the second. Two of one type may serve two endpoints on
// purpose: that is worth knowing and no defect.
func (c *checker) report(at ast.Node, h hub, first *hub) {
	text := h.Name + " is a second process-wide WebSocket manager beside " + first.Name + ": whoever is connected to one is not reached through the other; keep one"
	switch {
	case h.Factory:
		text = "this is a second factory beside " + first.Name + ": a user connected to one is not reached through the other, and limits count twice; make one and pass it on"
	case h.Type != "" && h.Type == first.Type:
		text = "info: " + h.Name + " is a second manager of the type of " + first.Name + ": whoever is connected to one is not reached through the other"
	}
	c.emit(at, text)
}

func (c *checker) emit(at ast.Node, text string) {
	c.pass.Report(analysis.Diagnostic{
		Pos: at.Pos(), End: at.End(), Category: "secondhub",
		Message: text + " (secondhub, " + string(findings.RoleDeclaration) + ")",
	})
}
