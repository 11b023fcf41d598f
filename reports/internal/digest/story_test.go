package digest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func TestHeadlines(t *testing.T) {
	clean := result.Run{Name: "ws://127.0.0.1:8080/ws", Verdict: result.Pass, Users: 10, Delivered: 4990}
	leaking := result.Run{Name: "factory", Verdict: result.Violated, Users: 10, Delivered: 4990, Anomalies: map[string]uint64{"X0": 1, "D0": 2}}
	lossy := result.Run{Name: "factory", Verdict: result.Violated, Users: 10, Delivered: 4990, Anomalies: map[string]uint64{"D0": 2}}
	disorderly := result.Run{Name: "factory", Verdict: result.Violated, Users: 10, Delivered: 4990, Protocols: []result.Protocol{{Name: "agent", Faults: 3}, {Name: "upload"}}}
	control := result.Run{Name: "singleton", Control: true, Verdict: result.Violated, Users: 10, Delivered: 5000, Anomalies: map[string]uint64{"X0": 17}}
	tests := map[string]struct {
		r    result.Result
		word string
		want string
	}{
		"nothing":            {result.Result{Verdict: result.Inconclusive}, "INCONCLUSIVE", "No server was tested."},
		"a target":           {result.Result{Verdict: result.Pass, Runs: []result.Run{clean}}, "PASS", "ws://127.0.0.1:8080/ws held: none of 4,990 deliveries reached a wrong user."},
		"side by side":       {result.Result{Verdict: result.Pass, Runs: []result.Run{control, clean}}, "PASS", "ws://127.0.0.1:8080/ws held: none of 4,990 deliveries reached a wrong user; under the same plan the singleton leaked 17 times."},
		"only a control":     {result.Result{Verdict: result.Pass, Runs: []result.Run{control}}, "PASS", "The singleton was caught leaking: 17 leaks."},
		"a leak":             {result.Result{Verdict: result.Violated, Runs: []result.Run{control, leaking}}, "VIOLATED", "The factory is not isolated: 1 receipt outside the audience in 4,990 deliveries."},
		"loss":               {result.Result{Verdict: result.Violated, Runs: []result.Run{control, lossy}}, "VIOLATED", "The factory broke what was expected of it: 2 D0 lost."},
		"disorder":           {result.Result{Verdict: result.Violated, Runs: []result.Run{control, disorderly}}, "VIOLATED", "The factory broke what was expected of it: agent out of order in 3 places."},
		"what was reported":  {result.Result{Verdict: result.Violated, Reason: []string{"chat: corrupted (P3) once"}, Runs: []result.Run{{Name: "chat", Verdict: result.Violated, Anomalies: map[string]uint64{"P3": 1, "X7": 1}}}}, "VIOLATED", "chat broke what was expected of it: 1 P3 corrupted."},
		"reported disorder":  {result.Result{Verdict: result.Violated, Reason: []string{"factory: agent out of order in 3 places"}, Runs: []result.Run{{Name: "factory", Verdict: result.Violated, Anomalies: map[string]uint64{"X7": 1}, Protocols: disorderly.Protocols}}}, "VIOLATED", "The factory broke what was expected of it: agent out of order in 3 places."},
		"undecided":          {result.Result{Verdict: result.Inconclusive, Runs: []result.Run{control}}, "INCONCLUSIVE", "Nothing is proven: what the run saw is not enough for a verdict."},
		"interrupted":        {result.Result{Verdict: result.Violated, ExitCode: 130, Runs: []result.Run{leaking}}, "INTERRUPTED, VIOLATED", "The factory is not isolated: 1 receipt outside the audience in 4,990 deliveries."},
		"threshold":          {result.Result{Verdict: result.Pass, ExitCode: 4, Runs: []result.Run{clean}}, "PASS, TOO SLOW", "ws://127.0.0.1:8080/ws held: none of 4,990 deliveries reached a wrong user."},
		"tolerated X-leaks":  {result.Result{Verdict: result.Pass, Runs: []result.Run{{Name: "chat", Verdict: result.Pass, Delivered: 10, Anomalies: map[string]uint64{"X4": 2}}}}, "PASS", "chat held what was expected of it, with 2 receipts outside the audience."},
		"nothing delivered?": {result.Result{Verdict: result.Pass, Runs: []result.Run{{Name: "chat", Verdict: result.Pass}}}, "PASS", "chat held: no delivery reached a wrong user."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			story := digest.Tell(&test.r)
			require.Equal(t, test.word, story.Word)
			require.Equal(t, test.want, story.Headline)
		})
	}
}

func TestARunWithEventsOutOfOrderIsNotFaultless(t *testing.T) {
	r := &result.Result{Verdict: result.Violated, Runs: []result.Run{{Name: "chat", Verdict: result.Violated, Delivered: 7, Protocols: []result.Protocol{{Name: "agent", Faults: 1}}}}}
	require.Equal(t, "chat: VIOLATED, agent out of order in 1 place in 7 deliveries.", digest.Tell(r).Runs[0])
}

