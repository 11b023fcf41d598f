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
	"github.com/wsmig/wsmig/analyzer/toolexec"
	"github.com/wsmig/wsmig/reports"
)

const lintLong = `lint finds every process-wide WebSocket manager, however it is written, and every
use of it in every package, and says what each use does and to whom. Roles and
addressees come from what the code does, never from names.

Standard output has one finding a line, file:line:col: message (rule, role).
Informational findings start with "info: " and do not count.

Exit codes: 0 nothing to do, 1 a package failed to load and nothing was found,
2 wrong use, 3 findings.`

const lintExample = `  wsmig lint ./...
  wsmig lint --format json ./... > lint.json
  wsmig lint --accessor example.com/app/bus.GetManager ./...`

type lintFlags struct {
	format, tags string
	tests        bool
	summary      bool
	accessors    []string

	baseline, newFrom   string
	writeBaseline, grow bool
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
	flags.BoolVar(&f.summary, "summary", false, "write the progress of the migration by package instead of the findings")
	flags.StringVar(&f.tags, "tags", "", "build `TAGS`, as for go build")
	flags.BoolVar(&f.tests, "test", true, "look at _test.go files as well")
	flags.StringVar(&f.baseline, "baseline", "", "accept the findings in `FILE` (default .wsmig-baseline.json if it exists)")
	flags.BoolVar(&f.writeBaseline, "write-baseline", false, "accept what is found now; an existing baseline may only shrink")
	flags.BoolVar(&f.grow, "grow", false, "let --write-baseline accept more than before")
	flags.StringVar(&f.newFrom, "new-from", "", "only findings on lines that changed since git `REV`")
	flags.StringArrayVar(&f.accessors, "accessor", nil, "`PKG.NAME` is a process-wide manager; repeatable")
	return c
}

func (s *IO) lint(ctx context.Context, patterns []string, f *lintFlags) error {
	write, err := f.writer()
	if err != nil {
		return err
	}
	settings, err := config.Load(s.Dir, analyzer.Rules())
	if err != nil {
		return usage(err, "")
	}
	r, packages, err := driver.LintPackages(ctx, &driver.Config{
		Dir: s.Dir, Env: s.Environ(), Patterns: patterns, Tags: f.tags, NoTests: !f.tests, Accessors: f.accessors, Settings: settings,
		ToolExec: s.toolExec(),
		Fixable:  fixer.Fixable,
	})
	if err != nil {
		return lintError(err)
	}
	stale, err := s.accept(r, packages, f)
	if err != nil {
		return err
	}
	if f.newFrom != "" {
		lines, err := s.since(ctx, f.newFrom)
		if err != nil {
			return err
		}
		lines.keep(r)
	}
	if err := write(s.Out, r, &reports.Options{Color: s.ColorOut(), Width: s.Width}); err != nil {
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

// toolExec keeps the go command from compiling where this program is known.
func (s *IO) toolExec() string {
	if s.Executable == "" {
		return ""
	}
	return toolexec.Command(s.Executable)
}

func (f *lintFlags) writer() (func(io.Writer, *findings.Result, *reports.Options) error, error) {
	if f.summary {
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
