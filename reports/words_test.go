package reports_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func table(t *testing.T, r *result.Result, o *reports.Options) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, reports.Table(&b, r, o))
	return b.String()
}

func markdown(t *testing.T, r *result.Result) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, reports.Markdown(&b, r, nil))
	return b.String()
}

func TestTableBeginsWithTheVerdictInWords(t *testing.T) {
	require.True(t, strings.HasPrefix(table(t, sample.Result(1, 10), nil), "PASS\n\nThe factory held: none of "))
	require.True(t, strings.HasPrefix(table(t, violated(), nil), "VIOLATED\n\nchat is not isolated: "))
	require.True(t, strings.HasPrefix(table(t, undecided(), nil), "INCONCLUSIVE\n\nNothing is proven"))
	cut := sample.Result(1, 10)
	cut.ExitCode = 130
	require.True(t, strings.HasPrefix(table(t, cut, nil), "INTERRUPTED, PASS\n"))
}

func TestTableOfSeveralNumbersOfUsers(t *testing.T) {
	out := table(t, scaling(), nil)
	for _, title := range []string{"│ 5 users ", "│ 20 users ", "│ 80 users "} {
		require.Contains(t, out, title)
	}
	require.Contains(t, out, "singleton (control) with 20 users: VIOLATED")
	require.Contains(t, out, "factory with 80 users: at 95 % confidence")
}

func TestTableOfManyServersKeepsToTheWidth(t *testing.T) {
	r := sample.Result(1, 10)
	for i := range 5 {
		run := r.Runs[1]
		run.Name = fmt.Sprintf("ws://127.0.0.1:808%d/a/rather/long/path/to/the/socket", i)
		r.Runs = append(r.Runs, run)
	}
	out := table(t, r, nil)
	require.Equal(t, 3, strings.Count(out, "│ 10 users"), "seven servers in three tables")
	require.Equal(t, 1, strings.Count(out, "│ change"), "one comparison")
}

func TestTableSaysWhatDidNotRun(t *testing.T) {
	require.Contains(t, table(t, sample.Result(1, 4), nil), "Not run: revoke (no revoke action in the configuration).")
	r := sample.Result(1, 4)
	for i := range r.Runs {
		r.Runs[i].Schedules = r.Runs[i].Schedules[:3]
	}
	require.NotContains(t, table(t, r, nil), "Not run")
}

func TestMarkdownIsAStepSummary(t *testing.T) {
	out := markdown(t, sample.Result(1, 10))
	require.True(t, strings.HasPrefix(out, "## ✅ PASS\n"))
	require.Contains(t, markdown(t, violated()), "## ❌ VIOLATED\n")
	require.Contains(t, markdown(t, undecided()), "## ❔ INCONCLUSIVE\n")
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "|") {
			require.True(t, strings.HasSuffix(line, "|\n"), line)
		}
	}
	require.Equal(t, strings.Count(out, "<details>"), strings.Count(out, "</details>"))
}

func TestMarkdownShowsTheFirstPiecesOfEvidence(t *testing.T) {
	r := violated()
	for len(r.Runs[0].Evidence) < 300 {
		r.Runs[0].Evidence = append(r.Runs[0].Evidence, r.Runs[0].Evidence[0])
	}
	out := markdown(t, r)
	require.Contains(t, out, "Evidence from <code>chat</code> (300 kept)")
	require.Contains(t, out, "290 more in results.json.")
	require.Less(t, len(out), 20_000)
}

func TestMarkdownTellsRunsOfOneServerApart(t *testing.T) {
	require.Contains(t, markdown(t, scaling()), "| schedule | singleton, 5 users | factory, 5 users | singleton, 20 users |")
}

func lintText(t *testing.T, list ...findings.Finding) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, reports.LintText(&b, &findings.Result{Findings: list}, nil))
	return b.String()
}

