package driver

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"time"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fingerprint"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
	"github.com/wsmig/wsmig/analyzer/passes/widecast"
	"github.com/wsmig/wsmig/analyzer/suppress"
)

// Analyze runs the analyzers over the program and sets Result and Diagnostics of
// every package. What only importers of a package can tell, such as which types
// stand behind an interface, is learned in a first round and used in a second.
func (p *Program) Analyze(ctx context.Context) error {
	w := &whole{}
	if err := p.round(ctx, w); err != nil {
		return err
	}
	for range maxRounds {
		next := p.learn(w)
		if !next.news(w) {
			return nil
		}
		w = next
		if err := p.round(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

func (p *Program) round(ctx context.Context, w *whole) error {
	opts := p.config.Settings.Options()
	opts.Accessors = append(opts.Accessors, p.config.Accessors...)
	opts.Conns = append(opts.Conns, p.config.Conns...)
	opts.Closed = func() []*singleton.Unit { return w.units }
	opts.Late = func() map[string]singleton.Late { return w.late }
	suite := analyzer.NewSuite(opts)
	return p.run(ctx, suite, func(pkg *Package, results map[*analysis.Analyzer]any) {
		pkg.Result, _ = results[suite[0]].(*singleton.Result)
		if pkg.Result != nil {
			pkg.Result.Flow.Forget()
		}
		pkg.Wide = nil
		for _, result := range results {
			if wide, ok := result.(*widecast.Result); ok {
				pkg.Wide = wide.Broadcasts
			}
		}
	})
}

// Lint loads and analyses the program and returns its findings in the saved form.
// A result comes with an error when only a part could be read.
func Lint(ctx context.Context, cfg *Config) (*findings.Result, error) {
	r, _, err := LintPackages(ctx, cfg)
	return r, err
}

// LintPackages is Lint with what was looked at.
func LintPackages(ctx context.Context, cfg *Config) (*findings.Result, *Scope, error) {
	start := time.Now()
	p, err := Load(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	if err := p.Analyze(ctx); err != nil {
		return nil, nil, err
	}
	if cfg.Fixable != nil {
		if p.judge, err = cfg.Fixable(ctx, p); err != nil {
			return nil, nil, err
		}
	}
	r := p.Findings()
	r.Stats.Seconds = float64(time.Since(start).Round(time.Millisecond)) / float64(time.Second)
	r.Shard = cfg.Shard.String()
	return r, p.scope(), nil
}

// Findings collects what the analyzers found in the packages that the patterns
// match, in file order.
func (p *Program) Findings() *findings.Result {
	c := &collection{program: p, result: &findings.Result{Schema: findings.Schema, Findings: []findings.Finding{}, Singletons: []findings.Singleton{}}, seen: map[string]bool{}, comments: map[string]*suppress.Index{}, excluded: map[string]bool{}}
	files := map[string]bool{}
	for _, pkg := range p.Packages {
		if !pkg.Root || pkg.Types == nil {
			continue
		}
		for i, name := range pkg.FileNames {
			if !files[name] {
				files[name] = true
				c.comments[p.Fset.Position(pkg.Files[i].FileStart).Filename] = suppress.New(p.Fset, pkg.Files[i:i+1], analyzer.Rules())
			}
		}
		if pkg.Result != nil {
			c.add(pkg)
		}
		c.diagnostics(pkg)
	}
	c.count(p.Packages)
	c.complaints()
	c.result.Stats.Files = len(files)
	c.result.Stats.PackagesFailed = append([]findings.FailedPackage{}, p.Failed...)
	c.result.Stats.FilesSkipped = append([]findings.SkippedFile{}, p.Skipped...)
	for name := range c.excluded {
		c.result.Stats.FilesSkipped = append(c.result.Stats.FilesSkipped, findings.SkippedFile{File: name, Reason: "excluded"})
	}
	c.result.Sort()
	c.result.Count()
	return c.result
}

// collection turns results into findings.
type collection struct {
	program *Program
	result  *findings.Result
	seen    map[string]bool

	comments map[string]*suppress.Index // by file, each read once
	excluded map[string]bool
}

func (c *collection) count(packages []*Package) {
	paths := map[string]bool{}
	for _, pkg := range packages {
		if pkg.Root {
			paths[pkg.Path] = true
		}
	}
	c.result.Stats.Packages = len(paths)
}

func (c *collection) add(pkg *Package) {
	for _, s := range pkg.Result.Singletons {
		at := c.program.Position(s.Node.Pos())
		if !c.first("s", at, s.ID) {
			continue
		}
		c.result.Singletons = append(c.result.Singletons, findings.Singleton{
			Package: s.Package, Name: s.Name, Accessors: append(append([]string{}, s.Accessors...), s.Funcs...), Type: s.Type, Form: s.Form,
			Severity: s.Severity, File: at.Filename, Line: at.Line, Library: s.Library, Uses: map[findings.Role]int{},
		})
		f := c.finding(pkg, s.Node, at)
		f.Rule, f.Category, f.Severity, f.Role = "singleton", findings.Declaration, s.Severity, findings.RoleDeclaration
		f.Symbol, f.Singleton, f.Message = s.Name, s.ID, s.Declared()
		c.put(f, s.Node, s.Node.Pos())
	}
	for _, site := range pkg.Result.Sites {
		c.site(pkg, site)
	}
}

func (c *collection) site(pkg *Package, site *singleton.Site) {
	at := c.program.Position(site.Node.Pos())
	if !c.first("u", at, site.Singleton.ID) {
		return
	}
	f := c.finding(pkg, site.Node, at)
	f.Rule, f.Category, f.Severity, f.Role = "singleton", findings.Use, site.Singleton.Severity, site.Role
	f.Symbol, f.Singleton, f.Message, f.Reason = site.Symbol(), site.Singleton.ID, site.Message(), site.Reason
	f.Function = site.Function()
	if site.Addressee != nil {
		f.Addressee = site.Addressee.Text
	}
	c.put(f, site.Action, site.Node.Pos())
}

// first reports whether this is the first time that something is seen at a
// position: files are read again as part of test variants.
func (c *collection) first(kind string, at token.Position, id string) bool {
	key := fmt.Sprintf("%s %s:%d:%d %s", kind, at.Filename, at.Line, at.Column, id)
	if c.seen[key] {
		return false
	}
	c.seen[key] = true
	return true
}

func (c *collection) finding(pkg *Package, n ast.Node, at token.Position) findings.Finding {
	end := c.program.Position(n.End())
	return findings.Finding{
		Package: pkg.Path, File: at.Filename, Line: at.Line, Column: at.Column, EndLine: end.Line, EndColumn: end.Column,
	}
}

// put adds a finding with the fingerprint of the node, unless the settings don't
// want it.
func (c *collection) put(f findings.Finding, n ast.Node, pos token.Pos) {
	f.Fingerprint = fingerprint.Of(c.program.Fset, f.Rule, f.Package, f.Function, n)
	c.judge(&f, pos)
	if x := c.comments[c.program.Fset.Position(pos).Filename]; x != nil {
		f.Suppressed = x.Silences(f.Rule, pos)
	}
	if !c.wanted(&f, pos) {
		return
	}
	if f.Severity == findings.Info {
		f.Message = "info: " + f.Message
	}
	c.result.Findings = append(c.result.Findings, f)
}

// judge says whether wsmig fix rewrites the place. The reason why a role or an
// addressee is not known is also why it is not fixable.
func (c *collection) judge(f *findings.Finding, pos token.Pos) {
	if c.program.judge == nil {
		return
	}
	fixable, reason := c.program.judge(f.Rule, c.program.Fset.Position(pos))
	f.Fixable = fixable
	switch {
	case fixable:
		f.Reason = ""
	case f.Reason == "":
		f.Reason = reason
	}
}

// wanted applies the settings: rules that are off, files that are left out,
// severities.
func (c *collection) wanted(f *findings.Finding, pos token.Pos) bool {
	name := c.program.Fset.Position(pos).Filename
	settings := c.program.config.Settings.For(name)
	if settings.Excludes(name) {
		c.excluded[f.File] = true
		return false
	}
	f.Severity = settings.Severity(f.Rule, f.Severity)
	return settings.Wants(f.Rule)
}
