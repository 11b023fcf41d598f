package runtime_test

import (
	"strconv"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// modelClient is one client of the model: it can stop reading, and keeps what it read.
type modelClient struct {
	user    wsruntime.UserID
	ws      *websocket.Conn
	query   string
	from    uint64 // the last number before what it is owed
	checked int    // frames that verify has seen
	got     uint64 // the last number it received or was told to be lost
	epoch   string
	revoked bool
	done    chan struct{}

	mu      sync.Mutex
	moved   sync.Cond
	stalled bool
	frames  []runtimetest.Frame
	closed  bool
}

func newModelClient(user wsruntime.UserID, ws *websocket.Conn, query string) *modelClient {
	c := &modelClient{user: user, ws: ws, query: query, done: make(chan struct{})}
	c.moved.L = &c.mu
	go c.read()
	return c
}

func (c *modelClient) read() {
	defer close(c.done)
	for {
		_, p, err := c.ws.ReadMessage()
		c.mu.Lock()
		for c.stalled {
			c.moved.Wait()
		}
		if err != nil {
			c.closed = true
			c.mu.Unlock()
			return
		}
		c.frames = append(c.frames, runtimetest.Parse(p))
		c.mu.Unlock()
	}
}

func (c *modelClient) setStalled(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stalled = on
	c.moved.Broadcast()
}

func (c *modelClient) all() []runtimetest.Frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]runtimetest.Frame(nil), c.frames...)
}

// opened works out what the client is owed: everything after ready, or after its own token if that was one of this
// stream.
func (c *modelClient) opened(ready runtimetest.Frame) {
	c.epoch, c.from = ready.Epoch, ready.Seq
	epoch, last, ok := strings.Cut(strings.TrimPrefix(c.query, "resume="), ":")
	if n, err := strconv.ParseUint(last, 10, 64); ok && err == nil && epoch == ready.Epoch && n <= ready.Seq {
		c.from = n
	}
	c.got = c.from
}

// verify checks in each new frame what may never happen, whatever is still under way.
func (c *modelClient) verify(t *rapid.T) {
	frames := c.all()
	for i, fr := range frames[c.checked:] {
		switch i += c.checked; {
		case i == 0:
			require.Equal(t, "wsmig.ready", fr.Type)
		case fr.Type == "wsmig.gap" && fr.Reason == "epoch":
			require.Equal(t, 1, i, "only a token that does not fit")
		case fr.Type == "wsmig.gap":
			require.Equal(t, c.got+1, fr.From, "a gap begins where the client is")
			require.GreaterOrEqual(t, fr.To, fr.From)
			c.got = fr.To
		default:
			p, err := decodePayload(fr.Data)
			require.NoError(t, err)
			require.Contains(t, []wsruntime.UserID{c.user, "all"}, p.For, "%q received another user's event", c.user)
			require.Equal(t, c.epoch, fr.Epoch)
			require.Equal(t, c.got+1, fr.Seq, "in order, none twice, none missing without a gap")
			c.got = fr.Seq
		}
	}
	c.checked = len(frames)
}

// settled checks a client that lives and reads: it has got, or been told of, everything.
func (c *modelClient) settled(m *model) {
	if !c.isClosed() && !c.revoked {
		require.Equal(m.rt, m.streams[c.user].seq, c.got, "everything came to %q, or was announced", c.user)
	}
}

func (c *modelClient) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
