package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fixer"
	"github.com/wsmig/wsmig/analyzer/matrix"
	"github.com/wsmig/wsmig/analyzer/toolexec"
	"github.com/wsmig/wsmig/reports"
)

const lintLong = `lint finds every process-wide WebSocket manager, however it is written, and every
use of it in every package, and says what each use does and to whom. Roles and
addressees come from what the code does, never from names. Packages are named as for
go build, and a file stands for its package.

Standard output has one finding a line, file:line:col: message (rule, role).
Informational findings start with "info: " and do not count.

Exit codes: 0 nothing to do, 1 a package failed to load and nothing was found,
2 wrong use, 3 findings.`

const lintExample = `  wsmig lint ./...
  wsmig lint --format json ./... > lint.json
  wsmig lint --accessor example.com/app/bus.GetManager ./...
  wsmig lint --matrix ./...
  wsmig lint --shard 2/4 --format json ./... > lint-2.json`

type lintFlags struct {
	format, tags string
	tests        bool
	summary      bool
	accessors    []string

	baseline, newFrom   string
	writeBaseline, grow bool

	matrix, shard string
}

// lintFormats are the ways in which findings can be written.
var lintFormats = map[string]func(io.Writer, *findings.Result, *reports.Options) error{
	"text": reports.LintText, "json": reports.LintJSON, "sarif": reports.LintSARIF,
	"github": reports.LintGitHub, "junit": reports.LintJUnit, "markdown": reports.LintMarkdown,
}

