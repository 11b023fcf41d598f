package drive_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/guard"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/target"
)

// against starts a built-in server and brings users to it.
func against(t *testing.T, name string, users int, change func(*drive.Options)) *drive.Driver {
	t.Helper()
	server, err := target.Start(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return driver(t, server.Info().Config, users, change)
}

func driver(t *testing.T, config string, users int, change func(*drive.Options)) *drive.Driver {
	t.Helper()
	file, err := spec.Parse("config", []byte(config))
	require.NoError(t, err)
	require.NoError(t, file.Resolve(nil))
	require.NoError(t, file.Check("config"))
	o := &drive.Options{File: file, Key: canary.NewKey([16]byte{1}), Seed: 1, Guard: guard.New(nil, nil)}
	for i := range users {
		o.Users = append(o.Users, drive.User{ID: fmt.Sprintf("u%05d", i+1)})
	}
	if change != nil {
		change(o)
	}
	d, err := drive.New(o)
	require.NoError(t, err)
	t.Cleanup(d.Close)
	require.NoError(t, d.Gather(t.Context(), 0, 0, users))
	return d
}

func never() bool { return false }

// play runs some waves of a schedule on a server that answers every fence.
func play(t *testing.T, d *drive.Driver, name string, waves int) history.Counts {
	t.Helper()
	played, fenced, counts := spend(t, d, name, drive.DefaultPatience, func(played int, _ history.Counts) bool { return played >= waves })
	require.GreaterOrEqual(t, played, waves, name)
	require.True(t, fenced, name)
	return counts
}

// hunt runs waves on a server with a bug until something leaks. Nothing more is
// wanted of it: what is lost there may be a fence as well.
func hunt(t *testing.T, d *drive.Driver, name string) history.Counts {
	t.Helper()
	_, _, counts := spend(t, d, name, 50*time.Millisecond, func(_ int, n history.Counts) bool { return n.Leaks() > 0 })
	return counts
}

func spend(t *testing.T, d *drive.Driver, name string, patience time.Duration, enough func(int, history.Counts) bool) (played int, fenced bool, counts history.Counts) {
	t.Helper()
	s := plan.Find(name)
	require.Empty(t, s.Needs(d.Plan()), name)
	before := d.Checker().Counts()
	found := func() history.Counts {
		after := d.Checker().Counts()
		for i := range after {
			after[i] -= before[i]
		}
		return after
	}
	limits := &drive.Limits{
		Enough:   func(played int, since time.Duration) bool { return enough(played, found()) || since > time.Minute },
		Late:     never,
		Patience: func() time.Duration { return patience },
	}
	played, fenced = d.Play(t.Context(), s, s.Waves(d.Plan()), limits)
	return played, fenced, found()
}

func TestEverySchedulePlaysOnTheFactoryAndFindsNothing(t *testing.T) {
	d := against(t, "factory", 10, nil)
	for _, s := range plan.All() {
		if s.Needs(d.Plan()) != "" || s.Name == "idle-expiry" {
			continue
		}
		require.Empty(t, play(t, d, s.Name, 6).Map(), s.Name)
	}
	d.Restore(t.Context(), plan.Setup{})
	opened, live := d.Connections()
	require.Greater(t, opened, uint64(50))
	require.LessOrEqual(t, live, int64(10))
	require.False(t, d.Lost())
	require.Zero(t, d.Oversize())
	intended, sent := d.Latency()
	require.Positive(t, intended.TotalCount())
	require.Equal(t, intended.TotalCount(), sent.TotalCount())
	require.Equal(t, history.SessionIsolated, d.Checker().Report(false).Level)
}

func TestASharedCurrentUserIsCaughtBySeveralSchedules(t *testing.T) {
	d := driver(t, forgetfulServer(t), 10, nil)
	for _, name := range []string{"spread", "burst", "lockstep", "pairs", "overlap-reconnect"} {
		counts := hunt(t, d, name)
		require.Positive(t, counts.Leaks(), name)
	}
}

func TestTheSingletonIsCaught(t *testing.T) {
	counts := hunt(t, against(t, "singleton", 10, nil), "lockstep")
	require.Positive(t, counts.Leaks())
}

func TestTheRawEngineSeesTheSame(t *testing.T) {
	raw := func(o *drive.Options) { o.Raw = true }
	d := against(t, "factory", 5, raw)
	for _, name := range []string{"spread", "burst", "swap", "big", "fragments"} {
		require.Empty(t, play(t, d, name, 4).Map(), name)
	}
	require.Positive(t, d.Arrived())
	leaks := hunt(t, driver(t, forgetfulServer(t), 5, raw), "lockstep")
	require.Positive(t, leaks.Leaks())
}

// forgetfulServer keeps the addressee of an event where the next one's goes as
// well, and sends each when the next has come: what a race makes of two that meet,
// every time.
func forgetfulServer(t *testing.T) (config string) {
	var mu sync.Mutex
	var upgrader websocket.Upgrader
	next := sync.NewCond(&mu)
	conns, n, over := map[string]*websocket.Conn{}, 0, false
	var current *websocket.Conn
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		mu.Lock()
		conns[r.URL.Query().Get("user")] = conn
		mu.Unlock()
		for {
			var m struct{ To string }
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			go func() { // so that a user's next event brings on his last one, too
				mu.Lock()
				defer mu.Unlock()
				if json.Unmarshal(data, &m) != nil || conns[m.To] == nil {
					return
				}
				n++
				current = conns[m.To]
				next.Broadcast()
				for mine := n; n == mine && !over; {
					next.Wait()
				}
				_ = current.WriteMessage(websocket.TextMessage, data)
			}()
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		next.Broadcast()
	})
	return "target: ws" + strings.TrimPrefix(server.URL, "http")
}