func TestGroupsPairControlAndTestedByUsers(t *testing.T) {
	r := sample.Result(1, 10)
	other := sample.Result(1, 100)
	r.Runs = append(r.Runs, other.Runs...)
	groups := digest.Tell(r).Groups
	require.Len(t, groups, 2)
	require.Equal(t, "10 users", groups[0].Title())
	require.Same(t, &r.Runs[2], groups[1].Before)
	require.Same(t, &r.Runs[3], groups[1].After)

	alone := digest.Tell(&result.Result{Runs: []result.Run{{Name: "a"}}}).Groups
	require.Nil(t, alone[0].Before)
	require.Nil(t, alone[0].After)
}

func TestSelfTestThatFailedIsSaid(t *testing.T) {
	r := sample.Result(1, 4)
	r.SelfTest.Passed = 18
	require.Contains(t, digest.Tell(r).Checks, "Checker self-test FAILED: 18 of 19 kinds of anomaly recognised.")
	r.SelfTest = result.SelfTest{}
	require.Contains(t, digest.Tell(r).Checks, "Checker self-test: not run.")
}

func worse(before, after *result.Run) []string {
	var names []string
	for _, row := range digest.Judge(before, after, 1.5) {
		if row.Change.Word == digest.Worse {
			names = append(names, row.Measure)
		}
	}
	return names
}

func TestJudge(t *testing.T) {
	before := &sample.Result(1, 100).Runs[1]
	same := *before
	require.Empty(t, worse(before, &same))

	leaky := *before
	leaky.Verdict, leaky.Level = result.Violated, "none"
	leaky.Anomalies = map[string]uint64{"X0": 1}
	require.Equal(t, []string{"verdict", "isolation held"}, worse(before, &leaky), "one leak is a fact, though no rate")

	slow := *before
	slow.Latency.P99 *= 3
	slow.RSSBytesPerUser *= 2
	slow.EventsPerSecond /= 2
	slow.GoroutinesAfterStop = 1
	require.Equal(t, []string{"latency p99", "events per second", "memory per user", "goroutines after close"}, worse(before, &slow))

	few := slow
	few.Delivered = 50
	few.EventsPerSecond, few.GoroutinesAfterStop, few.RSSBytesPerUser = before.EventsPerSecond, 0, before.RSSBytesPerUser
	require.Empty(t, worse(before, &few), "too little data to tell")

	other := slow
	other.Users = 200
	require.Equal(t, []string{"goroutines after close"}, worse(before, &other), "speed under another load is another question")
}

func TestCodesAreKnown(t *testing.T) {
	require.Equal(t, "cross-user delivery", digest.CodeOf("X0").Name)
	require.Equal(t, digest.Code{ID: "X9", Name: "X9", Leak: true}, digest.CodeOf("X9"))
	require.Equal(t, "harness fault", digest.CodeOf("H").Name)
	for _, code := range history.Codes() {
		require.NotEmpty(t, digest.CodeOf(code.String()).Meaning, code.String())
	}
	require.Equal(t, uint64(5), digest.Leaks(map[string]uint64{"X0": 2, "X1d": 3, "X6": 7, "X7": 7, "D0": 9}))
	var ids []string
	for _, code := range digest.Sorted(map[string]uint64{"D0": 1, "Zz": 1, "X1a": 1, "X0": 1, "P3": 0}) {
		ids = append(ids, code.ID)
	}
	require.Equal(t, []string{"X0", "X1a", "D0", "Zz"}, ids)
}

func TestMechanismsAreNamed(t *testing.T) {
	require.Equal(t, "broadcast by default", digest.Mechanism("M01"))
	require.Equal(t, "subscription too wide", digest.Mechanism("M28"))
	require.Empty(t, digest.Mechanism("M29"))
	require.Empty(t, digest.Mechanism("M1"))
}

func TestSchedulesOfAllRuns(t *testing.T) {
	r := &result.Result{Runs: []result.Run{
		{Schedules: []result.Schedule{{Name: "spread", Ran: true, Emitted: 1000}, {Name: "swap", Ran: true, Anomalies: map[string]uint64{"X0": 9, "D0": 1}}}},
		{Schedules: []result.Schedule{{Name: "swap", Reason: "budget"}, {Name: "churn"}}},
	}}
	require.Equal(t, []digest.ScheduleRow{
		{Name: "spread", Cells: []string{"clean, 1,000 emitted", ""}},
		{Name: "swap", Cells: []string{"X0 9, D0 1", "not run: budget"}},
		{Name: "churn", Cells: []string{"", "not run"}},
	}, digest.Schedules(r))
}
