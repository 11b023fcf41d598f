package embedded_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/runtime/natsbus"
)

const users = 6

// report writes a row of the fault table. The environment variable names a file to which rows are added.
func report(t *testing.T, v verdict, recovery time.Duration) {
	t.Helper()
	row := fmt.Sprintf("| %s | %d | %d | %d | %d | %v |", strings.TrimPrefix(t.Name(), "TestFault"), v.acked, v.delivered, v.gaps, v.crossed, recovery.Round(time.Millisecond))
	t.Log(row)
	if name := os.Getenv("WSMIG_FAULT_TABLE"); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		require.NoError(t, err)
		defer f.Close()
		_, err = fmt.Fprintln(f, row)
		require.NoError(t, err)
	}
}

// byURL connects nodes to the whole cluster over TCP, as to one that runs elsewhere.
func (c *cluster) byURL(s *settings) {
	var urls []string
	for _, srv := range c.servers {
		urls = append(urls, srv.ClientURL())
	}
	s.bus.URL, s.bus.NATS = strings.Join(urls, ","), nil
}

// TestFaultNode: the process of a node dies. Its clients go on at the others without a hole.
func TestFaultNode(t *testing.T) {
	_, nodes := three(t)
	tr := startTraffic(t, nodes, users)
	at := time.Now()
	tr.down[2].Store(true)
	nodes[2].kill()
	recovery := tr.everybodyMoves(at)
	v := tr.judge()
	require.Equal(t, v.acked, v.delivered)
	report(t, v, recovery)
}

// TestFaultServer: a NATS server dies, and the next one that leads the history.
func TestFaultServer(t *testing.T) {
	for _, leader := range []bool{false, true} {
		t.Run(map[bool]string{false: "follower", true: "leader"}[leader], func(t *testing.T) {
			c := newCluster(t, 3)
			nodes := []*node{c.node(0, c.byURL), c.node(1, c.byURL), c.node(2, c.byURL)}
			tr := startTraffic(t, nodes, users)
			victim := c.leader("wsmig")
			if !leader {
				victim = (victim + 1) % 3
			}
			at := time.Now()
			c.isolate(victim, true)
			c.stop(victim)
			recovery := tr.everybodyMoves(at)
			c.isolate(victim, false)
			report(t, tr.judge(), recovery)
		})
	}
}

// TestFaultLeaderChange: the history's leader steps down, again and again.
func TestFaultLeaderChange(t *testing.T) {
	c, nodes := three(t)
	tr := startTraffic(t, nodes, users)
	nc, err := nats.Connect("", nats.InProcessServer(c.servers[0]))
	require.NoError(t, err)
	defer nc.Close()
	longest := time.Duration(0)
	for range 3 {
		c.leader("wsmig")
		at := time.Now()
		_, err := nc.Request("$JS.API.STREAM.LEADER.STEPDOWN.wsmig", nil, patience)
		require.NoError(t, err)
		longest = max(longest, tr.everybodyMoves(at))
	}
	v := tr.judge()
	require.Equal(t, v.acked, v.delivered)
	report(t, v, longest)
}

// TestFaultPartition: one NATS server and the node in its process are cut off from the others. What is emitted there is
// not acknowledged; its clients are sent away, and all is whole when the cut is mended.
func TestFaultPartition(t *testing.T) {
	c := newCluster(t, 3)
	quick := func(s *settings) { s.bus.CutOff, s.bus.WatchInterval = 2*time.Second, 500*time.Millisecond }
	// Who emits there when it happens must not be held up longer than the others need.
	nodes := []*node{c.node(0, quick), c.node(1, quick, func(s *settings) { s.bus.PublishTimeout = 3 * time.Second }), c.node(2, quick)}
	tr := startTraffic(t, nodes, users)
	at := time.Now()
	tr.down[1].Store(true)
	c.isolate(1, true)
	cut := tr.everybodyMoves(at)
	until(t, "the cut-off node to know", func() bool { return nodes[1].bus.Err() != nil })
	c.isolate(1, false)
	until(t, "the node to be well", func() bool { return nodes[1].bus.Err() == nil })
	tr.down[1].Store(false)
	tr.everybodyMoves(time.Now())
	report(t, tr.judge(), cut)
}

