package loadtest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/loadtest/target"
	"github.com/wsmig/wsmig/reports"
)

// shards lets several runs of one seed load one server at the same time.
func shards(t *testing.T, config string, count int, schedules ...string) []*result.Result {
	t.Helper()
	out := make([]*result.Result, count)
	errs := make([]error, count)
	var all sync.WaitGroup
	for i := range count {
		all.Go(func() {
			out[i], errs[i] = loadtest.Run(t.Context(), &loadtest.Config{
				Users: []int{12}, Seed: 3, Duration: 500 * time.Millisecond, Schedules: schedules, Shard: i + 1, Shards: count,
				Servers: []loadtest.Server{{Name: "target", Start: func(context.Context) (*loadtest.Instance, error) {
					spec, err := loadtest.ParseSpec("config", []byte(config), nil)
					return &loadtest.Instance{Spec: spec}, err
				}}},
			})
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	return out
}

func TestShardsTogetherAreOneRun(t *testing.T) {
	schedules := []string{"spread", "burst", "collide"}
	server, err := target.Start(t.Context(), "factory")
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	config := server.Info().Config
	whole := shards(t, config, 1, schedules...)
	require.Equal(t, result.Pass, whole[0].Verdict, whole[0].Reason)
	parts := shards(t, config, 3, schedules...)
	merged, missing, err := reports.Merge(parts)
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Equal(t, result.Pass, merged.Verdict, "%v %+v", merged.Reason, merged.Runs[0].Evidence)

	one, sum := whole[0].Runs[0], merged.Runs[0]
	require.Equal(t, one.Users, sum.Users)
	require.Positive(t, one.Planned)
	require.Equal(t, one.Planned, sum.Planned)
	require.Empty(t, sum.Anomalies)
	for i, s := range one.Schedules {
		require.Equal(t, s.Planned, sum.Schedules[i].Planned, s.Name)
		require.Positive(t, s.Planned, s.Name)
		require.Equal(t, s.Ran, sum.Schedules[i].Ran, s.Name)
	}
	var delivered, emitted uint64
	for _, part := range parts {
		delivered += part.Runs[0].Delivered
		emitted += part.Runs[0].Emitted
	}
	require.Equal(t, delivered, sum.Delivered)
	require.Equal(t, emitted, sum.Emitted)

	two, missing, err := reports.Merge([]*result.Result{parts[0], parts[2]})
	require.NoError(t, err)
	require.Equal(t, []string{"2/3"}, missing)
	require.Equal(t, result.Inconclusive, two.Verdict)
	require.Equal(t, loadtest.ExitInconclusive, two.ExitCode)
}

// What reaches a user of one machine from a user of another is a leak like any
// other: the machines know each other's events.
func TestALeakFromOneShardToAnotherIsSeen(t *testing.T) {
	var mu sync.Mutex
	everybody := map[*websocket.Conn]bool{}
	config, _ := serving(t, func(_ string, conn *websocket.Conn) {
		mu.Lock()
		everybody[conn] = true
		mu.Unlock()
		for {
			_, data, err := conn.ReadMessage()
			mu.Lock()
			if err != nil {
				delete(everybody, conn)
				mu.Unlock()
				return
			}
			for one := range everybody {
				_ = one.WriteMessage(websocket.TextMessage, data)
			}
			mu.Unlock()
		}
	})
	parts := shards(t, config, 2, "burst")
	merged, _, err := reports.Merge(parts)
	require.NoError(t, err)
	require.Equal(t, result.Violated, merged.Verdict)
	require.Zero(t, merged.Runs[0].Anomalies["P1"], "the other machine's events are known, not phantoms")
	shard := map[string]int{}
	for i := range 12 {
		shard[fmt.Sprintf("u%05d", i+1)] = i%4%2 + 1
	}
	across := uint64(0)
	for _, cell := range merged.Runs[0].Matrix {
		if a, b := shard[cell.Owner], shard[cell.Receiver]; a > 0 && b > 0 && a != b {
			across += cell.Count
		}
	}
	require.Positive(t, across)
}

func TestShardsThatCanNotBe(t *testing.T) {
	for want, c := range map[string]loadtest.Config{
		"shard 3 of 2":         {Shard: 3, Shards: 2, Seed: 1},
		"shard 0 of 2":         {Shards: 2, Seed: 1},
		"a shard needs a seed": {Shard: 1, Shards: 2},
		"4 users in 2 shards: each plays at least 3 (give --users 6 or more)":                        {Shard: 1, Shards: 2, Seed: 1, Users: []int{4}},
		"10 users in 4 shards: each plays at least 3 (give --users 12 or more, or at most 3 shards)": {Shard: 1, Shards: 4, Seed: 1, Users: []int{10}},
		"65 shards are more than a plan has parts (give at most 64)":                                 {Shard: 1, Shards: 65, Seed: 1, Users: []int{1000}},
	} {
		c.Servers = pair()
		_, err := loadtest.Run(t.Context(), &c)
		var mistake *loadtest.UsageError
		require.ErrorAs(t, err, &mistake, want)
		require.Contains(t, fmt.Sprintf("%v (%s)", err, mistake.Hint), want)
	}
}
