package loadtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
)

func TestWhatATestedServerDidIsShrunkToTwoUsers(t *testing.T) {
	c := &Config{Servers: []Server{{Name: "singleton", Start: singleton}}, Users: []int{6}, Seed: 4, Schedules: []string{"lockstep"}, Duration: time.Second}
	evidence := result.Evidence{Code: "X0", Schedule: "lockstep", Owner: "u00002", Receiver: "u00003"}
	r := &result.Result{Seed: "4", Verdict: result.Violated, Runs: []result.Run{{Name: "singleton", Evidence: []result.Evidence{evidence}}}}
	found, err := Shrink(t.Context(), c, r)
	require.NoError(t, err)
	require.NotNil(t, found)
	require.Equal(t, "lockstep", found.Hit.Schedule)
	if found.Small != nil { // how far it gets in its time depends on the machine
		require.LessOrEqual(t, len(found.Small.Users), 4)
		require.Positive(t, found.Small.Hits)
		require.LessOrEqual(t, found.Small.Tries, replayTries)
		require.NotEmpty(t, found.Steps)
	}
	require.False(t, c.Servers[0].Control || c.UntilViolated, "the caller's configuration is left as it was")
}

func TestNothingIsShrunkThatFewUsersCannotShow(t *testing.T) {
	one := func(code string, control bool) *result.Result {
		return &result.Result{Runs: []result.Run{{Name: "a", Control: control, Evidence: []result.Evidence{{Code: code, Schedule: "burst"}}}}}
	}
	for _, r := range []*result.Result{{}, one("X0", true), one("X7", false), one("D3", false)} {
		found, err := Shrink(t.Context(), &Config{}, r)
		require.NoError(t, err)
		require.Nil(t, found)
	}
}
