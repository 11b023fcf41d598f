package runtime_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// switchboard is a bus in memory for some nodes.
type switchboard struct {
	mu   sync.Mutex
	subs map[wsruntime.UserID]map[*node]func(*wsruntime.BusMessage)
	seen []wsruntime.BusMessage
	fail error
}

// node is one factory's end of it.
type node struct{ board *switchboard }

func newSwitchboard() *switchboard {
	return &switchboard{subs: map[wsruntime.UserID]map[*node]func(*wsruntime.BusMessage){}}
}

func (n *node) Publish(_ context.Context, m *wsruntime.BusMessage) error {
	b := n.board
	b.mu.Lock()
	if b.fail != nil {
		defer b.mu.Unlock()
		return b.fail
	}
	kept := *m
	kept.Data = append([]byte(nil), m.Data...)
	b.seen = append(b.seen, kept)
	var deliver []func(*wsruntime.BusMessage)
	for other, d := range b.subs[m.User] {
		if other != n {
			deliver = append(deliver, d)
		}
	}
	b.mu.Unlock()
	for _, d := range deliver {
		d(&kept)
	}
	if len(deliver) == 0 && !m.Revoke {
		return wsruntime.ErrNoConnection
	}
	return nil
}

func (n *node) Subscribe(user wsruntime.UserID, deliver func(*wsruntime.BusMessage)) (func(), error) {
	b := n.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return nil, b.fail
	}
	if b.subs[user] == nil {
		b.subs[user] = map[*node]func(*wsruntime.BusMessage){}
	}
	b.subs[user][n] = deliver
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs[user], n)
		if len(b.subs[user]) == 0 {
			delete(b.subs, user)
		}
	}, nil
}

// TestTwoNodes: a user's events reach the user's connections on every node, nobody else's, and nothing stays
// subscribed.
func TestTwoNodes(t *testing.T) {
	board := newSwitchboard()
	one, two := newFactory(t, &wsruntime.Options{Bus: &node{board}}), newFactory(t, &wsruntime.Options{Bus: &node{board}})
	here, there := runtimetest.Record(t, one, "alice"), runtimetest.Record(t, two, "alice")
	bob, al := runtimetest.Record(t, two, "bob"), runtimetest.Record(t, two, "al")
	for _, r := range []*runtimetest.Recorder{here, there, bob, al} {
		r.WaitType("wsmig.ready")
	}
	em := emitter(t, one, "alice").For("t1")
	require.NoError(t, em.Emit(t.Context(), event("both")))
	require.NoError(t, em.EmitRaw(t.Context(), wsruntime.BinaryMessage, []byte{1, 2}))
	require.NoError(t, emitter(t, one, "bob").Emit(t.Context(), event("his, from the other node")))
	require.ErrorIs(t, emitter(t, one, "nobody").Emit(t.Context(), event(1)), wsruntime.ErrNoConnection)
	n, err := one.Broadcast(t.Context(), event("all"))
	require.NoError(t, err)
	require.Equal(t, 1, n, "of this node")
	for _, r := range []*runtimetest.Recorder{here, there} {
		got := r.Wait(3)
		require.Equal(t, `"both"`, string(got[0].Data))
		require.Equal(t, wsruntime.ThreadID("t1"), got[0].Thread)
		require.Equal(t, []byte{1, 2}, got[1].Raw)
		require.Equal(t, `"all"`, string(got[2].Data))
	}
	require.Equal(t, []string{`"his, from the other node"`, `"all"`}, datas(bob.Wait(2)))
	require.Equal(t, []string{`"all"`}, datas(al.Wait(1)))

	require.NoError(t, one.Revoke(t.Context(), "alice"))
	require.Equal(t, 1008, there.WaitClosed(), "on every node")
	require.NoError(t, bob.Conn().Close())
	require.NoError(t, al.Conn().Close())
	gone(t, two)
	board.mu.Lock()
	require.Len(t, board.subs, 1, "the broadcasts' alone")
	board.mu.Unlock()
	require.NoError(t, one.Shutdown(t.Context()))
	require.NoError(t, two.Shutdown(t.Context()))
	require.Empty(t, board.subs)
}

// TestBusFails: a bus that is down refuses connections and tells the emitter, and leaves nothing behind.
func TestBusFails(t *testing.T) {
	board := newSwitchboard()
	f := newFactory(t, &wsruntime.Options{Bus: &node{board}})
	r := runtimetest.Record(t, f, "alice")
	r.WaitType("wsmig.ready")
	down := errors.New("bus is down")
	board.mu.Lock()
	board.fail = down
	board.mu.Unlock()
	require.ErrorIs(t, emitter(t, f, "alice").Emit(t.Context(), event("local")), down)
	r.Wait(1)
	_, err := f.Broadcast(t.Context(), event("local"))
	require.ErrorIs(t, err, down)
	ws, _, err := runtimetest.Dial(f, "bob", "")
	require.NoError(t, err)
	require.Equal(t, 1013, runtimetest.NewRecorder(t, ws).WaitClosed())
	_, err = wsruntime.NewFactory(options(&wsruntime.Options{Bus: &node{board}}))
	require.ErrorIs(t, err, down)
}
