// Package wire is the client side of a WebSocket as a load test needs it: many
// connections at little cost, every kind of frame visible, and ways to end or
// mistreat a connection that no ordinary client offers. Two engines stand behind
// one interface: gorilla/websocket, which people know, and a reader of raw
// frames, which costs a third.
package wire

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Kind of a frame.
type Kind uint8

// The kinds, with the protocol's numbers.
const (
	Text   Kind = 1
	Binary Kind = 2
	Close  Kind = 8
	Ping   Kind = 9
	Pong   Kind = 10
)

// Frame is one message or control frame. Data is valid until the next call of
// Next. Of a close frame it is the reason alone. Cut is set when the message was
// longer than the limit: Data is its start. Ahead is set when it had been read from the
// network together with the frame before.
type Frame struct {
	Kind  Kind
	Code  int // of a close frame
	Cut   bool
	Ahead bool
	Data  []byte
}

// Socket is one connection. Next belongs to one goroutine; everything else may be
// called from any.
type Socket interface {
	// Next waits for a frame. Pings are answered before they are returned.
	Next() (Frame, error)
	// Write sends one message.
	Write(kind Kind, data []byte) error
	// WritePieces sends one message in fragments of the given size, with a ping
	// between the first two when there are two, and each TCP segment no longer
	// than segment bytes (0: no limit).
	WritePieces(kind Kind, data []byte, fragment, segment int) error
	// Shut sends a close frame and gives the peer until the deadline to answer;
	// Next then returns an error.
	Shut(code int, within time.Duration)
	// Kill resets the connection: the peer sees an error, not a close.
	Kill()
	// Compressed reports whether per-message compression was agreed.
	Compressed() bool
}

// Waiter is a Socket that says when it waits for the network, so that what belongs
// to several frames that came at once can be done once.
type Waiter interface {
	// OnWait makes Next call f before it reads from the network, possibly several
	// times and in the midst of a frame. It must be called before the first Next.
	OnWait(f func())
}

// Dialer opens sockets. It is read-only and safe for concurrent use.
type Dialer struct {
	Raw        bool // the raw-frame engine instead of gorilla's
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
	TLS        func(host string) *tls.Config // for wss; nil, or one that returns nil: defaults
	Compress   bool                          // offer per-message compression (gorilla engine only)
	ReadBuffer int                           // bytes read ahead, default 1024
	MaxMessage int                           // bytes kept of one message, default 4 MiB; the rest is read and dropped
	Timeout    time.Duration
	WriteLimit time.Duration // a write that takes longer fails, default 5 s
	_          struct{}
}

// Defaults of a Dialer.
const (
	DefaultReadBuffer = 1024
	DefaultMaxMessage = 4 << 20
	DefaultTimeout    = 10 * time.Second
	DefaultWriteLimit = 5 * time.Second
)

// HandshakeError is an answer other than 101.
type HandshakeError struct {
	Status int
	Body   string // its start
	Err    error
}

func (e *HandshakeError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("handshake: %v", e.Err)
	}
	text := fmt.Sprintf("handshake answered %d %s", e.Status, http.StatusText(e.Status))
	if e.Body != "" {
		text += fmt.Sprintf(" (%.80q)", e.Body)
	}
	return text
}

func (e *HandshakeError) Unwrap() error { return e.Err }

func (d *Dialer) timeout() time.Duration    { return orDefault(d.Timeout, DefaultTimeout) }
func (d *Dialer) writeLimit() time.Duration { return orDefault(d.WriteLimit, DefaultWriteLimit) }
func (d *Dialer) readBuffer() int           { return orDefault(d.ReadBuffer, DefaultReadBuffer) }
func (d *Dialer) maxMessage() int           { return orDefault(d.MaxMessage, DefaultMaxMessage) }

func orDefault[T comparable](value, def T) T {
	var zero T
	if value == zero {
		return def
	}
	return value
}

// Open connects and upgrades. Cancelling ctx ends the attempt, not the socket.
func (d *Dialer) Open(ctx context.Context, address string, header http.Header, subprotocols []string) (Socket, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, fmt.Errorf("%q is not a WebSocket address", address)
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout())
	defer cancel()
	if d.Raw {
		return d.openRaw(ctx, u, header, subprotocols)
	}
	return d.openGorilla(ctx, u, header, subprotocols)
}

// secure is the TLS configuration for a host, to be changed by the caller.
func (d *Dialer) secure(host string) *tls.Config {
	var config *tls.Config
	if d.TLS != nil {
		config = d.TLS(host).Clone()
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	return config
}

// HostPort is the address to dial for a WebSocket address.
func HostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Reset closes a connection so that the peer sees an error, not an end.
func Reset(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if lingering, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = lingering.SetLinger(0) // a socket that is gone already needs no reset
	}
	_ = conn.Close() // so does its close
}
