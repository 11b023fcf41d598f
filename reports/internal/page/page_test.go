package page

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func TestFramesAreSplitAtTheirMarks(t *testing.T) {
	require.Equal(t, []piece{{`{"a":"`, false}, {"~w1.7q3k0000700001000000214k4t9x2mzh~", true}, {`"}`, false}}, marked(`{"a":"~w1.7q3k0000700001000000214k4t9x2mzh~"}`))
	require.Equal(t, []piece{{"", false}, {"~W1.ABC", true}, {"", false}}, marked("~W1.ABC"), "cut short and in capitals it is still one")
	require.Equal(t, []piece{{`no mark \x1b`, false}}, marked("no mark \x1b"))
}

func TestEveryClassHasACardBeforeASecondOfAny(t *testing.T) {
	var list []result.Evidence
	for _, code := range []string{"X0", "X0", "X0", "X0", "X0", "X0", "X0", "D0", "X2"} {
		list = append(list, result.Evidence{Code: code})
	}
	chosen := choose(list)
	require.Len(t, chosen, cardsAtMost)
	require.True(t, chosen[7] && chosen[8] && chosen[0])
	require.Len(t, choose(list[:2]), 2)
	require.Empty(t, choose(nil))
}

func TestTestedServersComeBeforeControls(t *testing.T) {
	r := sample.Result(1, 10)
	r.Runs[1].Evidence = r.Runs[0].Evidence
	p := &loadTest{r: r}
	p.evidence()
	require.Equal(t, []string{"factory, 10 users", "singleton (control), 10 users"}, []string{p.Evidence[0].Run, p.Evidence[1].Run})
}

func TestBusyMachineIsSaid(t *testing.T) {
	calm := environment(&result.Environment{CPUs: 2, Load1: 0.5})
	busy := environment(&result.Environment{CPUs: 2, Load1: 1.9})
	require.NotContains(t, calm[2].Value, "busy")
	require.Contains(t, busy[2].Value, "the machine was busy")
	require.Equal(t, "not recorded", environment(nil)[0].Value)
}

func TestHeatKeepsZeroesApartFromWhatDidNotRun(t *testing.T) {
	head := []digest.Code{digest.CodeOf("X0"), digest.CodeOf("D0")}
	row := heatRowOf(&result.Schedule{Name: "swap", Ran: true, Emitted: 1000, Anomalies: map[string]uint64{"X0": 120}}, head)
	require.False(t, row.Skipped)
	require.Equal(t, []heatCell{{"120", 4}, {"0", 0}}, row.Cells)
	require.True(t, heatRowOf(&result.Schedule{Name: "revoke", Reason: "budget"}, head).Skipped)
}

// TestPageStaysSmall holds the promise for a thousand users, also when every one
// of them leaks to many others.
func TestPageStaysSmall(t *testing.T) {
	r := sample.Result(1, 1000)
	for owner := 1; owner <= 1000; owner++ {
		for k := range 40 {
			r.Runs[0].Matrix = append(r.Runs[0].Matrix, result.Cell{Owner: sample.User(owner), Receiver: sample.User((owner*k*7)%1000 + 1), Count: uint64(k + 1)})
		}
	}
	for range 200 {
		r.Runs[0].Evidence = append(r.Runs[0].Evidence, r.Runs[0].Evidence[:4]...)
	}
	var b bytes.Buffer
	require.NoError(t, LoadTest(&b, r, sample.Lint(1, 500), 1.5))
	require.Less(t, b.Len(), 300_000)
}

// TestPageOfSeveralNumbersOfUsersStaysSmall adds the ids that schedules make up,
// which have a picture of their own.
func TestPageOfSeveralNumbersOfUsersStaysSmall(t *testing.T) {
	r := &result.Result{Verdict: result.Pass}
	for _, users := range []int{1, 10, 100, 1000} {
		runs := sample.Result(2, users).Runs
		for i := range 80 {
			runs[0].Matrix = append(runs[0].Matrix, result.Cell{Owner: fmt.Sprintf("odd %d", i), Receiver: sample.User(i%users + 1), Count: uint64(i + 1)})
		}
		r.Runs = append(r.Runs, runs...)
	}
	var b bytes.Buffer
	require.NoError(t, LoadTest(&b, r, nil, 1.5))
	require.Less(t, b.Len(), 400_000)
}

func TestEmptyResultsHavePages(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, LoadTest(&b, &result.Result{Verdict: result.Inconclusive}, nil, 1.5))
	require.Contains(t, b.String(), "No server was tested.")
	b.Reset()
	lint := sample.Lint(1, 0)
	lint.Findings, lint.Singletons = nil, nil
	require.NoError(t, Lint(&b, lint, nil))
	require.Contains(t, b.String(), "CLEAN")
	require.Contains(t, b.String(), "No baseline was in use")
	require.Contains(t, b.String(), "Lint can't tell how far")
}
