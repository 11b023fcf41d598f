package digest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func runs(list ...result.Run) *result.Result { return &result.Result{Runs: list} }

func titles(pairs []digest.Pair) (out []string) {
	for _, p := range pairs {
		out = append(out, p.Title())
	}
	return out
}

func TestMatch(t *testing.T) {
	tests := map[string]struct {
		before, after *result.Result
		pairs         []string
		unmatched     []string
	}{
		"same name and users first": {
			runs(result.Run{Name: "a", Users: 1}, result.Run{Name: "a", Users: 10}),
			runs(result.Run{Name: "a", Users: 10}, result.Run{Name: "a", Users: 1}),
			[]string{"a, 1 user", "a, 10 users"}, nil,
		},
		"then the name alone": {
			runs(result.Run{Name: "a", Users: 1}), runs(result.Run{Name: "a", Users: 5}),
			[]string{"a, 1 and 5 users"}, nil,
		},
		"then the only server under test": {
			runs(result.Run{Name: "singleton", Control: true}, result.Run{Name: "x:1", Users: 3}), runs(result.Run{Name: "x:2", Users: 3}, result.Run{Name: "singleton", Control: true}),
			[]string{"singleton (control), 0 users", "x:1 / x:2, 3 users"}, nil,
		},
		"never a control with a server under test": {
			runs(result.Run{Name: "a", Control: true}), runs(result.Run{Name: "a"}),
			nil, []string{"a", "a"},
		},
		"none twice": {
			runs(result.Run{Name: "a"}, result.Run{Name: "a"}), runs(result.Run{Name: "a"}),
			[]string{"a, 0 users"}, []string{"a"},
		},
		"two servers of other names can't be told apart": {
			runs(result.Run{Name: "a"}, result.Run{Name: "b"}), runs(result.Run{Name: "c"}, result.Run{Name: "d"}),
			nil, []string{"a", "b", "c", "d"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pairs, unmatched := digest.Match(test.before, test.after)
			require.Equal(t, test.pairs, titles(pairs))
			require.Equal(t, test.unmatched, unmatched)
		})
	}
}

func TestCompareShowsWithoutJudgingWhatIsAlone(t *testing.T) {
	run := &result.Run{Name: "a", Verdict: result.Violated, Delivered: 10, Anomalies: map[string]uint64{"X0": 2, "D0": 1}, Lost: 1}
	rows := digest.Compare([]*result.Run{run}, nil, nil, 1.5)
	require.Len(t, rows, 11)
	for _, row := range rows {
		require.Len(t, row.Values, 1)
		require.Equal(t, digest.Change{}, row.Change, row.Measure)
	}
	require.Equal(t, []string{"VIOLATED"}, rows[0].Values)
	require.Equal(t, []string{"-"}, rows[1].Values, "no level was given")
	require.Equal(t, []string{"2"}, rows[3].Values, "a loss is no leak")
}

func TestVerdictsAndLevels(t *testing.T) {
	word := func(measure string, before, after result.Run) digest.Word {
		for _, row := range digest.Judge(&before, &after, 1.5) {
			if row.Measure == measure {
				return row.Change.Word
			}
		}
		return "no such measure"
	}
	verdict := func(before, after result.Verdict) digest.Word {
		return word("verdict", result.Run{Verdict: before}, result.Run{Verdict: after})
	}
	require.Equal(t, digest.Same, verdict(result.Pass, result.Pass))
	require.Equal(t, digest.Worse, verdict(result.Pass, result.Violated))
	require.Equal(t, digest.Worse, verdict(result.Inconclusive, result.Violated))
	require.Equal(t, digest.Better, verdict(result.Violated, result.Pass))
	require.Equal(t, digest.NoEvidence, verdict(result.Violated, result.Inconclusive), "unknown is never a pass")
	require.Equal(t, digest.NoEvidence, verdict(result.Inconclusive, result.Pass))
	require.Equal(t, digest.NoEvidence, verdict(result.Inconclusive, result.Inconclusive))

	level := func(before string, v result.Verdict, after string, w result.Verdict) digest.Word {
		return word("isolation held", result.Run{Level: before, Verdict: v}, result.Run{Level: after, Verdict: w})
	}
	require.Equal(t, digest.Worse, level("session-isolated", result.Pass, "user-isolated", result.Violated))
	require.Equal(t, digest.Better, level("none", result.Violated, "session-isolated", result.Pass))
	require.Equal(t, digest.NoEvidence, level("none", result.Violated, "session-isolated", result.Inconclusive), "what was not violated in a run that proves nothing")
	require.Equal(t, digest.Same, level("none", result.Violated, "none", result.Violated))
	require.Equal(t, digest.NoEvidence, level("", result.Pass, "none", result.Violated))
}

func TestChangeShowsItsFactor(t *testing.T) {
	before, after := result.Run{Users: 1, EventsPerSecond: 100}, result.Run{Users: 1, EventsPerSecond: 250}
	for _, row := range digest.Judge(&before, &after, 1.5) {
		if row.Measure == "events per second" {
			require.Equal(t, "better, 2.5x", row.Change.String())
		}
	}
	require.Equal(t, "no evidence", digest.Change{Word: digest.NoEvidence}.String())
}

func TestProgress(t *testing.T) {
	r := sample.Lint(1, 24)
	total := digest.Total(r)
	require.Equal(t, digest.Progress{Name: "all", Todo: 17, Fixable: 7, Info: 1, Baseline: 6, Ignored: 2}, total)
	require.Equal(t, uint64(len(r.Findings)), total.All(), "every finding is counted once")
	var sum uint64
	last := uint64(1 << 60)
	for _, p := range digest.ProgressBy(r, func(f *findings.Finding) string { return f.Package }) {
		sum += p.All()
		require.LessOrEqual(t, p.Todo, last, "the fullest first")
		last = p.Todo
	}
	require.Equal(t, total.All(), sum)
}

func TestCoverageIsToldInASentence(t *testing.T) {
	require.Equal(t, "40 files in 12 packages read in 1.4 s; 1 package could not be read in full; 1 file skipped.", digest.LintCoverage(sample.Lint(1, 1)))
	require.Equal(t, "0 files in 0 packages read in 0.0 s.", digest.LintCoverage(&findings.Result{}))
}

func TestRulesAreDescribed(t *testing.T) {
	for _, rule := range []string{"singleton", "lastwriter", "widecast", "sharedpayload", "emitterscope", "secondhub", "compat"} {
		require.NotEmpty(t, digest.Rule(rule), rule)
	}
	require.Empty(t, digest.Rule("nilness"))
}
