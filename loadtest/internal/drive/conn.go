package drive

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/faults"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
	"github.com/wsmig/wsmig/loadtest/internal/wire"
)

// conn is one connection. Its reader runs until the socket ends; everything that
// a frame changes is changed there, before the frame is judged, so that what
// follows a frame is judged after what the frame said.
type conn struct {
	d       *Driver
	id      history.ConnID
	slot    int
	seat    uint16 // device of its session in the history
	device  string
	sock    wire.Socket
	link    *faults.Link // nil: no proxy in between
	values  *tmpl.Values
	watched *watched      // nil: no order of events is expected
	done    chan struct{} // the reader has ended
	ready   chan struct{} // the session is bound

	introduced bool // the server was told whose connection it is

	batch    *batch // the reader's own
	batching bool   // the socket says when it waits

	settled atomic.Bool // an own event came, or the server said that it is ready
	planned atomic.Bool // we wanted it to end
	over    atomic.Bool // the socket has ended
	joining atomic.Pointer[joining]
	left    atomic.Bool // ... or has left them, on purpose
	parting atomic.Bool // logged out or revoked: nothing is due any more
	tried   atomic.Bool // its limits are being found out: the server may well close it
	gate    atomic.Pointer[chan struct{}]
	alert   atomic.Bool // something is awaited: frames are looked at

	mu      sync.Mutex
	who     *person
	sends   []*stream // whose events went out here
	pending []wait    // handshake, logout, relogin, revocation, in order
	asked   [][]byte
	token   session
	older   session
}

// wait is something that a frame will bring about.
type wait struct {
	match *matcher
	then  func(frame []byte)
}

// await makes the next frame that matches call then, on the reader.
func (c *conn) await(m *matcher, then func(frame []byte)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = append(c.pending, wait{m, then})
	c.alert.Store(true)
}

func (c *conn) awaiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending) > 0
}

// forget drops what is awaited.
func (c *conn) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = nil
}

func (c *conn) alive() bool { return c != nil && !c.over.Load() && !c.planned.Load() }

func (c *conn) person() *person {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.who
}

func (c *conn) feed(op history.Op, planned bool) {
	c.d.checker.Feed(history.Event{Op: op, Conn: c.id, At: c.d.now(), Planned: planned})
}

// read is the connection's reader.
func (c *conn) read() {
	d := c.d
	defer d.readers.Done()
	defer close(c.done)
	if w, ok := c.sock.(wire.Waiter); ok {
		c.batching = true
		w.OnWait(c.flush)
	}
	for at := time.Duration(0); ; {
		if gate := c.gate.Load(); gate != nil {
			c.flush()
			<-*gate
		}
		f, err := c.sock.Next()
		if err != nil {
			c.garbled(err)
			break
		}
		if !f.Ahead || at == 0 {
			at = d.now()
		}
		c.frame(f, at)
	}
	c.flush()
	if c.tried.Load() {
		c.planned.Store(true)
	}
	c.keepToken()
	d.protocols.leave(c.watched)
	c.over.Store(true)
	d.live.Add(-1)
	c.feed(history.Close, c.planned.Load())
	c.sock.Kill()
	c.mu.Lock()
	sends := c.sends
	c.mu.Unlock()
	for _, s := range sends {
		if s.via.Load() == c {
			d.doubt(s)
		}
	}
}

// garbled tells bytes that are no frames from a connection that has merely ended.
func (c *conn) garbled(err error) {
	if errors.Is(err, wire.ErrProtocol) {
		c.d.checker.Feed(history.Event{Op: history.Garbled, Conn: c.id, At: c.d.now(), Name: err.Error()})
	}
}

func (c *conn) frame(f wire.Frame, at time.Duration) {
	c.hold().frames++
	if !c.batching {
		defer c.flush()
	}
	if f.Cut {
		c.oversize(at)
	}
	kind := kinds[f.Kind]
	if kind == history.CloseReason && (!c.settled.Load() || c.tried.Load() || c.awaiting()) {
		c.planned.Store(true) // refused after the upgrade, or as the answer to a logout: nothing was promised
	}
	if split := c.d.program.file.Split; split != "" && (kind == history.Text || kind == history.Binary) {
		for record := range splitRecords(f.Data, split) {
			c.record(kind, record, at)
		}
		return
	}
	c.record(kind, f.Data, at)
}

