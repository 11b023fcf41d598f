package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// TestModel drives a factory through random lives (connections that come, resume, stall, close, crash; emits from many
// handles at once, to users, rooms, everybody; revocations) and compares what each client received with a model that
// knows only the laws: own events alone, in order, none twice, every number received or announced as a gap, counters
// that add up after each step, nothing left at the end.
func TestModel(t *testing.T) {
	for _, policy := range []wsruntime.OverflowPolicy{wsruntime.DropOldest, wsruntime.DropNewest, wsruntime.Disconnect} {
		if raced && policy != wsruntime.DropOldest {
			continue // the others differ in counts, not in what runs at the same time
		}
		t.Run(policy.String(), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { inBubble(t, func() { newModel(rt, policy).run() }) })
		})
	}
}

// inBubble runs one life in a bubble of its own, which rapid can't be in, and carries a failure out of it.
func inBubble(t *testing.T, life func()) {
	var failed any
	synctest.Test(t, func(*testing.T) {
		defer func() { failed = recover() }()
		life()
	})
	if failed != nil {
		panic(failed)
	}
}

var modelUsers = []wsruntime.UserID{"alice", "Alice", "alice "}

type model struct {
	rt      *rapid.T
	f       *wsruntime.Factory
	clients []*modelClient
	streams map[wsruntime.UserID]*modelStream
	handles map[wsruntime.UserID]*wsruntime.Emitter
	emitted uint64 // what the counters said at the last look; they outlive the contexts that counted
}

// modelStream is what the model knows of a user's numbers: how many there were in the present epoch.
type modelStream struct {
	epoch string
	seq   uint64
}

// payload names whom it is for; the rest is there to fill queues.
type payload struct {
	For wsruntime.UserID `json:"for"`
	Pad string           `json:"pad"`
}

func newModel(rt *rapid.T, policy wsruntime.OverflowPolicy) *model {
	f, err := wsruntime.NewFactory(options(&wsruntime.Options{Overflow: policy, QueueEvents: 4, ResumeEvents: 6, MaxConnsPerUser: 3, PingInterval: -1}))
	require.NoError(rt, err)
	return &model{rt: rt, f: f, streams: map[wsruntime.UserID]*modelStream{}, handles: map[wsruntime.UserID]*wsruntime.Emitter{}}
}

func (m *model) run() {
	defer m.end()
	m.rt.Repeat(map[string]func(*rapid.T){
		"open": m.open, "resume": m.resume, "close": m.close, "crash": m.crash, "stall": m.stall, "wake": m.wake,
		"emit": m.emit, "burst": m.burst, "room": m.room, "broadcast": m.broadcast, "server close": m.serverClose,
		"revoke": m.revoke, "release": m.release, "": m.check,
	})
	for _, c := range m.clients {
		c.setStalled(false)
	}
	synctest.Wait()
	m.check(m.rt)
	for _, c := range m.clients {
		c.settled(m)
	}
	for _, em := range m.handles {
		require.NoError(m.rt, em.Close())
	}
	m.hangUp()
	require.NoError(m.rt, runtimetest.Residue(m.f))
	require.NoError(m.rt, m.f.Shutdown(context.Background()))
	require.NoError(m.rt, runtimetest.Conserved(m.f))
	require.Zero(m.rt, m.f.Stats().IsolationViolations)
}

func (m *model) hangUp() {
	for _, c := range m.clients {
		c.setStalled(false)
		_ = c.ws.Close() // closed already, some of them
		<-c.done
	}
	synctest.Wait()
}

// end leaves the bubble empty also when the life failed.
func (m *model) end() {
	m.hangUp()
	_ = m.f.Shutdown(context.Background()) // the second time, if all went well
}

func (m *model) user(t *rapid.T) wsruntime.UserID {
	return rapid.SampledFrom(modelUsers).Draw(t, "user")
}

func (m *model) open(t *rapid.T) { m.connect(m.user(t), "") }

// resume comes back with any token that any client could know: its own, an old one, another user's.
func (m *model) resume(t *rapid.T) {
	user := m.user(t)
	epoch := "UNKNOWN"
	if other := m.streams[m.user(t)]; other != nil {
		epoch = other.epoch
	}
	m.connect(user, fmt.Sprintf("resume=%s:%d", epoch, rapid.Uint64Range(0, 12).Draw(t, "last")))
}

func (m *model) connect(user wsruntime.UserID, query string) {
	ws, resp, err := runtimetest.Dial(m.f, user, query)
	if err != nil {
		require.Equal(m.rt, 429, resp.StatusCode, "the only way to be refused here")
		return
	}
	c := newModelClient(user, ws, query)
	m.clients = append(m.clients, c)
	synctest.Wait()
	ready := c.all()[0]
	require.Equal(m.rt, "wsmig.ready", ready.Type)
	s := m.streams[user]
	if s == nil {
		s = &modelStream{epoch: ready.Epoch}
		m.streams[user] = s
	}
	require.Equal(m.rt, s.epoch, ready.Epoch, "the stream goes on while the user is known")
	require.Equal(m.rt, s.seq, ready.Seq)
	c.opened(ready)
}

