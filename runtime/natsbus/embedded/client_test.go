package embedded_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// client is one user's device: it reads all it gets and comes back, to the next node, for as long as it lives.
type client struct {
	user string
	stop context.CancelFunc
	done chan struct{}

	mu     sync.Mutex
	nodes  []string
	ws     *websocket.Conn
	epoch  string
	last   uint64
	frames []runtimetest.Frame // events and gaps, in the order in which they came
	times  []time.Time         // of the frames
	gaps   int
	opened int
	moved  chan struct{}
}

func newClient(t *testing.T, user string, nodes ...*node) *client {
	c := &client{user: user, done: make(chan struct{}), moved: make(chan struct{})}
	for _, n := range nodes {
		c.nodes = append(c.nodes, n.url)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	c.stop = stop
	go c.run(ctx)
	t.Cleanup(c.close)
	return c
}

func (c *client) close() {
	c.stop()
	c.drop()
	<-c.done
}

// drop ends the connection, as a phone does that goes through a tunnel.
func (c *client) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ws != nil {
		_ = c.ws.Close()
	}
}

func (c *client) run(ctx context.Context) {
	defer close(c.done)
	for i := 0; ctx.Err() == nil; i++ {
		ws, err := c.dial(ctx, i)
		if err != nil {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
			}
			continue
		}
		for err == nil {
			var p []byte
			if _, p, err = ws.ReadMessage(); err == nil {
				c.got(runtimetest.Parse(p))
			}
		}
		_ = ws.Close()
	}
}

func (c *client) dial(ctx context.Context, i int) (*websocket.Conn, error) {
	c.mu.Lock()
	target := c.nodes[i%len(c.nodes)] + "?user=" + url.QueryEscape(c.user)
	if c.epoch != "" {
		target += fmt.Sprintf("&resume=%s:%d", c.epoch, c.last)
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ws, resp, err := websocket.DefaultDialer.DialContext(ctx, target, nil)
	if resp != nil {
		_ = resp.Body.Close()
	}
	if err == nil {
		c.mu.Lock()
		c.ws = ws
		c.mu.Unlock()
		if ctx.Err() != nil {
			_ = ws.Close()
		}
	}
	return ws, err
}

func (c *client) got(f runtimetest.Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch f.Type {
	case "wsmig.ready":
		c.opened++
		if c.epoch != f.Epoch {
			if c.epoch != "" { // the history is another one: nothing of the old one comes any more
				c.frames, c.times = append(c.frames, f), append(c.times, time.Now())
			}
			c.epoch, c.last = f.Epoch, f.Seq
		}
	case "wsmig.gap":
		c.gaps++
		c.frames, c.times = append(c.frames, f), append(c.times, time.Now())
	default:
		c.frames, c.times = append(c.frames, f), append(c.times, time.Now())
		c.last = max(c.last, f.Seq)
	}
	close(c.moved)
	c.moved = make(chan struct{})
}

// await waits until the client's state is as wanted.
func (c *client) await(t *testing.T, what string, ok func(c *client) bool) {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		c.mu.Lock()
		done, moved := ok(c), c.moved
		c.mu.Unlock()
		if done {
			return
		}
		select {
		case <-moved:
		case <-late.C:
			c.mu.Lock()
			defer c.mu.Unlock()
			require.Failf(t, "timeout", "%s waited for %s; got %d frames, %d connections", c.user, what, len(c.frames), c.opened)
		}
	}
}

func (c *client) ready(t *testing.T) { c.readyAgain(t, 0) }

func (c *client) readyAgain(t *testing.T, before int) {
	t.Helper()
	c.await(t, "ready", func(c *client) bool { return c.opened > before })
}

// payload says whom an event is for, and which one it is.
type payload struct {
	User string `json:"user"`
	N    int    `json:"n"`
}

func event(user string, n int) wsruntime.Event {
	return wsruntime.Event{Type: "test", Data: payload{user, n}}
}

func (c *client) has(n int) func(*client) bool {
	return func(c *client) bool {
		for _, f := range c.frames {
			if p := parse(f); p.User == c.user && p.N == n {
				return true
			}
		}
		return false
	}
}

func parse(f runtimetest.Frame) (p payload) {
	if !strings.HasPrefix(f.Type, "wsmig.") {
		_ = json.Unmarshal(f.Data, &p)
	}
	return p
}

// events lists the numbers of the events that came.
func (c *client) events() (all []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.frames {
		if f.Type == "test" {
			all = append(all, parse(f).N)
		}
	}
	return all
}
