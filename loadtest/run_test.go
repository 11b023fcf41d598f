package loadtest_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
)

func TestTheDefaultPairPasses(t *testing.T) {
	var seen []loadtest.Progress
	var partial []*result.Result
	r, err := loadtest.Run(t.Context(), &loadtest.Config{
		Servers: pair(), Duration: 2500 * time.Millisecond, Seed: 5, Version: "v0", Command: []string{"loadtest", "--users", "10"},
		Progress: func(p loadtest.Progress) { seen = append(seen, p) },
		Partial:  func(r *result.Result) { partial = append(partial, r) },
	})
	require.NoError(t, err)
	require.Empty(t, r.Reason)
	require.Equal(t, result.Pass, r.Verdict)
	require.Equal(t, loadtest.ExitPass, r.ExitCode)
	require.Equal(t, r.SelfTest.Total, r.SelfTest.Passed)
	require.Len(t, r.SelfTest.Codes, r.SelfTest.Total)
	require.Equal(t, "wsmig loadtest --users 10 --seed 5", r.Replay)
	require.Equal(t, "5", r.Seed)
	require.NotNil(t, r.Environment)

	control, factory := r.Runs[0], r.Runs[1]
	require.True(t, control.Control)
	require.Equal(t, result.Violated, control.Verdict)
	require.Equal(t, "none", control.Level)
	require.Positive(t, control.Anomalies["X0"])
	require.NotEmpty(t, control.Mechanisms)
	require.NotEmpty(t, control.Matrix)
	require.NotEmpty(t, control.Evidence)
	checkEvidence(t, control.Evidence[0])

	require.Equal(t, result.Pass, factory.Verdict)
	require.Empty(t, factory.Anomalies)
	require.Equal(t, 10, factory.Users)
	require.Positive(t, factory.Delivered)
	require.Positive(t, factory.EventsPerSecond)
	require.Positive(t, factory.Latency.P50)
	require.GreaterOrEqual(t, factory.Latency.P99, factory.Latency.P50)
	require.NotEmpty(t, factory.Latency.Buckets)
	require.InEpsilon(t, 3/float64(factory.Delivered), factory.Bound95.PerDelivery, 0.2, "the rule of three")
	require.Positive(t, factory.Lifecycle.Created)
	require.Zero(t, factory.Lifecycle.AfterClose)
	require.NotEmpty(t, factory.Series)
	checkSchedules(t, factory)
	require.NotEmpty(t, seen)
	checkPartial(t, partial)
}

// checkPartial looks at what was shown on the way: less than the end, and never a
// pass.
func checkPartial(t *testing.T, partial []*result.Result) {
	t.Helper()
	require.NotEmpty(t, partial)
	for _, r := range partial {
		require.NotEqual(t, result.Pass, r.Verdict)
		require.NotEqual(t, loadtest.ExitPass, r.ExitCode)
		require.NotEmpty(t, r.Runs)
		require.NotEqual(t, result.Pass, r.Runs[len(r.Runs)-1].Verdict, "what is under way has not passed")
	}
	require.Len(t, partial[0].Runs, 1)
}

// TestEachServerIsShownBeforeItsPlan: on a machine too busy to play anything, the
// first server is still the first that is shown.
func TestEachServerIsShownBeforeItsPlan(t *testing.T) {
	var runs []int
	_, err := loadtest.Run(t.Context(), &loadtest.Config{
		Servers: pair(), Duration: time.Nanosecond, Seed: 5,
		Partial: func(r *result.Result) { runs = append(runs, len(r.Runs)) },
	})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, runs)
}

func checkEvidence(t *testing.T, e result.Evidence) {
	t.Helper()
	require.NotEmpty(t, e.Code)
	require.NotEmpty(t, e.Frame)
	require.NotEmpty(t, e.Prose)
	require.NotEqual(t, e.Owner, e.Receiver)
	require.Positive(t, e.AtMS)
	require.NotEmpty(t, e.Around)
}

func checkSchedules(t *testing.T, r result.Run) {
	t.Helper()
	require.Len(t, r.Schedules, 12)
	emitted := uint64(0)
	for _, s := range r.Schedules {
		emitted += s.Emitted
		if !s.Ran {
			require.Equal(t, "budget", s.Reason, s.Name) // on a machine that is very busy
			continue
		}
		require.Empty(t, s.Reason, s.Name)
		require.Positive(t, s.Emitted, s.Name)
	}
	require.LessOrEqual(t, emitted, r.Emitted)
}

func TestAControlThatIsNotCaughtProvesNothing(t *testing.T) {
	r, err := loadtest.Run(t.Context(), &loadtest.Config{
		Servers:  []loadtest.Server{builtin("factory", true), builtin("factory", false)},
		Duration: 300 * time.Millisecond, Schedules: []string{"spread"},
	})
	require.NoError(t, err)
	require.Equal(t, result.Inconclusive, r.Verdict)
	require.Equal(t, loadtest.ExitInconclusive, r.ExitCode)
	require.Contains(t, r.Reason[0], "was not caught")
}

func TestALeakingTargetIsViolated(t *testing.T) {
	r, err := loadtest.Run(t.Context(), &loadtest.Config{
		Servers: []loadtest.Server{builtin("singleton", false)}, Users: []int{6}, Duration: 400 * time.Millisecond, Schedules: []string{"lockstep"},
	})
	require.NoError(t, err)
	require.Equal(t, result.Violated, r.Verdict)
	require.Equal(t, loadtest.ExitViolated, r.ExitCode)
	require.Contains(t, r.Reason[0], "cross-user delivery (X0)")
}

