package cmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
)

// savedFiles puts the published examples into a folder, as a user would have
// them.
func savedFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"result", "lint", "ledger"} {
		data, err := os.ReadFile(filepath.Join("..", "reports", "schema", name+".example.json"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".json"), data, 0o600))
	}
	return dir
}

// edited saves the example load test with changes.
func edited(t *testing.T, dir, name string, change func(*result.Result)) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "result.json"))
	require.NoError(t, err)
	defer f.Close()
	r, err := reports.ReadResult(f)
	require.NoError(t, err)
	change(r)
	var b strings.Builder
	require.NoError(t, reports.JSON(&b, r, nil))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(b.String()), 0o600))
}

func TestReportRendersEveryFormatOfEveryFile(t *testing.T) {
	dir := savedFiles(t)
	for name, formats := range map[string][]string{
		"result.json": {"table", "markdown", "json", "html", "junit", "prometheus", "csv"},
		"lint.json":   {"table", "text", "markdown", "json", "html", "junit", "sarif", "github", "prometheus", "csv"},
		"ledger.json": {"table", "markdown", "json", "csv"},
	} {
		for _, format := range formats {
			code, out, errOut := run(t, dir, "report", name, "--format", format)
			require.Zero(t, code, "%s as %s: %s", name, format, errOut)
			require.NotEmpty(t, out)
			require.Empty(t, errOut)

			code, nothing, errOut := run(t, dir, "report", name, "--format", format, "-o", "out")
			require.Zero(t, code, errOut)
			require.Empty(t, nothing)
			saved, err := os.ReadFile(filepath.Join(dir, "out"))
			require.NoError(t, err)
			require.Equal(t, out, string(saved))
		}
	}
}

func TestReportTakesAFolderAndStandardInput(t *testing.T) {
	dir := savedFiles(t)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	require.NoError(t, os.Rename(filepath.Join(dir, "result.json"), filepath.Join(dir, "folder", "results.json")))
	code, out, _ := run(t, dir, "report", "folder")
	require.Zero(t, code)
	require.True(t, strings.HasPrefix(out, "PASS\n"), out)

	f, err := os.Open(filepath.Join(dir, "folder", "results.json"))
	require.NoError(t, err)
	defer f.Close()
	var stdout strings.Builder
	s := &IO{In: f, Out: &stdout, Err: &stdout, LookupEnv: os.LookupEnv, Dir: dir, Width: 80}
	require.Zero(t, Main(t.Context(), []string{"report", "-"}, s))
	require.Equal(t, out, stdout.String())
}

