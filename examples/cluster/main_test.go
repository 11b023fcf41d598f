package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/natsbus/embedded"
)

const patience = 60 * time.Second

// process is a node in a process of its own, that can be stopped and started again at its address.
type process struct {
	t            *testing.T
	binary, addr string
	nats         string
	cmd          *exec.Cmd
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.binary, "-listen", p.addr, "-nats", p.nats)
	require.NoError(p.t, p.cmd.Start())
	p.await()
}

func (p *process) await() {
	p.t.Helper()
	for late := time.Now().Add(patience); ; <-time.After(10 * time.Millisecond) {
		resp, err := http.Get("http://" + p.addr + "/readyz")
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		require.False(p.t, time.Now().After(late), "the node at %s is not ready: %v", p.addr, err)
	}
}

// stop ends the process with a signal and waits for it.
func (p *process) stop(sig syscall.Signal) error {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(sig))
	return p.cmd.Wait()
}

func freeAddress(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

func deploy(t *testing.T, n int) []*process {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "cluster")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	s, err := embedded.Start(t.Context(), &embedded.Options{Host: "127.0.0.1", Port: -1, StoreDir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(s.Shutdown)
	var all []*process
	for range n {
		p := &process{t: t, binary: binary, addr: freeAddress(t), nats: s.URL()}
		p.start()
		t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
		all = append(all, p)
	}
	return all
}

// chatter sends one line after the other to itself and reads what comes, at whatever node it finds.
type chatter struct {
	user   string
	nodes  []*process
	quit   chan struct{}
	done   chan struct{}
	mu     sync.Mutex
	next   int
	stored map[int]bool
	got    map[string]int
	gaps   int
	epoch  string
	last   uint64
}

type frame struct {
	Type  string          `json:"type"`
	Seq   uint64          `json:"seq"`
	Epoch string          `json:"epoch"`
	Data  json.RawMessage `json:"data"`
}

func newChatter(user string, nodes []*process) *chatter {
	c := &chatter{user: user, nodes: nodes, quit: make(chan struct{}), done: make(chan struct{}), stored: map[int]bool{}, got: map[string]int{}}
	go func() {
		defer close(c.done)
		for i := 0; c.session(nodes[i%len(nodes)].addr); i++ {
		}
	}()
	return c
}

// session is one connection; false when the chatter is done.
func (c *chatter) session(addr string) (more bool) {
	url := fmt.Sprintf("ws://%s/ws?user=%s", addr, c.user)
	if c.epoch != "" {
		url += fmt.Sprintf("&resume=%s:%d", c.epoch, c.last)
	}
	ws, resp, err := websocket.DefaultDialer.Dial(url, nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err != nil {
		select {
		case <-c.quit:
			return false
		case <-time.After(10 * time.Millisecond):
			return true
		}
	}
	defer ws.Close()
	for {
		var f frame
		if ws.ReadJSON(&f) != nil {
			return true
		}
		if err := c.take(ws, f); err != nil {
			return true
		}
		select {
		case <-c.quit:
			if c.whole() {
				return false
			}
		default:
		}
	}
}

func (c *chatter) take(ws *websocket.Conn, f frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last, f.Seq)
	switch f.Type {
	case "wsmig.ready":
		c.epoch = f.Epoch
		c.next++
	case "wsmig.gap":
		c.gaps++
		return nil
	case "message":
		var l line
		if err := json.Unmarshal(f.Data, &l); err != nil {
			return err
		}
		c.got[string(l.From)+" "+l.Text]++
		return nil
	case "sent":
		c.stored[c.next] = true
		c.next++
	case "error":
	}
	return ws.WriteJSON(envelope{Type: "send", Text: fmt.Sprint(c.next), N: c.next}.to(c.user))
}

func (e envelope) to(user string) envelope {
	e.To = wsruntime.UserID(user)
	return e
}

func (c *chatter) whole() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := range c.stored {
		if c.got[c.user+" "+fmt.Sprint(n)] == 0 {
			return false
		}
	}
	return true
}

func (c *chatter) sent() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.stored)
}

// TestRollingRestart: each node is stopped with SIGTERM and started again while users chat. Nothing that was stored is
// lost, nothing comes twice, nothing reaches another user, and no client is told of a gap. In the end one node is killed.
func TestRollingRestart(t *testing.T) {
	nodes := deploy(t, 3)
	var all []*chatter
	for _, user := range []string{"ann", "ben", "cay", "dan"} {
		all = append(all, newChatter(user, nodes))
	}
	progress := func() {
		t.Helper()
		for _, c := range all {
			goal := c.sent() + 20
			for late := time.Now().Add(patience); c.sent() < goal; <-time.After(5 * time.Millisecond) {
				require.False(t, time.Now().After(late), "%s stands still", c.user)
			}
		}
	}
	progress()
	for _, n := range nodes {
		require.NoError(t, n.stop(syscall.SIGTERM), "drained in time")
		progress()
		n.start()
		progress()
	}
	require.Error(t, nodes[0].stop(syscall.SIGKILL))
	progress()
	stored := 0
	for _, c := range all {
		close(c.quit)
		select {
		case <-c.done:
		case <-time.After(patience):
			require.Fail(t, "not everything came", c.user)
		}
		stored += len(c.stored)
		require.True(t, c.whole())
		require.Zero(t, c.gaps)
		for text, times := range c.got {
			require.Equal(t, 1, times, text)
			require.True(t, strings.HasPrefix(text, c.user+" "), "%s got %q", c.user, text)
		}
	}
	t.Logf("%d events stored, all delivered once, over three restarts and a kill", stored)
}

// TestUsage: what makes no sense is refused in one line.
func TestUsage(t *testing.T) {
	for want, f := range map[string]flags{
		"where is NATS":  {listen: "127.0.0.1:0"},
		"brings its own": {nodes: 3, nats: "nats://127.0.0.1:4222"},
		"port number":    {nodes: 3, listen: "127.0.0.1:http"},
	} {
		require.ErrorContains(t, f.run(t.Context()), want)
	}
}

// TestServersLeaveNothing: the servers of a deployment in one process take their folders with them.
func TestServersLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	all, err := startServers(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, all.stop())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
