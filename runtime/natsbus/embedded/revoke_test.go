package embedded_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/runtime/natsbus"
)

// TestRevokeWithADeadNode: a node has died without a word. Revoke closes the user's connections on all others and says
// that one did not confirm; when the dead one has been silent for long enough, nobody waits for it any more. What was
// sent before the revocation is not replayed on any node.
func TestRevokeWithADeadNode(t *testing.T) {
	c, nodes := three(t, func(s *settings) { s.bus.CutOff, s.bus.ControlTimeout = 20*time.Second, 3*time.Second })
	alice, bob := newClient(t, "alice", nodes[1]), newClient(t, "bob", nodes[1])
	alice.ready(t)
	bob.ready(t)
	until(t, "all nodes to know each other", func() bool { return nodes[0].bus.Stats().Nodes == 3 })
	nodes[2].kill()
	emit(t, nodes[0], "alice", 1)
	alice.await(t, "an event", alice.has(1))

	var unconfirmed *natsbus.UnconfirmedError
	require.ErrorAs(t, nodes[0].f.Revoke(t.Context(), "alice"), &unconfirmed)
	require.NotEmpty(t, unconfirmed.Nodes)
	require.NotContains(t, unconfirmed.Error(), "\n")
	alice.readyAgain(t, 1) // this authenticator lets her in again

	until(t, "the dead node to be given up", func() bool { return nodes[0].bus.Stats().Nodes == 2 })
	until(t, "a revocation that all confirm", func() bool { return nodes[0].f.Revoke(t.Context(), "bob") == nil })
	bob.readyAgain(t, 1)

	fresh := newClient(t, "alice", c.node(2))
	fresh.ready(t)
	fresh.mu.Lock()
	fresh.epoch, fresh.last = nodes[0].bus.Epoch(), 1
	fresh.mu.Unlock()
	fresh.drop()
	fresh.readyAgain(t, 1)
	emit(t, nodes[0], "alice", 2)
	fresh.await(t, "an event of after", fresh.has(2))
	require.Equal(t, []int{2}, fresh.events())
	require.Equal(t, "revoked", fresh.frames[0].Reason)
}

// TestRevokeOutlivesItsCaller: who revokes dies when the history has the revocation and nobody was told. Here it can't
// tell anybody, since its account may not. The node that has the user's connections closes them all the same.
func TestRevokeOutlivesItsCaller(t *testing.T) {
	rights := documented(t)
	mute := strings.Replace(rights, `publish: [`, `publish: { deny: ["wsmig.ctl"], allow: [`, 1)
	mute = strings.Replace(mute, "]\nsubscribe", "] }\nsubscribe", 1)
	srv := runServer(t, fmt.Sprintf("authorization { users: [ { user: node, password: pw, permissions: { %s } }, { user: mute, password: pw, permissions: { %s } } ] }", rights, mute))
	as := func(name string) func(*settings) {
		return func(s *settings) {
			s.bus.URL, s.bus.NATS, s.bus.ControlTimeout = srv.url(), []nats.Option{nats.UserInfo(name, "pw")}, 2*time.Second
			s.bus.WatchInterval = patience // a late fence would have the node catch up, by which it hears of revocations too
		}
	}
	caller, other := startNode(t, &wires{}, as("mute")), startNode(t, &wires{}, as("node"))
	alice := newClient(t, "alice", other)
	alice.ready(t)
	until(t, "the nodes to know each other", func() bool { return caller.bus.Stats().Nodes == 2 })
	caughtUp := other.bus.Stats().CatchUps
	var unconfirmed *natsbus.UnconfirmedError
	require.ErrorAs(t, caller.f.Revoke(t.Context(), "alice"), &unconfirmed)
	alice.readyAgain(t, 1)
	require.Equal(t, caughtUp, other.bus.Stats().CatchUps)
}