func TestReportRefusesInOneLineWithExitTwo(t *testing.T) {
	dir := savedFiles(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "foreign.json"), []byte(`{"schema":"acme/v1"}`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cut.json"), []byte(`{"schema":"wsmig.result/v1",`), 0o600))
	tests := map[string]struct {
		args []string
		want string
	}{
		"no file":          {[]string{"report"}, "no file was given; wsmig report wsmig-report/results.json"},
		"two files":        {[]string{"report", "a", "b"}, "2 files were given, report takes one; "},
		"missing":          {[]string{"report", "nowhere.json"}, "nowhere.json: no such file; "},
		"empty folder":     {[]string{"report", "."}, "results.json: no such file; "},
		"foreign":          {[]string{"report", "foreign.json"}, `foreign.json: not a file of wsmig: schema is "acme/v1"; `},
		"malformed":        {[]string{"report", "cut.json"}, "cut.json: line 1, column 28: the file ends in the middle"},
		"unknown format":   {[]string{"report", "result.json", "--format", "jsno"}, `--format jsno: no format "jsno" for this file: it is one of table, markdown`},
		"format of others": {[]string{"report", "result.json", "--format", "sarif"}, `--format sarif: no format "sarif" for this file`},
		"no such folder":   {[]string{"report", "result.json", "-o", "no/such/file"}, "-o no/such/file can't be written"},
		"lint of others":   {[]string{"report", "result.json", "--lint", "ledger.json"}, "ledger.json is wsmig.ledger/v1, not lint findings; "},
		"ledger of others": {[]string{"report", "lint.json", "--ledger", "result.json"}, "result.json is wsmig.result/v1, not a ledger; "},
		"merge nothing":    {[]string{"report", "merge"}, "no file was given; "},
		"merge a mixture":  {[]string{"report", "merge", "result.json", "lint.json"}, "load tests and lint findings don't merge; "},
		"merge a ledger":   {[]string{"report", "merge", "ledger.json"}, "ledger.json is wsmig.ledger/v1, neither a load test nor lint findings; "},
		"merge lint twice": {[]string{"report", "merge", "lint.json", "lint.json"}, "shard 2/3 is given twice; "},
		"merge twice":      {[]string{"report", "merge", "result.json", "result.json"}, "shard 1/2 is given twice; "},
		"merge as sarif":   {[]string{"report", "merge", "result.json", "--out", "whole", "-f", "sarif"}, `--format sarif: no format "sarif"`},
		"merge nowhere":    {[]string{"report", "merge", "result.json", "--out", "whole", "-o", "no/such/file"}, "-o no/such/file can't be written: "},
		"compare one":      {[]string{"report", "compare", "result.json"}, "1 files were given, compare takes two; "},
		"compare lint":     {[]string{"report", "compare", "result.json", "lint.json"}, "lint.json is wsmig.lint/v1, not a load test; "},
		"fail on what":     {[]string{"report", "compare", "result.json", "result.json", "--fail-on", "rain"}, `--fail-on "rain"; regression or never`},
		"noise":            {[]string{"report", "compare", "result.json", "result.json", "--noise", "0.5"}, "--noise 0.5; give a factor above 1"},
		"compare as sarif": {[]string{"report", "compare", "result.json", "result.json", "--format", "sarif"}, `--format sarif: no format "sarif"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, dir, test.args...)
			require.Equal(t, codeUsage, code, errOut)
			require.Empty(t, out)
			require.True(t, strings.HasPrefix(errOut, "wsmig: "+test.want), errOut)
			require.Equal(t, 1, strings.Count(errOut, "\n"), errOut)
		})
	}
	require.NoDirExists(t, filepath.Join(dir, "whole"), "nothing is half written")
}

func TestReportTakesWhatBelongsBesideAFile(t *testing.T) {
	dir := savedFiles(t)
	code, out, _ := run(t, dir, "report", "lint.json", "--ledger", "ledger.json", "--format", "html")
	require.Zero(t, code)
	require.Contains(t, out, "registry-shape", "what holds the singleton back")
	code, out, _ = run(t, dir, "report", "result.json", "--lint", "lint.json", "--format", "html")
	require.Zero(t, code)
	require.Contains(t, out, "internal/billing/handlers.go:29", "the line that such an event leaves from")
}

func TestReportMerge(t *testing.T) {
	dir := savedFiles(t)
	edited(t, dir, "second.json", func(r *result.Result) { r.Shard = "2/2" })
	code, out, errOut := run(t, dir, "report", "merge", "result.json", "second.json", "--out", "whole")
	require.Zero(t, code, errOut)
	var merged result.Result
	require.NoError(t, json.Unmarshal([]byte(out), &merged))
	require.Equal(t, uint64(34), merged.Runs[0].Anomalies["X0"])
	code, again, _ := run(t, dir, "report", "whole", "--format", "json")
	require.Zero(t, code)
	require.Equal(t, out, again)

	code, out, _ = run(t, dir, "report", "merge", "second.json", "--format", "table")
	require.Equal(t, codeFindings, code)
	require.True(t, strings.HasPrefix(out, "INCONCLUSIVE\n"), out)
	require.Contains(t, out, "- shard 1/2 is missing")
}

func TestReportCompare(t *testing.T) {
	dir := savedFiles(t)
	code, out, _ := run(t, dir, "report", "compare", "result.json", "result.json", "--fail-on", "regression")
	require.Zero(t, code)
	require.True(t, strings.HasPrefix(out, "SAME\n"), out)

	edited(t, dir, "leaky.json", func(r *result.Result) {
		r.Verdict = result.Violated
		r.Runs[1].Verdict, r.Runs[1].Level, r.Runs[1].Anomalies = result.Violated, "none", map[string]uint64{"X0": 3}
	})
	code, out, _ = run(t, dir, "report", "compare", "result.json", "leaky.json", "--fail-on", "regression")
	require.Equal(t, codeFindings, code)
	require.True(t, strings.HasPrefix(out, "REGRESSION\n- factory, 10 users: verdict pass -> VIOLATED\n"), out)
	code, _, _ = run(t, dir, "report", "compare", "result.json", "leaky.json", "--fail-on", "never", "--format", "markdown")
	require.Zero(t, code)
	code, _, _ = run(t, dir, "report", "compare", "leaky.json", "result.json")
	require.Zero(t, code, "better is no regression")
}

func TestReportColoursOnlyForTheEye(t *testing.T) {
	dir := savedFiles(t)
	render := func(change func(*IO), args ...string) string {
		var out strings.Builder
		s := &IO{Out: &out, Err: &out, LookupEnv: func(string) (string, bool) { return "", false }, Dir: dir, Width: 80, OutTerminal: true}
		change(s)
		require.Zero(t, Main(t.Context(), append([]string{"report", "result.json"}, args...), s), out.String())
		return out.String()
	}
	nothing := func(*IO) {}
	require.Contains(t, render(nothing), "\x1b[1;32mPASS")
	require.NotContains(t, render(nothing, "--no-color"), "\x1b")
	require.NotContains(t, render(nothing, "--format", "markdown"), "\x1b")
	require.NotContains(t, render(func(s *IO) { s.OutTerminal = false }), "\x1b")
	require.NotContains(t, render(func(s *IO) {
		s.LookupEnv = func(key string) (string, bool) { return "1", key == "NO_COLOR" }
	}), "\x1b")

	require.Empty(t, render(nothing, "-o", "out.txt"))
	saved, err := os.ReadFile(filepath.Join(dir, "out.txt"))
	require.NoError(t, err)
	require.NotContains(t, string(saved), "\x1b", "a file is not a terminal")
}

func TestReportFitsANarrowTerminal(t *testing.T) {
	dir := savedFiles(t)
	var out strings.Builder
	s := &IO{Out: &out, Err: &out, LookupEnv: func(string) (string, bool) { return "", false }, Dir: dir, Width: 60}
	require.Zero(t, Main(t.Context(), []string{"report", "result.json"}, s))
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "replay: ") {
			require.LessOrEqual(t, len([]rune(line)), 62, line)
		}
	}
}

func TestSARIFOfTheCommandCountsColumnsInUTF16(t *testing.T) {
	dir := savedFiles(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "internal", "billing"), 0o755))
	source := strings.Repeat("\n", 28) + "\t\"üüü\"; send(manager.SendToUser(inv.Owner.ID, notice, x))\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "internal", "billing", "handlers.go"), []byte(source), 0o600))
	code, out, _ := run(t, dir, "report", "lint.json", "--format", "sarif")
	require.Zero(t, code)
	require.Contains(t, out, `"startColumn": 6`, "column 9 in bytes, of which three letters took two each")
}