func TestWarmUpIsEnoughForTheSelfTest(t *testing.T) {
	d := against(t, "factory", 4, nil)
	require.True(t, d.WarmUp(t.Context(), 4, drive.DefaultPatience))
	drill := d.Checker().Drill()
	require.Empty(t, drill.Missed, drill.Why)
	require.GreaterOrEqual(t, drill.Total(), 19)
}

func TestAServerThatGoesAwayIsNoticed(t *testing.T) {
	server, err := target.Start(t.Context(), "factory")
	require.NoError(t, err)
	d := driver(t, server.Info().Config, 4, nil)
	require.NoError(t, server.Close())
	s := plan.Find("churn")
	d.Play(t.Context(), s, s.Waves(d.Plan()), &drive.Limits{Enough: func(_ int, since time.Duration) bool { return since > time.Minute }, Late: never, Patience: func() time.Duration { return time.Second }})
	require.True(t, d.Lost())
	require.NotEmpty(t, d.Problems())
}

func TestACancelledRunEndsAtOnce(t *testing.T) {
	d := against(t, "factory", 4, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s := plan.Find("spread")
	_, fenced := d.Play(ctx, s, s.Waves(d.Plan()), &drive.Limits{Enough: func(int, time.Duration) bool { return false }, Late: never, Patience: func() time.Duration { return time.Minute }})
	require.False(t, fenced)
}

func TestFaultsAreExcusedOnlyWhereTheyExplainALoss(t *testing.T) {
	for _, raw := range []bool{false, true} {
		d := against(t, "factory", 6, func(o *drive.Options) { o.Raw = raw })
		require.Empty(t, play(t, d, "faults", 60).Map())
		d.Restore(t.Context(), plan.Setup{})
		_, live := d.Connections()
		require.GreaterOrEqual(t, live, int64(6))
	}
	lossy := driver(t, lossyServer(t), 6, nil)
	require.Positive(t, play(t, lossy, "faults", 60)[history.D0], "a server that loses events is caught behind the proxy too")
}

// lossyServer hands events on, but for every tenth.
func lossyServer(t *testing.T) (config string) {
	var mu sync.Mutex
	var upgrader websocket.Upgrader
	conns, n := map[string]*websocket.Conn{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		user := r.URL.Query().Get("user")
		mu.Lock()
		conns[user] = conn
		mu.Unlock()
		for {
			var m struct{ To string }
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			mu.Lock()
			if n++; json.Unmarshal(data, &m) == nil && conns[m.To] != nil && n%10 != 0 {
				_ = conns[m.To].WriteMessage(websocket.TextMessage, data)
			}
			mu.Unlock()
		}
	}))
	t.Cleanup(server.Close)
	return "target: ws" + strings.TrimPrefix(server.URL, "http")
}
