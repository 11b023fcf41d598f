package page

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/chart"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func lintPageOf(t *testing.T, r *findings.Result, l *ledger.Ledger) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Lint(&b, r, l))
	return b.String()
}

func TestStagesComeFromTheLedger(t *testing.T) {
	p := &lintReport{}
	p.stages(nil)
	require.Empty(t, p.Stages)
	p.stages(&ledger.Ledger{Singletons: []ledger.Singleton{
		{Name: "a.hub"}, {Name: "b.hub", Stage: ledger.Bind, HeldBackBy: []ledger.Reason{ledger.RegistryShape, ledger.Cgo}},
		{Name: "c.hub", Stage: ledger.Move}, {Name: "d.hub", Stage: ledger.Remove},
	}})
	require.Equal(t, []stage{
		{"a.hub", []bool{false, false, false}, ""}, {"b.hub", []bool{true, false, false}, "registry-shape, cgo"},
		{"c.hub", []bool{true, true, false}, ""}, {"d.hub", []bool{true, true, true}, ""},
	}, p.Stages)
}

func TestTrendNeedsABaseline(t *testing.T) {
	p := &lintReport{}
	p.trend(digest.Progress{Todo: 4})
	require.Empty(t, p.Trend.SVG)
	require.Contains(t, p.Trend.Missing, "--write-baseline")
	p.trend(digest.Progress{Todo: 4, Baseline: 12})
	require.Equal(t, "12 accepted in the baseline still stand; 4 came since, or were never accepted.", p.Trend.Note)
	require.NotEmpty(t, p.Trend.SVG)
}

func TestProgressIsShownByRuleOnlyWhereThereAreSeveral(t *testing.T) {
	r := sample.Lint(1, 24)
	require.Len(t, progressOf(r), 3)
	r.Findings[0].Rule = "widecast"
	require.Equal(t, "By rule", progressOf(r)[3].Title)
	require.Nil(t, progressOf(&findings.Result{}))
}

func TestLintPageListsWhatIsOpen(t *testing.T) {
	r := sample.Lint(1, 24)
	p := &lintReport{}
	p.findings(r)
	listed := 0
	for _, file := range p.Files {
		listed += len(file.Rows)
	}
	require.Equal(t, 18, listed, "neither ignored ones nor those of the baseline")
	require.Empty(t, p.More)

	p = &lintReport{}
	p.findings(sample.Lint(1, 3000))
	require.Regexp(t, `^\d,?\d+ more findings in the JSON\.$`, p.More)
	require.Less(t, len(lintPageOf(t, sample.Lint(1, 3000), nil)), 400_000)
}

func TestLintPageSaysHowToFix(t *testing.T) {
	require.Equal(t, "wsmig fix", fixOf(&findings.Finding{Fixable: true, Severity: findings.Warning}))
	require.Equal(t, "by hand: inside the message", fixOf(&findings.Finding{Reason: "inside the message", Severity: findings.Warning}))
	require.Equal(t, "by hand", fixOf(&findings.Finding{Severity: findings.Error}))
	require.Equal(t, "informational", fixOf(&findings.Finding{Severity: findings.Info, Fixable: true}))
	require.Equal(t, "send, addressed by id", message(&findings.Finding{Message: "send", Addressee: "id"}))
	require.Equal(t, "send to id", message(&findings.Finding{Message: "send to id", Addressee: "id"}))
}

func TestLintPageShowsEverySingleton(t *testing.T) {
	r := sample.Lint(1, 24)
	r.Singletons[1].Uses = nil
	p := &lintReport{}
	p.singletons(r)
	require.Len(t, p.Singletons, 2)
	require.Equal(t, "internal/realtime/manager.go:20", p.Singletons[0].Place)
	require.Equal(t, "user-send", p.Singletons[0].Uses[0].Role, "the most dangerous use first")
	require.True(t, p.Singletons[1].Info)
	require.Empty(t, p.Singletons[1].Uses)
}

