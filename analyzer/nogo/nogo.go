// Package nogo is all of wsmig's analyzers as one, for drivers that know nothing of
// wsmig: Bazel's nogo, and the plugin for golangci-lint. It needs no flags and reads
// no files but those that it is given.
//
// In Bazel, name the package in the rule:
//
//	nogo(
//	    name = "nogo",
//	    deps = ["@com_github_wsmig_wsmig//analyzer/nogo"],
//	    visibility = ["//visibility:public"],
//	)
//
// Each package below analyzer/passes exports its Analyzer as well and can be named
// alone, but then informational findings break the build and the comments of package
// suppress are not read.
//
// # Caching
//
// Facts about a package are a function of its files and of the facts about what it
// imports. Bazel keeps them as outputs of the package's action and runs nogo again for
// what changed and for its importers. The go command does the same for go vet
// -vettool, and there the configuration files of the workspace are part of the tool's
// identity; nogo reads none, so that nothing outside the action's inputs counts.
//
// What only importers can tell of a package, such as the type that stands behind an
// interface, is not known to a driver that sees one package at a time: wsmig lint
// reads the program as a whole and finds more.
package nogo

import (
	"go/types"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/suppress"
)

// Options say what is reported. Nil means defaults.
type Options struct {
	// Settings are as in .wsmig.yaml; nil means none.
	Settings *config.Config
	// Info reports informational findings as well. Default false.
	Info bool

	_ struct{}
}

// Analyzer reports what counts with the default options.
var Analyzer = New(nil)

// New returns an analyzer with options of its own. It may run on several packages at
// a time.
func New(o *Options) *analysis.Analyzer {
	if o == nil {
		o = &Options{}
	}
	b := &bundle{info: o.Info, settings: o.Settings, said: map[*types.Package][]said{}}
	if b.settings == nil {
		b.settings = &config.Config{}
	}
	suite := analyzer.NewSuite(b.settings.Options())
	for i, a := range suite {
		suite[i] = b.listen(a)
	}
	return &analysis.Analyzer{
		Name:             "wsmig",
		Doc:              "wsmig: find process-wide WebSocket managers and what their uses do\n\nAll of wsmig's analyzers as one. A finding is silenced by //wsmig:ignore RULE reason.",
		URL:              "https://pkg.go.dev/github.com/wsmig/wsmig/analyzer/nogo",
		Requires:         suite,
		RunDespiteErrors: true,
		Run:              b.run,
	}
}

// bundle hands on what the analyzers say.
type bundle struct {
	info     bool
	settings *config.Config

	mu   sync.Mutex
	said map[*types.Package][]said
}

type said struct {
	rule string
	analysis.Diagnostic
}

// listen returns the analyzer with its words kept instead of printed. One that all
// suites share is copied; of the others only this suite knows.
func (b *bundle) listen(a *analysis.Analyzer) *analysis.Analyzer {
	if slices.Contains(analyzer.Suite(), a) {
		shared := *a
		a = &shared
	}
	run := a.Run
	a.Run = func(pass *analysis.Pass) (any, error) {
		quiet := *pass
		quiet.Report = func(d analysis.Diagnostic) { b.keep(pass.Pkg, said{a.Name, d}) }
		return run(&quiet)
	}
	return a
}

func (b *bundle) keep(pkg *types.Package, s said) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said[pkg] = append(b.said[pkg], s)
}

func (b *bundle) take(pkg *types.Package) []said {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.said[pkg]
	delete(b.said, pkg)
	return all
}

// run reports what the comments and the settings leave.
func (b *bundle) run(pass *analysis.Pass) (any, error) {
	comments := suppress.New(pass.Fset, pass.Files, analyzer.Rules())
	all := b.take(pass.Pkg)
	for _, s := range all {
		if comments.Silences(s.rule, s.Pos) || !b.wants(pass, s) {
			continue
		}
		pass.Report(s.Diagnostic)
	}
	for _, p := range comments.Problems() {
		s := said{suppress.Rule, analysis.Diagnostic{Pos: p.Pos, End: p.End, Category: suppress.Rule, Message: p.Message + " (" + suppress.Rule + ")"}}
		if b.wants(pass, s) {
			pass.Report(s.Diagnostic)
		}
	}
	return nil, nil
}

func (b *bundle) wants(pass *analysis.Pass, s said) bool {
	if !b.settings.Wants(s.rule) || b.settings.Excludes(pass.Fset.Position(s.Pos).Filename) {
		return false
	}
	informs := strings.HasPrefix(s.Message, "info: ") || b.settings.Severities[s.rule] == string(findings.Info)
	return b.info || !informs
}
