package reports_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func TestCompareWithItselfIsTheSame(t *testing.T) {
	c := reports.Compare(sample.Result(1, 100), sample.Result(1, 100), nil)
	require.Empty(t, c.Regressions)
	require.Empty(t, c.Improvements)
	require.Empty(t, c.Undecided)
	require.Equal(t, "SAME", c.Word())
}

func TestCompareCallsALeakARegression(t *testing.T) {
	before, after := sample.Result(1, 10), sample.Result(1, 10)
	after.Verdict = result.Violated
	run := &after.Runs[1]
	run.Verdict, run.Level, run.Anomalies = result.Violated, "none", map[string]uint64{"X0": 1}
	c := reports.Compare(before, after, nil)
	require.Equal(t, "REGRESSION", c.Word())
	require.Equal(t, []string{"factory, 10 users: verdict pass -> VIOLATED", "factory, 10 users: isolation held session-isolated -> none"}, c.Regressions)
	require.Equal(t, []string{"factory, 10 users: leaks 0 -> 1"}, c.Undecided, "one leak is a fact, but no rate")

	back := reports.Compare(after, before, nil)
	require.Empty(t, back.Regressions)
	require.Equal(t, "BETTER", back.Word())
}

func TestCompareSaysWhenItCannotTell(t *testing.T) {
	before, after := sample.Result(1, 10), sample.Result(2, 10)
	after.Verdict = result.Inconclusive
	after.Runs[1].Verdict = result.Inconclusive
	c := reports.Compare(before, after, nil)
	require.Empty(t, c.Regressions, "what is not known is no regression")
	require.Equal(t, "NO EVIDENCE of a difference", c.Word())
	require.Contains(t, c.Undecided, "factory, 10 users: verdict pass -> inconclusive")

	strangers := reports.Compare(&result.Result{Runs: []result.Run{{Name: "a", Control: true}}}, &result.Result{Runs: []result.Run{{Name: "b"}}}, nil)
	require.Equal(t, []string{"the two tests have no server in common"}, strangers.Undecided)
	require.Equal(t, []string{"a", "b"}, strangers.Unmatched)
}

func TestCompareJudgesSpeedBeyondNoise(t *testing.T) {
	before, after := sample.Result(1, 100), sample.Result(1, 100)
	after.Runs[1].Latency.P99 *= 1.4
	require.Empty(t, reports.Compare(before, after, nil).Regressions)
	require.Len(t, reports.Compare(before, after, &reports.Options{Noise: 1.2}).Regressions, 1)

	after.ExitCode, after.Reason = 4, []string{"p99 280 ms > 200 ms"}
	require.Equal(t, []string{"a performance threshold is missed: p99 280 ms > 200 ms"}, reports.Compare(before, after, nil).Regressions)
}

func TestCompareNeverJudgesControls(t *testing.T) {
	before, after := sample.Result(1, 10), sample.Result(1, 10)
	after.Runs[0].Anomalies = map[string]uint64{"X0": 5000}
	require.Equal(t, "SAME", reports.Compare(before, after, nil).Word())
}

func TestCompareMatchesATargetByItsPlace(t *testing.T) {
	before := &result.Result{Runs: []result.Run{{Name: "ws://127.0.0.1:8080/ws", Verdict: result.Pass, Users: 5}}}
	after := &result.Result{Runs: []result.Run{{Name: "ws://127.0.0.1:9090/ws", Verdict: result.Violated, Users: 7}}}
	c := reports.Compare(before, after, nil)
	require.Empty(t, c.Unmatched)
	require.Equal(t, []string{"ws://127.0.0.1:8080/ws / ws://127.0.0.1:9090/ws, 5 and 7 users: verdict pass -> VIOLATED"}, c.Regressions)
}

func TestCompareGolden(t *testing.T) {
	before, after := sample.Result(1, 100), sample.Result(2, 100)
	after.Runs[1].Latency.P99 *= 3
	after.Runs = append(after.Runs, result.Run{Name: "another", Verdict: result.Pass})
	c := reports.Compare(before, after, nil)
	var b bytes.Buffer
	require.NoError(t, c.Table(&b, nil))
	golden(t, "compare.txt", b.String())
	b.Reset()
	require.NoError(t, c.Markdown(&b, nil))
	golden(t, "compare.md", b.String())
}

func TestCompareEscapesToo(t *testing.T) {
	c := reports.Compare(sample.HostileResult(), sample.Result(1, 4), nil)
	var b bytes.Buffer
	require.NoError(t, c.Table(&b, nil))
	requirePrintable(t, b.String())
	b.Reset()
	require.NoError(t, c.Markdown(&b, nil))
	requirePrintable(t, b.String())
	requireNoMarkup(t, b.String())
}
