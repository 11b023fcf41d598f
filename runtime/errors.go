package runtime

import (
	"errors"
	"fmt"
)

// The errors of this package; test for them with errors.Is, since most calls wrap them with what happened where.
var (
	// ErrClosed says that the factory, emitter, context or connection was closed before the call.
	ErrClosed = errors.New("wsmig: closed")
	// ErrNoConnection says that the user, or every member of the room, had no ready connection. With [Envelope] framing
	// the event is in the user's resume ring all the same.
	ErrNoConnection = errors.New("wsmig: no ready connection")
	// ErrInvalidID says that a user, thread, device or room name is not acceptable.
	ErrInvalidID = errors.New("wsmig: invalid id")
	// ErrLimit says that a limit of [Options] was reached; errors.As finds a [*LimitError] that says which.
	ErrLimit = errors.New("wsmig: limit reached")
	// ErrOverflow says that a connection's queue was full and this event was not put into it.
	ErrOverflow = errors.New("wsmig: queue is full")
	// ErrOwner says that an event met a connection of another user. It was not delivered to it.
	ErrOwner = errors.New("wsmig: connection belongs to another user")
	// ErrEncode says that the event could not be encoded: the caller's payload is at fault, no connection suffers.
	ErrEncode = errors.New("wsmig: event can't be encoded")
	// ErrRevoked says that the user was revoked after the handle was made.
	ErrRevoked = errors.New("wsmig: revoked")
)

var (
	errOrigin       = errors.New("wsmig: origin not allowed")
	errUnauthorized = errors.New("wsmig: not authenticated")
	errNotWebSocket = errors.New("wsmig: not a WebSocket handshake")
	errHTTP2        = errors.New("wsmig: WebSocket is served over HTTP/1.1 only: this request came over HTTP/2 or later")
	errNoPoller     = errors.New("wsmig: nothing polls")
	errPongTimeout  = errors.New("wsmig: no pong within PongWait")
	errWriteTimeout = errors.New("wsmig: nothing could be written within WriteTimeout")
	errInboundRate  = errors.New("wsmig: inbound rate exceeded")
	errInboundUTF8  = errors.New("wsmig: inbound text is not UTF-8")
	errInboundSize  = errors.New("wsmig: inbound message is too big")
	errEvicted      = errors.New("wsmig: evicted by a newer connection at the limit")
	errBus          = errors.New("wsmig: bus")
	errCutOff       = errors.New("wsmig: the bus was cut off for longer than its history goes back")
	errDraining     = errors.New("wsmig: shutting down")
)

// LimitError says which limit of [Options] stood in the way; errors.Is(err, [ErrLimit]) holds for it.
type LimitError struct {
	Limit string // the name of the field in Options
	Max   int    // its value
}

// Error names the limit and its value.
func (e *LimitError) Error() string {
	return fmt.Sprintf("wsmig: limit reached: %s is %d", e.Limit, e.Max)
}

// Is makes errors.Is(err, ErrLimit) true.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// HandshakeError is what [Factory.Serve] returns when it refused a client: the HTTP status that was sent (or would
// have been, with [Options.RejectAfterUpgrade]) and why.
type HandshakeError struct {
	Status int
	Err    error
}

// Error gives the status and the reason.
func (e *HandshakeError) Error() string { return fmt.Sprintf("%v (HTTP %d)", e.Err, e.Status) }

// Unwrap gives the reason.
func (e *HandshakeError) Unwrap() error { return e.Err }

// DrainError is what closing returns when events were still queued at the end of the time allowed.
type DrainError struct {
	Dropped uint64 // copies that were not delivered; Stats counts them by reason
	Err     error  // what ended the wait, if anything did
}

// Error says how many copies were left.
func (e *DrainError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("wsmig: closed with %d events undelivered", e.Dropped)
	}
	return fmt.Sprintf("wsmig: closed with %d events undelivered: %v", e.Dropped, e.Err)
}

// Unwrap gives what ended the wait.
func (e *DrainError) Unwrap() error { return e.Err }

// PanicError is the error with which a connection ends, or a call fails, when a callback of the application panicked.
type PanicError struct {
	Callback string // OnMessage, OnConnect, OnDisconnect, OnClose, Authenticator, CheckOrigin or Redact
	Value    any    // what was passed to panic
}

// Error names the callback and the value.
func (e *PanicError) Error() string {
	return fmt.Sprintf("wsmig: panic in %s: %v", e.Callback, e.Value)
}
