package runtime

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// State is where a connection is on its way. It only moves forward.
type State uint8

// The states. Only ready connections are visible: in a [Pool], in counts of ready ones, to emitters.
const (
	StateAuthenticated State = iota // the user is known and a place is reserved
	StateUpgraded                   // the WebSocket handshake is done
	StateBound                      // it belongs to its user's context; OnConnect runs
	StateReady                      // it receives
	StateDraining                   // closing: what is queued is still written
	StateClosed
)

// String names the state.
func (s State) String() string {
	return enumName(int(s), "authenticated", "upgraded", "bound", "ready", "draining", "closed")
}

// Health tells how long ago a connection answered a ping, in three steps.
type Health uint8

// The steps; [Options] sets their ages.
const (
	Healthy Health = iota
	Degraded
	Unhealthy
)

// String names the step.
func (h Health) String() string { return enumName(int(h), "healthy", "degraded", "unhealthy") }

// Conn is one connection of one user. Its owner is set before it can receive anything and never changes. All methods
// may be called from any goroutine.
type Conn struct {
	// What an emit touches comes first, in one cache line. Guarded by uc.mu, but for uc and owner, which never change.
	// Most connections are idle most of the time: what those never need is in rare.
	uc         *UserContext
	queue      *buffer
	flight     *buffer
	enqueued   uint64
	finished   uint64
	owner      uint32
	state      State
	busy       bool // somebody has the duty to flush: a worker's queue, a caller, or a goroutine
	compressed bool
	gaps       bool // rare.lost or rare.missed is set
	slot       bool // counts against the limits
	adopted    bool // the application upgraded it and reads it
	readerDone bool
	halfClosed bool
	serving    bool // the goroutine of OnMessage runs
	stalled    bool // the reader waits for it
	mute       bool // this side closes: what still comes in is not passed on
	killReason dropIndex
	pingNumber uint32 // of the last ping that was sent
	armed      bool   // nobody reads: the poller will rouse a reader
	shut       bool   // the socket is closed, or about to be

	// Set before the connection is ready.
	number uint64 // which of the factory's connections it is
	device string
	nc     net.Conn
	raw    syscall.RawConn // nil: only blocking reads and writes are possible
	ws     *websocket.Conn
	base   context.Context // the request's, without its end

	// The reader's alone.
	in    bufio.Reader  // what gorilla reads from; without a buffer while nothing comes, see park
	lent  *bufio.Reader // where its buffer came from
	fd    int32         // 1 more than the descriptor, while that may be read without waiting
	late  bool          // rare.late is set
	spoke bool          // it has sent messages: a goroutine waits for the next one
	limit rateLimit

	polled int32 // 1 more than the descriptor in the poller's list, 0 before, pollNever after; guarded by poller.mu

	// Guarded by uc.mu.
	closeBy int64 // 0, or when the socket is closed whatever is left
	pinged  int64 // when the unanswered ping was sent, 0 if none
	ponged  int64
	session string
	rare    *connRare
}

// pollNever says that a connection must not be polled any more.
const pollNever int32 = -1

// connRare is the part of a connection that is made when it is first needed.
type connRare struct {
	ctx    context.Context // made when it is first asked for
	cancel context.CancelFunc
	lost   gap // dropped from the head of the queue, to be told before what remains
	missed gap // dropped at the tail, to be told before what follows
	why    error
	late   error // what park met, for whoever reads next; the reader's alone
	inbox  []inbound
	after  uint64 // from a shared history it had everything up to here when it became ready
}

// rareLocked gives the part for reading and writing.
func (c *Conn) rareLocked() *connRare {
	if c.rare == nil {
		c.rare = new(connRare)
	}
	return c.rare
}

// afterLocked is rare.after.
func (c *Conn) afterLocked() uint64 {
	if c.rare == nil {
		return 0
	}
	return c.rare.after
}

// whyLocked says why the connection ended, nil as long as nobody gave a reason.
func (c *Conn) whyLocked() error {
	if c.rare == nil {
		return nil
	}
	return c.rare.why
}

// ID is the connection's name, minted by the server and never used twice.
func (c *Conn) ID() ConnID { return ConnID(c.uc.f.nonce + "-" + strconv.FormatUint(c.number, 36)) }

// User is the connection's owner.
func (c *Conn) User() UserID { return c.uc.user }

// UserContext is the context of the connection's owner.
func (c *Conn) UserContext() *UserContext { return c.uc }

// Session names this stay of the user on one device. It outlives a reconnect of a client that names its device.
func (c *Conn) Session() string {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	if c.session == "" { // with Raw framing nobody has been told it yet
		c.session = mintSecret()
	}
	return c.session
}

// Device is what the client gave in ?device=, or empty. It is a label, not an identity.
func (c *Conn) Device() string { return c.device }

// Context ends with the connection. It has the values of the request that was upgraded, but not its deadline. Danger:
// values that a router takes back and uses again after the handler returned (a pooled routing context) must not be
// read from it.
func (c *Conn) Context() context.Context {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	rare := c.rareLocked()
	if rare.ctx == nil {
		rare.ctx, rare.cancel = context.WithCancel(c.base)
		if c.state == StateClosed {
			rare.cancel()
		}
	}
	return rare.ctx
}

// cancelLocked ends the context, if anybody has asked for it.
func (c *Conn) cancelLocked() {
	if c.rare != nil && c.rare.cancel != nil {
		c.rare.cancel()
	}
}

// State is where the connection is now.
func (c *Conn) State() State {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	return c.state
}

// Health follows the last pong that came. Without pings ([Options.PingInterval] < 0) it is always [Healthy].
func (c *Conn) Health() Health {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	return c.healthLocked(c.uc.f.now())
}

func (c *Conn) healthLocked(now int64) Health {
	o := &c.uc.f.opts
	age := time.Duration(now - c.ponged)
	switch {
	case o.PingInterval < 0, c.adopted:
		return Healthy
	case age > o.HealthUnhealthy:
		return Unhealthy
	case age > o.HealthDegraded:
		return Degraded
	}
	return Healthy
}

// LastPong is when the connection last answered a ping; before the first answer, when it opened.
func (c *Conn) LastPong() time.Time {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	return c.uc.f.at(c.ponged)
}

// RemoteAddr is the peer's address as the socket has it.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Err says why the connection ended; nil while it lives, and for a normal closure by the client.
func (c *Conn) Err() error {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	return c.whyLocked()
}
