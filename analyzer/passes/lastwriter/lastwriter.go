package lastwriter

import (
	_ "embed"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/internal/passdoc"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

//go:embed doc.go
var doc string

// Analyzer reports stores by which the newest caller owns everyone's traffic.
var Analyzer = New(singleton.Analyzer)

// New returns the analyzer on top of a singleton analyzer with options of its own.
func New(base *analysis.Analyzer) *analysis.Analyzer {
	a := &analysis.Analyzer{
		Name:             "lastwriter",
		Doc:              passdoc.Must(doc),
		URL:              "https://pkg.go.dev/github.com/wsmig/wsmig/analyzer/passes/lastwriter",
		Requires:         []*analysis.Analyzer{base},
		RunDespiteErrors: true,
		ResultType:       reflect.TypeFor[*Result](),
	}
	a.Run = func(pass *analysis.Pass) (any, error) {
		known, _ := pass.ResultOf[base].(*singleton.Result)
		return run(pass, known), nil
	}
	return a
}

// Result is what other analyzers may build on.
type Result struct {
	// Stores are all stores into what outlives a request, found on the way of a
	// request, whatever is stored. Only those of a kind are reported.
	Stores []*Store
}

// Store is one value that goes into an object, or variable, that is there for all
// requests.
type Store struct {
	Node   ast.Node   // the assignment, or the call that does it
	Target ast.Expr   // what is assigned to, nil when a call does it
	Name   string     // the target as the code writes it
	Var    *types.Var // field or variable that changes
	Type   types.Type // of the value stored
	Kind   Kind
}

// Kind is what makes a store one that only one user at a time should do.
type Kind string

// The kinds.
const (
	None       Kind = ""
	Connection Kind = "connection"
	User       Kind = "user"
	Request    Kind = "request"
)

func run(pass *analysis.Pass, known *singleton.Result) *Result {
	if known == nil || known.Flow == nil {
		return &Result{}
	}
	p := known.Flow
	c := &checker{
		pass: pass, known: known, p: p, result: &Result{},
		visited: map[string]bool{}, stores: map[token.Pos]*Store{},
	}
	if !c.matters() {
		return c.result
	}
	for _, f := range p.Funcs() {
		p.Body(f)
	}
	c.roles = newRoles(pass, p)
	c.keys = c.selecting()
	c.requests()
	c.managers()
	c.report()
	return c.result
}

// checker looks at one package.
type checker struct {
	pass   *analysis.Pass
	known  *singleton.Result
	p      *flow.Package
	roles  *roles
	keys   map[*types.Var]bool // fields and variables that pick the receiver of a send
	result *Result

	visited map[string]bool
	stores  map[token.Pos]*Store // by the place of the target
}

// matters is false for packages that know neither a connection nor a manager: in
// those nobody's traffic has an owner.
func (c *checker) matters() bool {
	return c.p.Core() || len(c.known.Known) > 0 || importsRuntime(c.pass.Pkg)
}

// exempt reports whether pos is in a file that wsmig fix wrote, or that serves
// tests.
func (c *checker) exempt(pos token.Pos) bool {
	for _, file := range c.pass.Files {
		if pos < file.FileStart || pos > file.FileEnd {
			continue
		}
		if forTests(file, c.pass.Fset.Position(pos).Filename) || singleton.Bound(file) {
			return true
		}
	}
	return false
}

var consequence = map[Kind]string{
	Connection: " is there for all users and becomes the connection of whoever came last, so everyone's traffic goes there: keep connections per user",
	User:       " is there for all users and picks who receives, so everyone's traffic goes to whoever set it last: pass the user with each call",
	Request:    " is there for all users and becomes the request of whoever came last: pass it down the calls instead",
}

// store notes a store, once per target: that it is of a kind counts however its
// function was come by.
func (c *checker) store(s *Store) {
	at := s.Node.Pos()
	if s.Target != nil {
		at = s.Target.Pos()
	}
	if known := c.stores[at]; known == nil || known.Kind == None {
		c.stores[at] = s
	}
}

func (c *checker) report() {
	for _, at := range slices.Sorted(maps.Keys(c.stores)) {
		s := c.stores[at]
		if c.exempt(at) {
			continue
		}
		c.result.Stores = append(c.result.Stores, s)
		if s.Kind == None {
			continue
		}
		c.pass.Report(analysis.Diagnostic{
			Pos: s.Node.Pos(), End: s.Node.End(), Category: "lastwriter",
			Message: s.Name + consequence[s.Kind] + " (lastwriter, " + string(findings.Escape) + ")",
		})
	}
}
