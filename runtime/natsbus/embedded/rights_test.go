package embedded_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/natsbus"
)

// documented reads the permissions that the package documentation gives for a bus with the default prefix.
func documented(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../doc.go")
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line, ok := strings.CutPrefix(strings.TrimSpace(line), "//\t"); ok && (strings.HasPrefix(line, "publish:") || strings.HasPrefix(line, "subscribe:")) {
			lines = append(lines, line)
		}
	}
	require.Len(t, lines, 2)
	return strings.Join(lines, "\n")
}

func user(permissions string) string {
	return fmt.Sprintf("authorization { users: [ { user: node, password: pw, permissions: { %s } } ] }", permissions)
}

func (p *separate) log() string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(p.file), "nats.log"))
	require.NoError(p.t, err)
	return string(text)
}

// TestDocumentedPermissionsAreEnough: an account with no more rights than the documentation gives carries all that a bus
// does: events, resuming, rooms, revoking, presence and catching up.
func TestDocumentedPermissionsAreEnough(t *testing.T) {
	config := user(documented(t))
	srv := runServer(t, config)
	known := func(s *settings) {
		s.bus.URL, s.bus.NATS, s.bus.FileStorage = srv.url(), []nats.Option{nats.UserInfo("node", "pw")}, true
	}
	one, two := startNode(t, &wires{}, known), startNode(t, &wires{}, known)
	c := newClient(t, "alice", two)
	c.ready(t)
	emit(t, one, "alice", 1)
	c.await(t, "an event", c.has(1))
	srv.restart(config)
	for _, n := range []*node{one, two} {
		until(t, "the node to have caught up", func() bool { return n.bus.Stats().CatchUps > 0 && n.bus.Err() == nil })
	}
	c.drop()
	emit(t, one, "alice", 1000)
	c.await(t, "what it missed", c.has(1000))
	require.NoError(t, one.f.Room("den").Join(t.Context(), "alice"))
	_, err := one.f.Room("den").Emit(t.Context(), event("alice", 1001))
	require.NoError(t, err)
	c.await(t, "the room's event", c.has(1001))
	there, err := one.f.Connected(t.Context(), "alice")
	require.NoError(t, err)
	require.True(t, there)
	require.NoError(t, one.f.Revoke(t.Context(), "alice"))
	require.NotContains(t, srv.log(), "Violation")
}

// TestMissingRightsAreNamed: an account that may not do something is told what, in one line.
func TestMissingRightsAreNamed(t *testing.T) {
	all := documented(t)
	_, subscribe, _ := strings.Cut(all, "\n")
	for says, permissions := range map[string]string{
		`Publish to "$JS.API.STREAM.INFO.wsmig"`: "publish: [\"wsmig.>\"]\n" + subscribe,
		`Publish to "wsmig.in.`:                  strings.Replace(all, `"wsmig.>", `, "", 1),
		"answers for JetStream: turn it on":      "publish: \">\", subscribe: \">\"",
	} {
		config, wait := user(permissions), patience // only a missing JetStream may come later
		if strings.Contains(says, "JetStream") {
			config, wait = config+"\njetstream: disabled\n", 10*time.Second
		}
		srv := runServer(t, config)
		bus, err := natsbus.New(t.Context(), &natsbus.Options{URL: "nats://node:pw@" + srv.addr, StartTimeout: wait, Logger: logger})
		require.NoError(t, err)
		_, err = wsruntime.NewFactory(&wsruntime.Options{Bus: bus, Logger: logger})
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "\n")
		require.NoError(t, bus.Close())
	}
}

// TestCredentialsAreRenewed: the password changes on the servers while a node runs. It is refused, says so, and is well
// again when it has the new one.
func TestCredentialsAreRenewed(t *testing.T) {
	config := func(password string) string {
		return fmt.Sprintf("authorization { user: node, password: %q }", password)
	}
	srv := runServer(t, config("old"))
	var password atomic.Value
	password.Store("old")
	n := startNode(t, &wires{}, func(s *settings) {
		s.bus.URL = srv.url()
		s.bus.NATS = []nats.Option{nats.UserInfoHandler(func() (string, string) { return "node", password.Load().(string) })}
	})
	c := newClient(t, "alice", n)
	c.ready(t)
	srv.reload(config("new"))
	until(t, "some refusals", func() bool { return strings.Count(srv.log(), "authentication error") > 2 })
	until(t, "the node to say so", func() bool { return n.bus.Err() != nil })
	password.Store("new")
	until(t, "the node to be well", func() bool { return n.bus.Err() == nil })
	emit(t, n, "alice", 7)
	c.await(t, "an event", c.has(7))
}

// TestTooManyReplicas: a server that stands alone can't keep three replicas, and the node says so at once.
func TestTooManyReplicas(t *testing.T) {
	srv := runServer(t, "")
	bus, err := natsbus.New(t.Context(), &natsbus.Options{URL: srv.url(), Replicas: 3, StartTimeout: patience, Logger: logger})
	require.NoError(t, err)
	defer bus.Close()
	_, err = wsruntime.NewFactory(&wsruntime.Options{Bus: bus, Logger: logger})
	require.ErrorContains(t, err, "history with 3 replicas: ")
	require.ErrorContains(t, err, "replicas > 1 not supported in non-clustered mode")
	require.NotErrorIs(t, err, context.DeadlineExceeded)
	require.NotContains(t, err.Error(), "\n")
}
