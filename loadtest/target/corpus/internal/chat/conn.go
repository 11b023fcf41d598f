package chat

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Socket is what a connection needs of a WebSocket: gorilla's, or one of our own.
// One goroutine reads, one writes.
type Socket interface {
	ReadMessage() (kind int, data []byte, err error)
	WriteMessage(kind int, data []byte) error
	SetWriteDeadline(t time.Time) error
	Close() error
}

const (
	maxMessage   = 4 << 20
	maxQueue     = 64 << 20 // bytes that a client may be behind before it is dropped
	writeTimeout = 5 * time.Second
)

// Conn is one client's connection. Pushing never blocks: a queue without holes
// is written by a goroutine of its own, and a client that is too far behind is cut
// off. It is safe for concurrent use.
type Conn struct {
	Params url.Values // of the handshake's address

	socket Socket
	format Format
	lobby  *Lobby
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc

	mu     sync.Mutex
	user   string
	queue  []Frame
	size   int  // bytes in the queue
	flying int  // frames taken from the queue and not written yet
	shut   bool // nothing is taken any more; what is queued is still written
	wake   chan struct{}
	room   *sync.Cond // the queue got shorter, or the connection ended

	tasks chan func(ctx context.Context)
	later sync.Once
}

func newConn(l *Lobby, s Socket, f Format, params url.Values) *Conn {
	c := &Conn{Params: params, socket: s, format: f, lobby: l, wake: make(chan struct{}, 1), tasks: make(chan func(context.Context), 64)}
	c.room = sync.NewCond(&c.mu)
	c.ctx, c.cancel = context.WithCancel(l.Context())
	l.Go(func(context.Context) { c.write() })
	return c
}

// Socket is what the connection was made with.
func (c *Conn) Socket() Socket { return c.socket }

// User is whose connection this is now, "" when it is nobody's.
func (c *Conn) User() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.user
}

// Become makes the connection a user's and tells the client so in one step; "" and
// Bye make it nobody's. A nil event tells nothing.
func (c *Conn) Become(user string, ev *Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.user = user
	if ev != nil {
		c.put(c.format.Encode(ev))
	}
}

// Introduce is Become for a connection that others find before its lock is free:
// publish makes it known, and nothing reaches the client before the event does.
func (c *Conn) Introduce(user string, ev *Event, publish func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.user = user
	c.put(c.format.Encode(ev))
	publish()
}

// Push queues an event.
func (c *Conn) Push(ev *Event) { c.PushFrame(c.format.Encode(ev)) }

// PushTo queues an event if the connection is the user's now.
func (c *Conn) PushTo(user string, ev *Event) bool {
	f := c.format.Encode(ev)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.user != user {
		return false
	}
	c.put(f)
	return true
}

// PushWait queues a frame as soon as fewer than limit frames are unwritten.
func (c *Conn) PushWait(f Frame, limit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue)+c.flying >= limit && !c.shut && c.ctx.Err() == nil {
		c.room.Wait()
	}
	c.put(f)
}

// PushFrame queues a frame. Its data must not change afterwards.
func (c *Conn) PushFrame(f Frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(f)
}

// Close queues a close frame, after which the socket is closed.
func (c *Conn) Close(code int, reason string) {
	reason = reason[:min(len(reason), 120)]
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(Frame{websocket.CloseMessage, websocket.FormatCloseMessage(code, reason)})
	c.shut = true
}

func (c *Conn) send(f Frame) error {
	_ = c.socket.SetWriteDeadline(time.Now().Add(writeTimeout)) // fails on a closed socket, like the write
	return c.socket.WriteMessage(f.Kind, f.Data)
}

// Later runs f after the connection's earlier tasks, beside its reader. It drops f
// when too many wait.
func (c *Conn) Later(f func(ctx context.Context)) {
	c.later.Do(func() { c.lobby.Go(func(context.Context) { c.work() }) })
	select {
	case c.tasks <- f:
	default:
	}
}

func (c *Conn) work() {
	for {
		select {
		case f := <-c.tasks:
			f(c.ctx)
		case <-c.ctx.Done():
			return
		}
	}
}

// end lets go of everything that waits for the connection.
func (c *Conn) end() {
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	c.room.Broadcast()
}

func (c *Conn) put(f Frame) {
	if c.shut {
		return
	}
	if c.size += len(f.Data); c.size > maxQueue {
		c.shut = true
		_ = c.socket.Close() // the reader sees it
		return
	}
	c.queue = append(c.queue, f)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Conn) take() ([]Frame, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	frames := c.queue
	c.queue, c.size, c.flying = nil, 0, len(frames)
	return frames, c.shut
}

func (c *Conn) written() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flying--
	c.room.Signal()
}

// write empties the queue until the connection ends.
func (c *Conn) write() {
	for {
		select {
		case <-c.wake:
		case <-c.ctx.Done():
			return
		}
		frames, last := c.take()
		for _, f := range frames {
			if c.send(f) != nil {
				c.fail()
				return
			}
			c.written()
		}
		if last {
			c.fail()
			return
		}
	}
}

// fail ends the socket, which its reader sees.
func (c *Conn) fail() {
	_ = c.socket.Close() // it may be closed already
	c.end()
}