func TestLintPageAccountsForWhatWasNotRead(t *testing.T) {
	out := lintPageOf(t, sample.Lint(1, 3), nil)
	require.Contains(t, out, "legacy/old.go:3:8: undefined: oldHub")
	require.Contains(t, out, "web/ws_windows.go")
	r := sample.Lint(1, 3)
	r.Stats.PackagesFailed = nil
	for range findingsAtMost + 5 {
		r.Stats.FilesSkipped = append(r.Stats.FilesSkipped, r.Stats.FilesSkipped[0])
	}
	require.Nil(t, failed(r))
	require.Len(t, skipped(r).Rows, findingsAtMost)
}

func TestSendsAreNamedOnlyBesideEvidence(t *testing.T) {
	p := &loadTest{r: sample.Result(1, 4)}
	p.sites(sample.Lint(1, 60))
	require.Nil(t, p.Sites, "no evidence, no suspicion")
	p.evidence()
	p.sites(nil)
	require.Nil(t, p.Sites)
	p.sites(sample.Lint(1, 60))
	require.Len(t, p.Sites.Rows, sitesAtMost)
	require.Contains(t, p.SitesNote, "The first 20 are shown.")
}

func TestMoreEvidenceIsCounted(t *testing.T) {
	run := &result.Run{Name: "chat", Evidence: make([]result.Evidence, 500)}
	e := evidenceOf(run)
	require.Len(t, e.Cards, cardsAtMost)
	require.Len(t, e.Rest.Rows, rowsAtMost)
	require.Equal(t, "494 more findings of this run, 25 of them here", e.More)
	run.Evidence = run.Evidence[:7]
	require.Equal(t, "1 more finding of this run", evidenceOf(run).More)
	run.Evidence = run.Evidence[:3]
	require.Nil(t, evidenceOf(run).Rest)
}

func TestCardsSayWhoWhenAndWhere(t *testing.T) {
	c := newCard(&result.Evidence{Code: "X0", Owner: "a", Receiver: "b", Connection: "c7", AtMS: 12.5, EmittedMS: 12})
	require.Equal(t, "b on c7", c.Receiver)
	require.Equal(t, "12.5 ms into the run, 500 µs after it was emitted", c.When)
	lost := newCard(&result.Evidence{Code: "D0", Owner: "a", Receiver: "a", AtMS: 12.5, EmittedMS: 12})
	require.Equal(t, "nobody", lost.Receiver)
	require.Equal(t, "12.5 ms into the run", lost.When)
}

func TestFactsOfSeveralRuns(t *testing.T) {
	r := sample.Result(1, 5)
	r.Runs = append(r.Runs, sample.Result(1, 50).Runs...)
	list := facts(r)
	require.Equal(t, fact{"users", "5, 50"}, list[0])
	require.Equal(t, fact{"pairs that overlapped", "2,470 of 2,470"}, list[3])
	require.Equal(t, "not counted", pairs(&result.Result{}))
	r.SelfTest = result.SelfTest{}
	require.Contains(t, facts(r), fact{"checker self-test", "not run"})
}

func TestUnjudgedTrafficIsSaid(t *testing.T) {
	r := sample.Result(1, 4)
	r.Runs[1].Declared, r.Runs[1].Anomalies["H"], r.Shard = 3, 2, "1/2"
	p := &loadTest{r: r}
	p.rest()
	require.Contains(t, p.Unjudged, fact{"factory: declared", "3 losses that the server announced, not counted as lost"})
	require.Contains(t, p.Unjudged, fact{"factory: harness faults", "2"})
	require.Contains(t, p.Unjudged, fact{"factory: frames with a mark", "98 % were judged, the others carried none"})
	require.Contains(t, p.Configuration, fact{"shard", "1/2"})
	require.Contains(t, strings.Join(p.Method, " "), "named 19 of them")
}

func TestWordsHaveAShapeBesideTheirColour(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range []digest.Word{digest.Better, digest.Worse, digest.Same, digest.NoEvidence} {
		c := wordOf(digest.Change{Word: w})
		require.NotEmpty(t, c.Sign)
		require.False(t, seen[c.Sign], "each its own")
		seen[c.Sign] = true
	}
	require.Equal(t, change{}, wordOf(digest.Change{}))
	icons := map[string]bool{}
	for _, v := range []result.Verdict{result.Pass, result.Violated, result.Inconclusive} {
		icons[string(icon(v))] = true
	}
	require.Len(t, icons, 3)
	require.NotEmpty(t, chart.Key{Class: "mark hit"}.Swatch())
}