// oversize and declare are functions of their own so that the stack of every reader
// has no room for their events.
//
//go:noinline
func (c *conn) oversize(at time.Duration) {
	c.d.oversize.Add(1)
	c.d.checker.Feed(history.Event{Op: history.Overrun, Conn: c.id, At: at, Name: "a message over the size limit was judged by its start alone"})
}

//go:noinline
func (c *conn) declare(at time.Duration) {
	c.d.checker.Feed(history.Event{Op: history.Declare, Conn: c.id, At: at})
	c.watched.late()
}

var kinds = [...]history.Wire{wire.Text: history.Text, wire.Binary: history.Binary, wire.Close: history.CloseReason, wire.Ping: history.Ping, wire.Pong: history.Pong}

// record judges one message, or one record of a frame that holds several.
func (c *conn) record(kind history.Wire, data []byte, at time.Duration) {
	known := false
	if c.alert.Load() || len(c.d.program.reflexes) > 0 {
		known = c.react(data)
	}
	if watch := c.d.opts.Watch; watch != nil {
		watch(c.person().id, data)
	}
	if c.watched != nil {
		c.watch(data, at)
	}
	p := c.d.program
	if p.gap != nil && p.gap.match(data) {
		c.declare(at)
		known = true
	}
	if p.resume != nil {
		c.remember(data)
	}
	c.d.checker.Feed(history.Event{Op: history.Recv, Conn: c.id, At: at, Wire: kind, Frame: data, Known: known})
}

// react answers reflexes and lets what is awaited happen.
func (c *conn) react(data []byte) bool {
	for _, r := range c.d.program.reflexes {
		if r.match.match(data) {
			c.sendText(r.send)
			return true
		}
	}
	c.mu.Lock()
	for i, w := range c.pending {
		if !w.match.match(data) {
			continue
		}
		c.pending = append(c.pending[:i:i], c.pending[i+1:]...)
		c.alert.Store(len(c.pending) > 0 || len(c.asked) > 0)
		c.mu.Unlock()
		w.then(data)
		return true
	}
	known := c.answered(data)
	c.mu.Unlock()
	return known
}

// answered drops the request that a frame answers; the lock is held.
func (c *conn) answered(data []byte) bool {
	for i, id := range c.asked {
		if containsText(data, id) {
			c.asked = append(c.asked[:i:i], c.asked[i+1:]...)
			c.alert.Store(len(c.pending) > 0 || len(c.asked) > 0)
			return true
		}
	}
	return false
}

// remember keeps what the session can be resumed by; the last match wins.
func (c *conn) remember(data []byte) {
	r := c.d.program.resume
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.token
	for i, into := range []*string{&c.token.session, &c.token.epoch, &c.token.since} {
		if r.find[i] == nil {
			continue
		}
		if m := lastMatch(r.find[i], data); m != "" {
			*into = m
		}
	}
	if before != (session{}) && before != c.token {
		c.older = before
	}
}

func (c *conn) sendText(t *tmpl.Template) {
	if t == nil {
		return
	}
	text, err := t.Render(c.values, nil)
	if err != nil {
		c.d.problem(err.Error())
		return
	}
	if err := c.sock.Write(c.d.program.kind, text); err != nil {
		c.d.problem("a frame could not be sent: " + plainError(err))
	}
}

// end stops the connection; a reset unless orderly.
func (c *conn) end(orderly bool) {
	c.planned.Store(true)
	if c.link != nil && !orderly {
		c.link.Reset() // what stands on a frozen link can't be told otherwise
	}
	if !c.over.Load() {
		if orderly {
			c.sock.Shut(1000, closeGrace)
		} else {
			c.sock.Kill()
		}
	}
	c.open()
}

// closeGrace is how long a server may take to answer a close.
const closeGrace = 500 * time.Millisecond

// open lets a stalled reader go on, and reports whether it was stalled.
func (c *conn) open() bool {
	gate := c.gate.Swap(nil)
	if gate != nil {
		close(*gate)
	}
	return gate != nil
}

// keepToken hands what the session can be resumed by to its person, once the last
// frame was read.
func (c *conn) keepToken() {
	p := c.person()
	if p == nil {
		return
	}
	c.mu.Lock()
	token, older := c.token, c.older
	c.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if token != (session{}) {
		p.stale = p.token
		if older != (session{}) {
			p.stale = older
		}
		p.token = token
	}
}