func (m *model) pick(t *rapid.T) *modelClient {
	if len(m.clients) == 0 {
		t.Skip("nobody is connected")
	}
	return m.clients[rapid.IntRange(0, len(m.clients)-1).Draw(t, "client")]
}

func (m *model) close(t *rapid.T) {
	c := m.pick(t)
	c.setStalled(false)
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), deadline()) // may be closed
	synctest.Wait()
	_ = c.ws.Close()
}

func (m *model) crash(t *rapid.T) { _ = m.pick(t).ws.NetConn().Close() }

func (m *model) stall(t *rapid.T) { m.pick(t).setStalled(true) }

func (m *model) wake(t *rapid.T) { m.pick(t).setStalled(false) }

func (m *model) handle(user wsruntime.UserID) *wsruntime.Emitter {
	em := m.handles[user]
	if em == nil {
		var err error
		em, err = m.f.Emitter(context.Background(), user)
		require.NoError(m.rt, err)
		m.handles[user] = em
	}
	return em
}

// sent is what an emit may return here; the number is taken in any case.
func (m *model) sent(user wsruntime.UserID, err error) {
	if err != nil && !errors.Is(err, wsruntime.ErrNoConnection) && !errors.Is(err, wsruntime.ErrOverflow) {
		require.NoError(m.rt, err)
	}
	if s := m.streams[user]; s != nil {
		s.seq++
	} else {
		m.streams[user] = &modelStream{seq: 1}
	}
}

func (m *model) emit(t *rapid.T) {
	user := m.user(t)
	m.known(user)
	m.sent(user, m.handle(user).Emit(context.Background(), m.event(t, user)))
}

// known makes sure that the model has seen the user's epoch: only a client is told it.
func (m *model) known(user wsruntime.UserID) {
	if m.streams[user] == nil {
		m.connect(user, "")
	}
}

func (m *model) event(t *rapid.T, user wsruntime.UserID) wsruntime.Event {
	n := rapid.SampledFrom([]int{1, 50, 200, 30 << 10}).Draw(t, "size")
	return event(payload{user, strings.Repeat("p", n)})
}

// burst emits from several goroutines at once, to all users.
func (m *model) burst(t *rapid.T) {
	var wg sync.WaitGroup
	for _, user := range modelUsers {
		m.known(user)
		em := m.handle(user)
		ev := m.event(t, user)
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			m.sent(user, nil)
			wg.Go(func() { _ = em.For("burst").Emit(context.Background(), ev) })
		}
	}
	wg.Wait()
}

func (m *model) room(t *rapid.T) {
	user := m.user(t)
	m.known(user)
	m.handle(user) // or the context may end while the model is at it
	r := m.f.Room("r")
	require.NoError(t, r.Join(context.Background(), user))
	n, err := r.Emit(context.Background(), event(payload{For: user}))
	m.sent(user, err)
	require.LessOrEqual(t, n, 1)
	require.NoError(t, r.Leave(context.Background(), user))
}

func (m *model) broadcast(t *rapid.T) {
	synctest.Wait()
	for user, s := range m.f.ByUser() {
		if s.Conns > 0 {
			m.sent(user, nil)
		}
	}
	_, err := m.f.Broadcast(context.Background(), event(payload{For: "all"}))
	if err != nil && !errors.Is(err, wsruntime.ErrNoConnection) && !errors.Is(err, wsruntime.ErrOverflow) {
		require.NoError(t, err)
	}
}

func (m *model) serverClose(t *rapid.T) {
	user := m.user(t)
	m.known(user)
	for c := range m.handle(user).UserContext().Pool().All() {
		_ = c.Close(4000, "by the server") // a stalled client does not take all
		return
	}
}

func (m *model) revoke(t *rapid.T) {
	user := m.user(t)
	require.NoError(t, m.f.Revoke(context.Background(), user))
	if em := m.handles[user]; em != nil {
		require.ErrorIs(t, em.Emit(context.Background(), event(1)), wsruntime.ErrRevoked)
		require.NoError(t, em.Close())
		delete(m.handles, user)
	}
	delete(m.streams, user)
	for _, c := range m.clients {
		if c.user == user {
			c.revoked = true
		}
	}
}

// release closes the handle: the context may end, the stream stays for a client that comes back.
func (m *model) release(t *rapid.T) {
	user := m.user(t)
	if em := m.handles[user]; em != nil {
		require.NoError(t, em.Close())
		delete(m.handles, user)
	}
}

func (m *model) check(t *rapid.T) {
	synctest.Wait()
	require.NoError(t, runtimetest.Conserved(m.f))
	emitted := m.f.Stats().Emitted
	require.GreaterOrEqual(t, emitted, m.emitted, "what was emitted stays so when the user's context ends")
	m.emitted = emitted
	for _, c := range m.clients {
		c.verify(t)
	}
}

func decodePayload(raw json.RawMessage) (p payload, err error) {
	err = json.Unmarshal(raw, &p)
	return p, err
}
