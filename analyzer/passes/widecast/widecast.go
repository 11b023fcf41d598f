package widecast

import (
	_ "embed"
	"go/ast"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/passdoc"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

//go:embed doc.go
var doc string

// Analyzer reports broadcasts of one user's data.
var Analyzer = New(singleton.Analyzer)

// New returns the analyzer on top of a singleton analyzer with options of its own.
// Its result is a *Result.
func New(base *analysis.Analyzer) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:             "widecast",
		Doc:              passdoc.Must(doc),
		URL:              "https://pkg.go.dev/github.com/wsmig/wsmig/analyzer/passes/widecast",
		Requires:         []*analysis.Analyzer{base},
		RunDespiteErrors: true,
		ResultType:       reflect.TypeFor[*Result](),
		FactTypes:        []analysis.Fact{new(userKeys)},
		Run: func(pass *analysis.Pass) (any, error) {
			known, ok := pass.ResultOf[base].(*singleton.Result)
			if !ok || known.Flow == nil {
				return &Result{}, nil
			}
			return run(pass, known), nil
		},
	}
}

// Result lists what was reported, for tools that apply the alternative.
type Result struct{ Broadcasts []*Broadcast }

// Broadcast is one broadcast of one user's data.
type Broadcast struct {
	Site *singleton.Site
	Key  ast.Expr // the user id that flows into the payload, or the object that has one
	// Field is the field of Key that is the user id, "" when Key is the id itself.
	Field string
	// Send is the user send that the same manager offers, nil when there is none.
	Send *types.Func
}

func run(pass *analysis.Pass, known *singleton.Result) *Result {
	c := &checker{pass: pass, known: known, p: known.Flow, keys: newKeys(pass, known), result: &Result{}}
	if !c.keys.matter() {
		return c.result
	}
	c.keys.close()
	for _, site := range c.keys.sites() {
		c.site(site)
	}
	c.factories()
	c.keys.export()
	return c.result
}

func (c *checker) site(site *singleton.Site) {
	if !c.wide(site) || site.Test || site.Singleton.Severity == findings.Info || c.relays(site) {
		return
	}
	mix := c.mixed(site)
	if mix.key == nil || !mix.enough() || c.routes(site, mix) {
		return
	}
	b := &Broadcast{Site: site, Key: mix.key, Field: mix.field, Send: c.alternative(site)}
	if b.Field != "" && c.envelope(b.Send, b.Key) {
		return
	}
	c.result.Broadcasts = append(c.result.Broadcasts, b)
	c.report(b)
}

func (c *checker) report(b *Broadcast) {
	what := types.ExprString(b.Key)
	text := "everyone receives what is made from " + what + ", and elsewhere that picks one user"
	if b.Field != "" {
		text = "everyone receives what is made from " + what + ", and elsewhere its " + b.Field + " picks one user"
	}
	if b.Send != nil {
		text += "; if it is meant for that user, the alternative is " + b.Send.Name()
	} else {
		text += "; if it is meant for that user, the manager needs a send to one user"
	}
	c.pass.Report(analysis.Diagnostic{
		Pos: b.Site.Action.Pos(), End: b.Site.Action.End(), Category: "widecast",
		Message: text + " (widecast, " + string(b.Site.Role) + ")",
	})
}