func TestLintTextIsWhatVetPrints(t *testing.T) {
	f := findings.Finding{Rule: "singleton", Role: findings.UserSend, Severity: findings.Warning, Message: "m", File: "a/b.go", Line: 3, Column: 9}
	require.Equal(t, "a/b.go:3:9: m (singleton, user-send)\n", lintText(t, f))

	f.Message = "m (singleton, user-send)"
	require.Equal(t, "a/b.go:3:9: m (singleton, user-send)\n", lintText(t, f), "never twice")

	f.Severity, f.Message = findings.Info, "m"
	require.Equal(t, "a/b.go:3:9: info: m (singleton, user-send)\n", lintText(t, f))
	f.Message = "info: m"
	require.Equal(t, "a/b.go:3:9: info: m (singleton, user-send)\n", lintText(t, f))

	f.Role, f.Rule, f.Message = "", "compat", "m"
	require.Equal(t, "a/b.go:3:9: info: m (compat)\n", lintText(t, f))

	f.Baseline = true
	suppressed := f
	suppressed.Baseline, suppressed.Suppressed = false, true
	require.Empty(t, lintText(t, f, suppressed), "accepted and ignored ones are not printed")
}

func TestGitHubAnnotations(t *testing.T) {
	f := findings.Finding{Rule: "singleton", Role: findings.UserSend, Severity: findings.Error, Message: "50 % of it", File: "a,b.go", Line: 3, Column: 9, EndLine: 3, EndColumn: 20}
	render := func() string {
		var b strings.Builder
		require.NoError(t, reports.LintGitHub(&b, &findings.Result{Findings: []findings.Finding{f}}, nil))
		return b.String()
	}
	require.Equal(t, "::error file=a%2Cb.go,line=3,col=9,endLine=3,endColumn=20,title=wsmig singleton::50 %25 of it (singleton, user-send)\n", render())
	f.Severity, f.EndLine = findings.Info, 5
	require.Equal(t, "::notice file=a%2Cb.go,line=3,col=9,endLine=5,title=wsmig singleton::info: 50 %25 of it (singleton, user-send)\n", render(), "a column at the end only where it is of the same line")
	f.EndLine = 0
	require.Contains(t, render(), "col=9,title=")
}

func TestLintMarkdownWhenNothingIsLeft(t *testing.T) {
	var b strings.Builder
	require.NoError(t, reports.LintMarkdown(&b, &findings.Result{Stats: findings.Stats{Files: 3, Packages: 1}}, nil))
	require.Equal(t, "## ✅ No use of a process-wide WebSocket manager is left\n\n\n3 files in 1 package read in 0.0 s.\n", b.String())
}

func TestLintMarkdownStaysBelowTheLimitOfASummary(t *testing.T) {
	var b strings.Builder
	require.NoError(t, reports.LintMarkdown(&b, sample.Lint(1, 5000), nil))
	require.Less(t, b.Len(), 1<<20)
	require.Contains(t, b.String(), "more.")
}

func TestLedgerSaysWhatToDoByHand(t *testing.T) {
	l := sample.Ledger(1, 24)
	l.Builds, l.GoMod = false, ledger.GoMod{}
	l.Singletons = append(l.Singletons, ledger.Singleton{Name: "example.com/app/web.hub"})
	var b strings.Builder
	require.NoError(t, reports.LedgerTable(&b, l, nil))
	require.True(t, strings.HasPrefix(b.String(), "8 fixed, 7 left, 9 kept in 2 files changed\nThe result does not build: nothing was written.\n"), b.String())
	require.Contains(t, b.String(), "untouched")
	require.NotContains(t, b.String(), "go.mod")
	require.Contains(t, b.String(), "pass an emitter")

	b.Reset()
	require.NoError(t, reports.LedgerMarkdown(&b, &ledger.Ledger{Builds: true}, nil))
	require.Equal(t, "## 0 fixed, 0 left, 0 kept in 0 files changed\n\n", b.String())
}

func TestSummaryLeavesOutWhatPackagesShare(t *testing.T) {
	summary := func(packages ...string) string {
		r := &findings.Result{}
		for _, name := range packages {
			r.Findings = append(r.Findings, findings.Finding{Package: name, Severity: findings.Warning})
		}
		var b strings.Builder
		require.NoError(t, reports.LintSummary(&b, r, nil))
		return b.String()
	}
	require.Contains(t, summary("a.b/c/x", "a.b/c/y/z"), "Packages below a.b/c:\n")
	require.Contains(t, summary("a.b/c/x", "a.b/c/y/z"), "│ y/z ")
	require.Contains(t, summary("a.b/c", "a.b/c/x"), "Packages below a.b:\n")
	require.NotContains(t, summary("a.b/c", "d.e/f"), "below")
	require.NotContains(t, summary("main", "a.b/c"), "below")
	require.Contains(t, summary("a.b/c/x"), "│ a.b/c/x ")
	require.Equal(t, "0 files in 0 packages read in 0.0 s.\n", summary())
}
