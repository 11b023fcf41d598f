package embedded_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// emit sends one event to a user by way of a node.
func emit(t *testing.T, n *node, user string, i int) {
	t.Helper()
	em, err := n.f.Emitter(t.Context(), wsruntime.UserID(user))
	require.NoError(t, err)
	defer em.Close()
	if err := em.Emit(t.Context(), event(user, i)); !errors.Is(err, wsruntime.ErrNoConnection) {
		require.NoError(t, err)
	}
}

func three(t *testing.T, change ...func(*settings)) (c *cluster, nodes []*node) {
	c = newCluster(t, 3)
	for i := range 3 {
		nodes = append(nodes, c.node(i, change...))
	}
	return c, nodes
}

// TestThreeNodes: what is emitted on any node reaches the user's connections on all nodes, in one order and with the
// same numbers, and nobody else's; only nodes with an interest get it.
func TestThreeNodes(t *testing.T) {
	_, nodes := three(t)
	a0, a1 := newClient(t, "alice", nodes[0]), newClient(t, "alice", nodes[1])
	bob, star := newClient(t, "bob", nodes[1]), newClient(t, "*", nodes[2])
	for _, c := range []*client{a0, a1, bob, star} {
		c.ready(t)
	}
	idle := nodes[2].bus.Stats().Delivered
	for i := range 30 {
		emit(t, nodes[i%3], "alice", i)
		emit(t, nodes[(i+1)%3], "bob", i)
	}
	a0.await(t, "the last", a0.has(29))
	a1.await(t, "the last", a1.has(29))
	bob.await(t, "the last", bob.has(29))
	require.Equal(t, a0.frames, a1.frames)
	require.IsIncreasing(t, a0.events())
	require.Len(t, bob.events(), 30)
	require.Empty(t, star.events())
	require.Equal(t, idle, nodes[2].bus.Stats().Delivered, "no interest, no traffic")

	_, err := nodes[2].f.Broadcast(t.Context(), event("*", 100))
	require.NoError(t, err)
	for _, c := range []*client{a0, a1, bob, star} {
		c.await(t, "the broadcast", func(c *client) bool { n := len(c.frames); return n > 0 && parse(c.frames[n-1]).N == 100 })
	}
	em, err := nodes[0].f.Emitter(t.Context(), "nobody")
	require.NoError(t, err)
	require.ErrorIs(t, em.Emit(t.Context(), event("nobody", 1)), wsruntime.ErrNoConnection)
	require.NoError(t, em.Close())
}

// TestResumeOnAnotherNode: a client finds what it missed, wherever it comes back.
func TestResumeOnAnotherNode(t *testing.T) {
	_, nodes := three(t)
	c := newClient(t, "alice", nodes...)
	for i := range 20 {
		c.readyAgain(t, i)
		emit(t, nodes[0], "alice", 3*i)
		c.drop()
		emit(t, nodes[1], "alice", 3*i+1)
		emit(t, nodes[2], "alice", 3*i+2)
	}
	c.await(t, "the last", c.has(59))
	var want []int
	for i := range 60 {
		want = append(want, i)
	}
	require.Equal(t, want, c.events())
	require.Zero(t, c.gaps)
}

// TestRoomsRevokePresence: membership, revocation and presence hold on all nodes when the call returns.
func TestRoomsRevokePresence(t *testing.T) {
	_, nodes := three(t)
	var all []*client
	for i := range 3 {
		for _, user := range []string{"alice", "bob"} {
			c := newClient(t, user, nodes[i])
			c.ready(t)
			all = append(all, c)
		}
	}
	there, err := nodes[0].f.Connected(t.Context(), "alice")
	require.NoError(t, err)
	require.True(t, there)
	there, err = nodes[0].f.Connected(t.Context(), "carol")
	require.NoError(t, err)
	require.False(t, there)

	require.NoError(t, nodes[2].f.Room("den.*").Join(t.Context(), "alice"))
	for _, n := range nodes {
		require.Equal(t, []wsruntime.UserID{"alice"}, n.f.Room("den.*").Members())
	}
	_, err = nodes[1].f.Room("den.*").Emit(t.Context(), event("alice", 7))
	require.NoError(t, err)
	for i := 0; i < 6; i += 2 {
		all[i].await(t, "the room's event", all[i].has(7))
	}
	require.NoError(t, nodes[0].f.Room("den.*").Leave(t.Context(), "alice"))
	_, err = nodes[1].f.Room("den.*").Emit(t.Context(), event("alice", 8))
	require.ErrorIs(t, err, wsruntime.ErrNoConnection)

	require.NoError(t, nodes[1].f.Revoke(t.Context(), "bob"))
	for _, n := range nodes {
		s, known := n.f.UserStats("bob")
		require.True(t, !known || s.Conns == 0 || n.f.Stats().ConnsClosed > 0, "closed before Revoke returned")
	}
	for i := 0; i < 6; i += 2 {
		require.Equal(t, []int{7}, all[i].events())
		require.Empty(t, all[i+1].events())
	}
}

// TestBoundsOfHistory: what is over the factory's bounds becomes a gap, never silence.
func TestBoundsOfHistory(t *testing.T) {
	for name, bound := range map[string]func(*settings){
		"events": func(s *settings) { s.factory.ResumeEvents = 10 },
		"bytes":  func(s *settings) { s.factory.ResumeBytes = 300 },
		"none":   func(s *settings) { s.factory.ResumeEvents = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 1)
			one, two := c.node(0, bound), c.node(0, bound)
			alice := newClient(t, "alice", one)
			alice.ready(t)
			emit(t, one, "alice", 0)
			alice.await(t, "the first", alice.has(0))
			alice.mu.Lock()
			alice.nodes = []string{"ws://127.0.0.1:1"}
			alice.mu.Unlock()
			alice.drop()
			for i := 1; i <= 30; i++ {
				emit(t, two, "alice", i)
			}
			alice.mu.Lock()
			alice.nodes = []string{two.url}
			alice.mu.Unlock()
			alice.readyAgain(t, 1)
			emit(t, two, "alice", 31)
			alice.await(t, "the newest", alice.has(31))
			got := alice.events()
			require.Equal(t, 1, alice.gaps, fmt.Sprint(got))
			require.IsIncreasing(t, got)
			require.Less(t, len(got), 32)
			if name == "events" {
				require.Equal(t, []int{21, 31}, []int{got[1], got[len(got)-1]})
			}
			require.Equal(t, "wsmig.gap", alice.frames[1].Type)
			require.Equal(t, "expired", alice.frames[1].Reason)
		})
	}
}