func newLintCmd(s *IO) *cobra.Command {
	var f lintFlags
	c := &cobra.Command{
		Use:     "lint [packages]",
		Short:   "Find process-wide WebSocket managers and say what each use does",
		Long:    lintLong,
		Example: lintExample,
		RunE:    func(c *cobra.Command, args []string) error { return s.lint(c.Context(), args, &f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.format, "format", "text", "write `FORMAT`: text, json, sarif, github, junit or markdown")
	flags.BoolVar(&f.summary, "summary", false, "write the progress of the migration by package and stage instead of the findings")
	flags.StringVar(&f.tags, "tags", "", "build `TAGS`, as for go build")
	flags.BoolVar(&f.tests, "test", true, "look at _test.go files as well")
	flags.StringVar(&f.baseline, "baseline", "", "accept the findings in `FILE` (default .wsmig-baseline.json if it exists)")
	flags.BoolVar(&f.writeBaseline, "write-baseline", false, "accept what is found now; an existing baseline may only shrink")
	flags.BoolVar(&f.grow, "grow", false, "let --write-baseline accept more than before")
	flags.StringVar(&f.newFrom, "new-from", "", "only findings on lines that changed since git `REV`")
	flags.StringVar(&f.matrix, "matrix", "", "join the findings of several builds, `BUILDS` like linux,windows/amd64,linux+tag; without any, those that read the files which the host's build leaves out")
	flags.Lookup("matrix").NoOptDefVal = chosenBuilds
	flags.StringVar(&f.shard, "shard", "", "only the findings of part `I/N` of the packages; wsmig report merge joins the JSON files")
	flags.StringArrayVar(&f.accessors, "accessor", nil, "`PKG.NAME` is a process-wide manager; repeatable")
	return c
}

func (s *IO) lint(ctx context.Context, patterns []string, f *lintFlags) error {
	write, err := f.writer()
	if err != nil {
		return err
	}
	if f.writeBaseline && f.newFrom != "" {
		return usage(errors.New("--write-baseline and --new-from exclude each other"), "a baseline holds all that is found")
	}
	if f.grow && !f.writeBaseline {
		return usage(errors.New("--grow goes with --write-baseline"), "")
	}
	r, scope, err := s.find(ctx, patterns, f)
	if err != nil {
		return err
	}
	stale, err := s.accept(r, scope, f)
	if err != nil {
		return err
	}
	if f.newFrom != "" {
		lines, err := s.since(ctx, f.newFrom)
		if err != nil {
			return err
		}
		lines.keep(r)
		r.Count()
	}
	if err := write(s.Out, r, s.reportOptions("", "")); err != nil {
		return failed(err, "")
	}
	for _, p := range r.Stats.PackagesFailed {
		fmt.Fprintf(s.Err, "wsmig: %s: %s\n", p.Package, oneLine(p.Error))
	}
	s.complainStale(stale)
	if code := lintCode(r); code != codeOK || len(stale) == 0 {
		return exit(code)
	}
	return exit(codeFindings)
}

// chosenBuilds is the value of --matrix without one.
const chosenBuilds = "auto"

// find runs the analyzers as the flags say: once, or once for each build.
func (s *IO) find(ctx context.Context, patterns []string, f *lintFlags) (*findings.Result, *driver.Scope, error) {
	cfg := &driver.Config{
		Dir: s.Dir, Env: s.Environ(), Patterns: patterns, Tags: f.tags, NoTests: !f.tests, Accessors: f.accessors,
		Settings: config.NewTree(analyzer.Rules()), ToolExec: s.toolExec(), Fixable: fixer.Fixable,
	}
	if err := checkAccessors(f.accessors); err != nil {
		return nil, nil, err
	}
	if f.shard != "" {
		var err error
		if cfg.Shard, err = driver.ParseShard(f.shard); err != nil {
			return nil, nil, usage(fmt.Errorf("--shard %w", err), "give part I of N as I/N")
		}
	}
	run := driver.LintPackages
	if f.matrix != "" {
		builds, err := f.builds(cfg)
		if err != nil {
			return nil, nil, usage(fmt.Errorf("--matrix %w", err), "")
		}
		run = func(ctx context.Context, cfg *driver.Config) (*findings.Result, *driver.Scope, error) {
			return matrix.Lint(ctx, cfg, builds)
		}
	}
	r, scope, err := run(ctx, cfg)
	if err != nil {
		return nil, nil, lintError(err)
	}
	for _, name := range f.accessors {
		if f.shard == "" && !slices.Contains(scope.Accessors, name) {
			return nil, nil, lintError(driver.UnknownAccessor(name))
		}
	}
	return r, scope, nil
}

// builds reads the value of --matrix. Since it may be left out, a value after a space
// looks like the first package; no package is called like a list of systems.
func (f *lintFlags) builds(cfg *driver.Config) ([]matrix.Platform, error) {
	if f.matrix != chosenBuilds {
		return matrix.Parse(f.matrix)
	}
	if len(cfg.Patterns) > 0 {
		if builds, err := matrix.Parse(cfg.Patterns[0]); err == nil {
			cfg.Patterns = cfg.Patterns[1:]
			return builds, nil
		}
	}
	return nil, nil
}

func checkAccessors(names []string) error {
	for _, name := range names {
		if pkg, symbol, ok := strings.Cut(name[strings.LastIndex(name, "/")+1:], "."); !ok || pkg == "" || symbol == "" {
			return usage(fmt.Errorf("--accessor %s: no package in it", name), "write it as example.com/app/ws.GetManager")
		}
	}
	return nil
}

// toolExec keeps the go command from compiling where this program is known.
func (s *IO) toolExec() string {
	if s.Executable == "" {
		return ""
	}
	return toolexec.Command(s.Executable)
}

func (f *lintFlags) writer() (func(io.Writer, *findings.Result, *reports.Options) error, error) {
	if f.summary {
		if f.format != "text" {
			return nil, usage(fmt.Errorf("--summary and --format %s exclude each other", f.format), "every format but text tells of all findings")
		}
		return reports.LintSummary, nil
	}
	if write := lintFormats[f.format]; write != nil {
		return write, nil
	}
	names := []string{"text", "json", "sarif", "github", "junit", "markdown"}
	hint := didYouMean(f.format, names)
	if hint == "" {
		hint = "give " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	}
	return nil, usage(fmt.Errorf("--format %s: no such format", f.format), hint)
}

func lintError(err error) error {
	var input *driver.InputError
	switch {
	case errors.As(err, &input):
		return usage(errors.New(input.Message), input.Hint)
	case errors.Is(err, context.Canceled):
		return &exitError{code: codeInterrupted, err: errors.New("interrupted")}
	}
	return failed(err, "")
}

// lintCode is 3 as soon as one finding counts: code that did not load does not
// hide what was found elsewhere.
func lintCode(r *findings.Result) int {
	counts := func(f findings.Finding) bool {
		return f.Severity != findings.Info && !f.Suppressed && !f.Baseline
	}
	switch {
	case slices.ContainsFunc(r.Findings, counts):
		return codeFindings
	case len(r.Stats.PackagesFailed) > 0 && len(r.Findings) == 0:
		return codeFailed
	}
	return codeOK
}
