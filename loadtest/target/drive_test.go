package target_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/target"
)

// party is a handful of users on one server, with the checker looking on: just
// enough of a load test to see a server's character.
type party struct {
	t     *testing.T
	url   string
	key   *canary.Key
	check *history.Checker
	start time.Time
	mu    sync.Mutex
	seen  *sync.Cond
	conns int
	got   int
	known int
	wg    sync.WaitGroup
}

type guest struct {
	p    *party
	id   history.ConnID
	user history.PrincipalID
	ws   *websocket.Conn
}

func names(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("u%05d", i+1))
	}
	return all
}

func newParty(t *testing.T, server target.Server, users int) *party {
	key := canary.NewKey([16]byte{1})
	p := &party{t: t, url: server.Info().URL, key: key, start: time.Now()}
	p.seen = sync.NewCond(&p.mu)
	p.check = history.New(&history.Model{Key: key, Users: names(users), Record: -1})
	for i := range users {
		id := history.PrincipalID(i + 1)
		p.feed(history.Event{Op: history.Plan, Stream: &history.Stream{ID: history.StreamID(id), Owner: id, Unordered: true, Audience: history.Audience{Kind: history.ToPrincipal, Principal: id}}})
	}
	return p
}

func (p *party) feed(e history.Event) history.Verdict {
	e.At = time.Since(p.start)
	return p.check.Feed(e)
}

// join connects a user and waits for the ready frame.
func (p *party) join(user history.PrincipalID) *guest {
	ws, response, err := websocket.DefaultDialer.Dial(p.url+"?user="+p.check.Name(user), nil)
	require.NoError(p.t, err)
	defer response.Body.Close()
	p.mu.Lock()
	p.conns++
	g := &guest{p: p, id: history.ConnID(p.conns), user: user, ws: ws}
	p.mu.Unlock()
	p.feed(history.Event{Op: history.Open, Conn: g.id, Session: history.Session{Principal: user}})
	_, data, err := ws.ReadMessage()
	require.NoError(p.t, err)
	require.Contains(p.t, string(data), `ready"`)
	p.feed(history.Event{Op: history.Bind, Conn: g.id, Session: history.Session{Principal: user}})
	p.wg.Go(g.read)
	return g
}

func (g *guest) read() {
	for {
		kind, data, err := g.ws.ReadMessage()
		if err != nil {
			return
		}
		wire := history.Text
		if kind == websocket.BinaryMessage {
			wire = history.Binary
		}
		v := g.p.feed(history.Event{Op: history.Recv, Conn: g.id, Wire: wire, Frame: data})
		g.p.mu.Lock()
		if v.Events > 0 {
			g.p.got++
		} else {
			g.p.known++
		}
		g.p.seen.Broadcast()
		g.p.mu.Unlock()
	}
}

func (g *guest) write(v any) { require.NoError(g.p.t, g.ws.WriteJSON(v)) }

// tell sends the next event of a user's stream over this guest's socket.
func (g *guest) tell(to history.PrincipalID, seq uint64) {
	p := g.p
	p.feed(history.Event{Op: history.Emit, StreamID: history.StreamID(to), Seq: seq, Conn: g.id})
	text := p.key.Mint(canary.Mark{Owner: uint32(to), Stream: uint32(to), Seq: seq})
	g.write(map[string]string{"type": "send", "to": p.check.Name(to), "text": text})
	p.feed(history.Event{Op: history.Sent, StreamID: history.StreamID(to), Seq: seq})
}

// await waits until as many acknowledgements and events came, or for the time
// that a lost one is given.
func (p *party) await(known, events int) {
	timer := time.AfterFunc(time.Minute, func() { p.mu.Lock(); p.known = 1 << 30; p.got = 1 << 30; p.seen.Broadcast(); p.mu.Unlock() })
	defer timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.known < known || p.got < events {
		p.seen.Wait()
	}
}

// waves lets all users write to each other at once, round after round.
func (p *party) waves(rounds int, guests []*guest) {
	for round := range rounds {
		var wg sync.WaitGroup
		for i, g := range guests {
			to := guests[(i+1+round%(len(guests)-1))%len(guests)].user
			wg.Go(func() { g.tell(to, uint64(round+1)) })
		}
		wg.Wait()
		p.await((round+1)*len(guests), 0)
	}
}

func (p *party) end(guests []*guest) *history.Report {
	for _, g := range guests {
		_ = g.ws.Close()
	}
	p.wg.Wait()
	p.feed(history.Event{Op: history.Fence})
	return p.check.Report(false)
}

func start(t *testing.T, name string) target.Server {
	t.Helper()
	server, err := target.Start(t.Context(), name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
}

func runWaves(t *testing.T, name string, users, rounds int) *history.Report {
	server := start(t, name)
	p := newParty(t, server, users)
	var guests []*guest
	for i := range users {
		guests = append(guests, p.join(history.PrincipalID(i+1)))
	}
	p.waves(rounds, guests)
	p.await(0, users*rounds)
	return p.end(guests)
}

func TestSingletonLeaksUnderEveryWave(t *testing.T) {
	for range 5 {
		r := runWaves(t, "singleton", 10, 10)
		require.Positive(t, r.Counts[history.X0])
		require.Equal(t, history.NoIsolation, r.Level)
	}
}

func TestFactoryHolds(t *testing.T) {
	r := runWaves(t, "factory", 10, 50)
	require.Empty(t, r.Counts.Map())
	require.Equal(t, uint64(500), r.Delivered)
	require.Equal(t, history.SessionIsolated, r.Level)
}

func TestCatalogue(t *testing.T) {
	require.Equal(t, []string{"singleton", "factory"}, target.Names()[:2])
	_, err := target.Start(t.Context(), "nonesuch")
	require.ErrorContains(t, err, "nonesuch")
	for _, name := range target.Names() {
		server := start(t, name)
		info := server.Info()
		require.True(t, strings.HasPrefix(info.URL, "ws://127.0.0.1:"), info.URL)
		require.Contains(t, info.Config, "target: "+info.URL)
		require.NotContains(t, info.Config, "HOST")
		require.NotEmpty(t, info.About)
		stats, err := server.Stats(t.Context())
		require.NoError(t, err)
		require.Positive(t, stats.Goroutines)
		require.NoError(t, server.Close())
	}
}

func TestServerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server, err := target.Start(ctx, "factory")
	require.NoError(t, err)
	cancel()
	require.NoError(t, server.Close())
	_, _, err = websocket.DefaultDialer.Dial(server.Info().URL+"?user=a", nil)
	require.Error(t, err)
}

func TestInfoIsPlainData(t *testing.T) {
	info, err := target.Describe("singleton")
	require.NoError(t, err)
	data, err := json.Marshal(info)
	require.NoError(t, err)
	var back target.Info
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, info, back)
	require.Equal(t, "factory", info.Twin)
}
