package runtime

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Options configures a [Factory]. The zero value of a field means its default; where the text says so, a negative
// value switches the thing off. [NewFactory] copies the struct: later changes have no effect.
type Options struct {
	// MaxUsers bounds the users that have a context at one time (default 100,000). MaxConns bounds the connections in
	// total (default 100,000), MaxConnsPerUser those of one user (default 20). Negative: no bound.
	MaxUsers, MaxConns, MaxConnsPerUser int
	// AtLimit says what happens to a client that comes when a limit is reached: RejectNew (default) or EvictOldest.
	// Connections that have not answered pings for HealthUnhealthy are taken to be dead and make room first, with
	// both; so do users who have such connections and nothing else.
	AtLimit LimitPolicy

	// QueueEvents (default 1,024) and QueueBytes (default 1 MiB) bound what waits for one connection, beside the batch
	// that is being written. Overflow says what happens at the bound: DropOldest (default), DropNewest, Block,
	// Disconnect.
	QueueEvents, QueueBytes int
	Overflow                OverflowPolicy

	// MaxEventBytes bounds the payload of one event, as it goes on the wire (default: QueueBytes, at most 1 MiB).
	// MaxInboundBytes bounds one message from a client, after decompression (default 64 KiB); more closes with 1009.
	MaxEventBytes, MaxInboundBytes int
	// InboundRate bounds the messages and pings per second from one connection, with as many at once (default 1,000;
	// negative: no bound); more closes with 1008.
	InboundRate float64

	// ResumeEvents (default 128), ResumeBytes (default 256 KiB) and ResumeTTL (default 2 min) bound what is kept per
	// user for clients that reconnect. ResumeEvents < 0 keeps nothing. Unused with Raw framing.
	ResumeEvents, ResumeBytes int
	ResumeTTL                 time.Duration
	// IdleTTL ends the context of a user who has had no connection and no emit for that long although an emitter was
	// left open (default 15 min; negative: never). A user with a connection is never idle.
	IdleTTL time.Duration
	// PingInterval is the time between pings (default 25 s; negative: none). A connection whose pong has not come
	// PongWait (default 10 s) after a ping is closed.
	PingInterval, PongWait time.Duration
	// HandshakeTimeout bounds authentication, upgrade and OnConnect together (default 10 s).
	HandshakeTimeout time.Duration
	// WriteTimeout is how long a connection may take no byte while there is something to write (default 10 s).
	WriteTimeout time.Duration
	// DrainTimeout bounds how long Shutdown and Conn.Close wait for queued events (default 5 s).
	DrainTimeout time.Duration

	// Framing is Envelope (default) or Raw.
	Framing Framing

	// OnMessage gets each message of a client: on one goroutine per connection, in order. The data belongs to the
	// callee. An error closes the connection with 1008, a panic with 1011. Unset: messages are read and discarded.
	OnMessage func(ctx context.Context, c *Conn, mt MessageType, data []byte) error
	// OnConnect is called before a connection becomes ready, so before it can receive anything; an error rolls the
	// connection back and closes it with 1008.
	OnConnect func(ctx context.Context, c *Conn) error
	// OnDisconnect is called once for each connection that was ready, after its last OnMessage. err says why it ended:
	// nil for a normal closure by the client.
	OnDisconnect func(c *Conn, err error)

	// Redact replaces values in the agent's tool and error events (inputs, outputs, messages): it is called with each
	// key and value, outermost first, and returns what to send. Unset, the values of keys that are exactly password,
	// secret, token, api_key, authorization or credential are replaced, in any case and at any depth.
	Redact func(key string, value any) any

	// CheckOrigin decides on the Origin header. Unset: same origin, or no Origin header (not a browser).
	// Danger: a function that returns true lets any web page act as its visitor.
	CheckOrigin func(*http.Request) bool
	// Compression offers permessage-deflate, without context takeover: nothing is shared between messages or users.
	Compression bool
	// RejectAfterUpgrade refuses clients by a close frame (1008, 1013) in place of an HTTP status: browsers hide the
	// status from their scripts.
	RejectAfterUpgrade bool

	// HealthDegraded and HealthUnhealthy are ages of the last pong (defaults PingInterval + PongWait/2 and
	// PingInterval + PongWait).
	HealthDegraded, HealthUnhealthy time.Duration

	// Bus carries emissions between the nodes of a deployment. Unset: this process alone.
	Bus Bus
	// Logger gets what an operator should see (default slog.Default()). It never gets payloads.
	Logger *slog.Logger
	// Observer is told of connections, drops and violations as they happen. Unset: nobody.
	Observer Observer

	_ struct{}
}

// LimitPolicy says what happens when a limit is reached.
type LimitPolicy uint8

// The limit policies.
const (
	RejectNew   LimitPolicy = iota // the newcomer is refused
	EvictOldest                    // the oldest connection (or the user idle for longest) makes room
)

// String names the policy.
func (p LimitPolicy) String() string { return enumName(int(p), "RejectNew", "EvictOldest") }

// OverflowPolicy says what happens to an event for a connection whose queue is full.
type OverflowPolicy uint8

// The overflow policies. Each drop is counted, and told to the client by a gap frame (with [Envelope] framing).
const (
	DropOldest OverflowPolicy = iota // the longest-waiting event is dropped for the new one
	DropNewest                       // the new event is dropped; Emit returns ErrOverflow
	Block                            // Emit waits for room until its context ends, then returns ErrOverflow
	Disconnect                       // the connection is closed with 1013; the client may resume
)

// String names the policy.
func (p OverflowPolicy) String() string {
	return enumName(int(p), "DropOldest", "DropNewest", "Block", "Disconnect")
}

// Framing says what an event looks like on the wire.
type Framing uint8

// The framings; the package documentation shows both.
const (
	Envelope Framing = iota
	Raw
)

// String names the framing.
func (f Framing) String() string { return enumName(int(f), "Envelope", "Raw") }

// MessageType is the kind of a WebSocket message, with the numbers of RFC 6455 (and of gorilla/websocket).
type MessageType int

// The message types.
const (
	TextMessage   MessageType = 1
	BinaryMessage MessageType = 2
)

// String names the type.
func (t MessageType) String() string { return enumName(int(t), "0", "text", "binary") }