func TestOneUserAloneProvesNothing(t *testing.T) {
	r, err := loadtest.Run(t.Context(), &loadtest.Config{
		Servers: []loadtest.Server{builtin("factory", false)}, Users: []int{1}, Duration: 300 * time.Millisecond,
	})
	require.NoError(t, err)
	require.Equal(t, loadtest.ExitInconclusive, r.ExitCode)
	for _, s := range r.Runs[0].Schedules {
		if s.Name != "spread" && s.Name != "burst" {
			require.False(t, s.Ran, s.Name)
			require.Equal(t, "needs two users or more", s.Reason)
		}
	}
}

func TestAnInterruptedRunHasAResult(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := loadtest.Run(ctx, &loadtest.Config{
		Servers: pair(), Duration: time.Hour,
		Progress: func(p loadtest.Progress) {
			if p.Events > 20 {
				cancel()
			}
		},
	})
	require.NoError(t, err)
	require.Equal(t, loadtest.ExitInterrupted, r.ExitCode)
	require.Equal(t, result.Inconclusive, r.Verdict)
	require.Equal(t, "interrupted", r.Reason[0])
	require.Len(t, r.Runs, 1)
}

func TestSeveralNumbersOfUsersAreRunOneAfterTheOther(t *testing.T) {
	r, err := loadtest.Run(t.Context(), &loadtest.Config{
		Servers: pair(), Users: []int{2, 4}, Duration: 300 * time.Millisecond, Schedules: []string{"lockstep"},
	})
	require.NoError(t, err)
	var got [][2]any
	for _, run := range r.Runs {
		got = append(got, [2]any{run.Name, run.Users})
	}
	require.Equal(t, [][2]any{{"singleton", 2}, {"factory", 2}, {"singleton", 4}, {"factory", 4}}, got)
}

func TestMistakesAreSaidBeforeAnythingStarts(t *testing.T) {
	tests := map[string]struct {
		config loadtest.Config
		want   string
	}{
		"no server":    {loadtest.Config{}, "no server to test"},
		"no users":     {loadtest.Config{Servers: pair(), Users: []int{0}}, "0 users"},
		"too many":     {loadtest.Config{Servers: pair(), Users: []int{2_000_000}}, "more than one process can hold"},
		"time":         {loadtest.Config{Servers: pair(), Duration: -1}, "a duration of"},
		"rate":         {loadtest.Config{Servers: pair(), Rate: -1}, "a rate of"},
		"schedule":     {loadtest.Config{Servers: pair(), Schedules: []string{"lockstpe"}}, `unknown schedule "lockstpe"`},
		"all too soon": {loadtest.Config{Servers: pair(), Schedules: []string{"all"}, Duration: time.Second}, "all schedules need more than 1s"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := loadtest.Run(t.Context(), &test.config)
			require.Nil(t, r)
			var mistake *loadtest.UsageError
			require.ErrorAs(t, err, &mistake)
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err := loadtest.Run(t.Context(), &loadtest.Config{Servers: pair(), Schedules: []string{"lockstpe"}})
	var mistake *loadtest.UsageError
	require.ErrorAs(t, err, &mistake)
	require.Contains(t, mistake.Hint, "did you mean lockstep?")
}

func TestATargetThatCannotBeReached(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := "ws://" + ln.Addr().String() + "/ws"
	require.NoError(t, ln.Close())
	for config, want := range map[string]string{
		"target: " + address:        "can't be reached: connection refused",
		"target: ws://192.0.2.1/ws": "192.0.2.1 is not this machine",
		"target: ws://127.0.0.1/\nemit: {http: {post: 'http://192.0.2.1/', body: '{{canary}}'}}": "192.0.2.1 is not this machine",
		"target: ws://127.0.0.1/\nauth: {login: {post: 'http://192.0.2.1/'}}":                    "192.0.2.1 is not this machine",
		"target: ws://127.0.0.1/\nemit: {exec: [echo, '{{canary}}']}":                            "emit[0] starts a process",
		"target: ws://127.0.0.1/\nemit: {ws: 'no mark'}":                                         "no {{canary}} in it",
		"target: ws://127.0.0.1/\nemit: {ws: '{{.user.nmae}}{{canary}}'}":                        "emit[0].ws: ",
		"target: ws://127.0.0.1/\nsecrets: [NOT_SET]":                                            "NOT_SET",
		"target: ws://127.0.0.1/\nusers: {csv: users.csv}":                                       "users.csv",
		"target: ws://127.0.0.1/\nids: [a, b]\nusers: 3":                                         "3 users, and ids lists 2",
		"target: ws://127.0.0.1/\nload: {schedules: nonesuch}":                                   "unknown schedule",
	} {
		_, err := loadtest.Run(t.Context(), &loadtest.Config{Servers: []loadtest.Server{described(t, config)}, Duration: time.Second})
		var mistake *loadtest.UsageError
		require.ErrorAs(t, err, &mistake, config)
		require.ErrorContains(t, err, want)
	}
}

func TestAServerThatDoesNotStartEndsTheRun(t *testing.T) {
	broken := errors.New("no licence")
	_, err := loadtest.Run(t.Context(), &loadtest.Config{Servers: []loadtest.Server{{Start: func(context.Context) (*loadtest.Instance, error) { return nil, broken }}}})
	require.ErrorIs(t, err, broken)
}
