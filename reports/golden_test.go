package reports_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// rendering is one format of one file, so that every test can walk all of them.
type rendering struct {
	name    string
	render  func(io.Writer, *reports.Options) error
	hostile func(io.Writer, *reports.Options) error
}

func of[T any](name string, render func(io.Writer, T, *reports.Options) error, plain, hostile T) rendering {
	return rendering{
		name:    name,
		render:  func(w io.Writer, o *reports.Options) error { return render(w, plain, o) },
		hostile: func(w io.Writer, o *reports.Options) error { return render(w, hostile, o) },
	}
}

func loadTest(name string, render func(io.Writer, *result.Result, *reports.Options) error) rendering {
	return of(name, render, sample.Result(1, 10), sample.HostileResult())
}

func lint(name string, render func(io.Writer, *findings.Result, *reports.Options) error) rendering {
	return of(name, render, sample.Lint(1, 24), sample.HostileLint())
}

func ledgerOf(name string, render func(io.Writer, *ledger.Ledger, *reports.Options) error) rendering {
	return of(name, render, sample.Ledger(1, 24), sample.HostileLedger())
}

var renderings = []rendering{
	loadTest("result.txt", reports.Table),
	loadTest("result.md", reports.Markdown),
	loadTest("result.json", reports.JSON),
	loadTest("result.junit.xml", reports.JUnit),
	loadTest("result.prom", reports.Prometheus),
	loadTest("result.csv", reports.CSV),
	loadTest("result.html", reports.HTML),
	lint("lint.txt", reports.LintText),
	lint("lint-summary.txt", reports.LintSummary),
	lint("lint.json", reports.LintJSON),
	lint("lint.md", reports.LintMarkdown),
	lint("lint.junit.xml", reports.LintJUnit),
	lint("lint.prom", reports.LintPrometheus),
	lint("lint.csv", reports.LintCSV),
	lint("lint.html", reports.LintHTML),
	lint("lint.sarif", reports.LintSARIF),
	lint("lint.github", reports.LintGitHub),
	ledgerOf("ledger.txt", reports.LedgerTable),
	ledgerOf("ledger.json", reports.LedgerJSON),
	ledgerOf("ledger.md", reports.LedgerMarkdown),
	ledgerOf("ledger.csv", reports.LedgerCSV),
}

func TestGolden(t *testing.T) {
	for _, r := range renderings {
		t.Run(r.name, func(t *testing.T) {
			golden(t, r.name, text(t, r.render, nil))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run with -update to write it")
	require.Equal(t, string(want), got)
}

func text(t *testing.T, render func(io.Writer, *reports.Options) error, o *reports.Options) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, render(&b, o))
	return b.String()
}