// TestFaultSlowConsumer: a node that can't keep up with NATS loses messages on the way, and gets them from the history.
func TestFaultSlowConsumer(t *testing.T) {
	c := newCluster(t, 1)
	nodes := []*node{c.node(0), c.node(0, func(s *settings) { s.bus.Buffer = 1 })}
	tr := startTraffic(t, nodes, 2*users)
	at := time.Now()
	until(t, "an overflow", func() bool {
		for i := range users {
			emit(t, nodes[0], "noise", i)
		}
		return nodes[1].bus.Stats().SlowConsumer > 0
	})
	recovery := tr.everybodyMoves(at)
	v := tr.judge()
	require.Equal(t, v.acked, v.delivered)
	require.NotZero(t, nodes[1].bus.Stats().CatchUps)
	report(t, v, recovery)
}

// TestFaultDownAtStart: without NATS a node does not start, and says why; NATS may come a little later than the node.
func TestFaultDownAtStart(t *testing.T) {
	_, err := natsbus.New(t.Context(), &natsbus.Options{URL: "nats://127.0.0.1:1", StartTimeout: 300 * time.Millisecond, Logger: logger})
	require.ErrorContains(t, err, "no NATS server answers at nats://127.0.0.1:1")
	c := newCluster(t, 1)
	url := c.servers[0].ClientURL()
	c.opts[0].Port = c.port(0)
	c.stop(0)
	made := make(chan error, 1)
	go func() {
		bus, err := natsbus.New(t.Context(), &natsbus.Options{URL: url, StartTimeout: patience, Logger: logger})
		if err == nil {
			err = bus.Close()
		}
		made <- err
	}()
	c.start(0)
	require.NoError(t, <-made)
}

// TestFaultDownMidRun: all of NATS goes away and comes back without the history that it had in memory. Emits fail
// meanwhile; afterwards clients are told what they can't get.
func TestFaultDownMidRun(t *testing.T) {
	c := newCluster(t, 3)
	for i := range 3 {
		c.opts[i].Port = c.port(i)
	}
	nodes := []*node{c.node(0, c.byURL), c.node(1, c.byURL), c.node(2, c.byURL)}
	tr := startTraffic(t, nodes, users)
	tr.more(20)
	for i := range 3 {
		c.stop(i)
	}
	until(t, "nodes to know", func() bool {
		return nodes[0].bus.Err() != nil && nodes[1].bus.Err() != nil && nodes[2].bus.Err() != nil
	})
	at := time.Now()
	for i := range 3 {
		c.start(i)
	}
	recovery := tr.everybodyMoves(at)
	report(t, tr.judge(), recovery)
}

// TestFaultProcess: the one NATS server is a process of its own with the history on disk. It is killed in the middle and
// started again: what was acknowledged is still there.
func TestFaultProcess(t *testing.T) {
	srv := runServer(t, "")
	var nodes []*node
	for range 3 {
		nodes = append(nodes, startNode(t, &wires{}, func(s *settings) { s.bus.URL, s.bus.FileStorage = srv.url(), true }))
	}
	tr := startTraffic(t, nodes, users)
	tr.more(20)
	at := time.Now()
	srv.restart("")
	recovery := tr.everybodyMoves(at)
	v := tr.judge()
	require.Equal(t, v.acked, v.delivered)
	report(t, v, recovery)
}

// TestFaultFrozen: the NATS server stands still with all its connections open, for longer than it takes to notice.
func TestFaultFrozen(t *testing.T) {
	srv := runServer(t, "")
	var nodes []*node
	for range 3 {
		nodes = append(nodes, startNode(t, &wires{}, func(s *settings) { s.bus.URL = srv.url() }))
	}
	tr := startTraffic(t, nodes, users)
	defer func() { _ = srv.cmd.Process.Signal(syscall.SIGCONT) }() // whatever fails: it ends by itself then
	require.NoError(t, srv.cmd.Process.Signal(syscall.SIGSTOP))
	until(t, "nodes to know", func() bool {
		return nodes[0].bus.Err() != nil && nodes[1].bus.Err() != nil && nodes[2].bus.Err() != nil
	})
	at := time.Now()
	require.NoError(t, srv.cmd.Process.Signal(syscall.SIGCONT))
	recovery := tr.everybodyMoves(at)
	v := tr.judge()
	require.Equal(t, v.acked, v.delivered)
	report(t, v, recovery)
}

// TestFaultReconnectStorm: all clients lose their connections at once and come back to other nodes.
func TestFaultReconnectStorm(t *testing.T) {
	_, nodes := three(t)
	tr := startTraffic(t, nodes, 40)
	at := time.Now()
	for _, c := range tr.clients {
		c.drop()
	}
	recovery := tr.everybodyMoves(at)
	v := tr.judge()
	require.Equal(t, v.acked, v.delivered)
	require.Zero(t, v.gaps)
	report(t, v, recovery)
}
