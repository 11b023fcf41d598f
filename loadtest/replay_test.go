package loadtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/loadtest/target"
)

func singleton(ctx context.Context) (*Instance, error) {
	server, err := target.Start(ctx, "singleton")
	if err != nil {
		return nil, err
	}
	s, err := ParseSpec("singleton", []byte(server.Info().Config), nil)
	return &Instance{Spec: s, Close: server.Close}, err
}

// everybody is a server that sends each event to all, so that any machine shows it.
func everybody(t *testing.T) func(context.Context) (*Instance, error) {
	t.Helper()
	var mu sync.Mutex
	conns := map[*websocket.Conn]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		for known := true; known; {
			mu.Lock()
			conns[conn] = true
			mu.Unlock()
			_, data, err := conn.ReadMessage()
			mu.Lock()
			if known = err == nil; !known {
				delete(conns, conn)
			}
			for other := range conns {
				_ = other.WriteMessage(websocket.TextMessage, data)
			}
			mu.Unlock()
		}
	}))
	t.Cleanup(server.Close)
	return func(context.Context) (*Instance, error) {
		s, err := ParseSpec("everybody", []byte("target: ws"+strings.TrimPrefix(server.URL, "http")), nil)
		return &Instance{Spec: s}, err
	}
}

func TestAHitIsReproducedAndShrunk(t *testing.T) {
	hit := Hit{Server: "everybody", Schedule: "lockstep", Code: "X0", Owner: "u00002", Receiver: "u00003"}
	var said []string
	p := &replayer{hit: hit, out: &Replay{Hit: hit}, tell: func(line string) { said = append(said, line) }, tries: 2, few: 2, most: time.Minute}
	r, err := p.run(t.Context(), &Config{Servers: []Server{{Name: "other"}, {Name: "everybody", Control: true, Start: everybody(t)}}, Users: []int{6}, Seed: 4})
	require.NoError(t, err)
	require.Equal(t, &Attempt{Tries: 2, Hits: 2}, &Attempt{Tries: r.Whole.Tries, Hits: r.Whole.Hits})
	require.Len(t, r.Small.Users, 2)
	require.Positive(t, r.Small.Hits)
	require.NotEmpty(t, r.Steps)
	require.NotEmpty(t, r.Prose)
	require.NotNil(t, r.Result)
	require.Contains(t, said[0], "all users: reproduces ")
}

// Who helps to show it is one of the run's own users, whatever their ids are.
func TestHelpersOfAReplayAreUsersOfTheRun(t *testing.T) {
	start := func(ctx context.Context) (*Instance, error) {
		i, err := singleton(ctx)
		i.Spec.IDs.List = []string{"ann", "bob", "cid"}
		return i, err
	}
	var said []string
	hit := Hit{Server: "singleton", Schedule: "collide", Code: "X0", Owner: "ann", Receiver: "bob"}
	p := &replayer{hit: hit, out: &Replay{Hit: hit}, tell: func(line string) { said = append(said, line) }, few: 1, most: replayTime}
	require.NoError(t, p.aim(&Config{Servers: []Server{{Name: "singleton", Start: start}}, Users: []int{3}, Seed: 1}))
	require.NoError(t, p.try(t.Context(), &Attempt{}, 1))
	found, err := p.fewUsers(t.Context()) // listed users have no odd ones beside them: nothing is played
	require.NoError(t, err)
	require.Empty(t, found)
	require.Equal(t, []string{"all users: reproduces 0/1", "ann, bob: reproduces 0/1", "ann, bob, cid: reproduces 0/1"}, said)
}

func TestAServerThatIsNotThereCannotBeReplayed(t *testing.T) {
	_, err := RunReplay(t.Context(), &Config{Servers: []Server{{Name: "target"}}}, Hit{Server: "singleton"}, func(string) {})
	require.ErrorContains(t, err, "a server singleton, which is not there now")
}

func TestTheFirstHitIsTheGravestOfATestedServer(t *testing.T) {
	evidence := func(code, schedule string) result.Evidence { return result.Evidence{Code: code, Schedule: schedule} }
	r := &result.Result{Runs: []result.Run{
		{Name: "control", Control: true, Evidence: []result.Evidence{evidence("X0", "burst")}},
		{Name: "tested", Evidence: []result.Evidence{evidence("H", "burst"), evidence("X0", warmUp), evidence("D0", "swap"), evidence("X3", "cancel"), evidence("X0", "swap")}},
	}}
	hit, ok := FirstHit(r)
	require.True(t, ok)
	require.Equal(t, Hit{Server: "tested", Schedule: "cancel", Code: "X3"}, hit)
	hit, ok = FirstHit(&result.Result{Runs: r.Runs[:1]})
	require.True(t, ok)
	require.Equal(t, "control", hit.Server)
	hit, ok = FirstHit(&result.Result{Runs: []result.Run{{Name: "tested", Evidence: []result.Evidence{evidence("H", "burst"), evidence("X0", warmUp)}}}})
	require.True(t, ok, "a server may leak from the first event on")
	require.Equal(t, warmUp, hit.Schedule)
	_, ok = FirstHit(&result.Result{})
	require.False(t, ok)
}

func TestAReplayKeepsTheUsersItWants(t *testing.T) {
	people := []drive.User{{ID: "a"}, {ID: "b"}, {ID: "c"}}
	kept, odd := (&Config{}).keep(people)
	require.Len(t, kept, 3)
	require.Nil(t, odd)
	kept, odd = (&Config{only: []string{"c", "Alice"}}).keep(people)
	require.Equal(t, []drive.User{{ID: "c"}, {ID: "a"}}, kept)
	require.Equal(t, []string{"Alice"}, odd)
}

func TestAttemptsAreSaidInOneLine(t *testing.T) {
	require.Equal(t, "all users: reproduces 3/20", (&Attempt{Hits: 3, Tries: 20}).String())
	require.Equal(t, "a, b, 1 wave: reproduces 0/4", (&Attempt{Users: []string{"a", "b"}, Waves: 1, Tries: 4}).String())
}
