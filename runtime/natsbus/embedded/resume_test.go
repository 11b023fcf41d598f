package embedded_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// rightsOf is a configuration with two users and what each may do.
func rightsOf(reader, node string) string {
	return fmt.Sprintf("authorization { users: [ { user: reader, password: pw, permissions: { %s } }, { user: node, password: pw, permissions: { %s } } ] }", reader, node)
}

// TestResumeDuringACatchUp: a node that is catching up holds a broadcast, while fences come back that were raised behind
// it. A client that resumes there, from between the last broadcast that the node handed over and the one that it holds,
// reads that one from the history. The node can't finish, since for a while it may not read on.
func TestResumeDuringACatchUp(t *testing.T) {
	all := documented(t)
	stuck := strings.Replace(all, `"$JS.API.CONSUMER.*.wsmig.>", `, "", 1)
	require.NotEqual(t, all, stuck)
	srv := runServer(t, rightsOf(all, all))
	way := newProxy(t)
	way.point(srv.addr)
	as := func(name, url string) func(*settings) {
		return func(s *settings) { s.bus.URL, s.bus.NATS = url, []nats.Option{nats.UserInfo(name, "pw")} }
	}
	reader, other := startNode(t, &wires{}, as("reader", "nats://"+way.addr())), startNode(t, &wires{}, as("node", srv.url()))
	broadcast := func(i int) {
		if _, err := other.f.Broadcast(t.Context(), event("alice", i)); !errors.Is(err, wsruntime.ErrNoConnection) {
			require.NoError(t, err)
		}
	}
	stays, moves := newClient(t, "alice", reader), newClient(t, "alice", other)
	stays.ready(t)
	moves.ready(t)
	broadcast(1)
	emit(t, other, "alice", 2)
	for _, c := range []*client{stays, moves} {
		c.await(t, "both", func(c *client) bool { return c.has(1)(c) && c.has(2)(c) })
	}
	moves.mu.Lock()
	moves.nodes = []string{"ws://127.0.0.1:1"}
	moves.mu.Unlock()
	moves.drop()

	srv.reload(rightsOf(stuck, all))
	until(t, "the new rights", func() bool { return strings.Contains(srv.log(), "Reloaded server configuration") })
	way.set(true)
	way.set(false)
	until(t, "an attempt to read", func() bool { return strings.Contains(srv.log(), "CONSUMER.CREATE") })
	broadcast(3)
	fresh := newClient(t, "bob", reader) // raises a fence behind the broadcast
	fresh.ready(t)
	moves.mu.Lock()
	moves.nodes = []string{reader.url}
	moves.mu.Unlock()
	moves.await(t, "the broadcast that is held", moves.has(3))
	require.Error(t, reader.bus.Err(), "still catching up")

	srv.reload(rightsOf(all, all))
	emit(t, other, "alice", 4)
	for _, c := range []*client{stays, moves} {
		c.await(t, "all", c.has(4))
		require.Equal(t, []int{1, 2, 3, 4}, c.events())
		require.Zero(t, c.gaps)
	}
}
