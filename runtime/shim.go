package runtime

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"time"
)

// shim is the net.Conn that gorilla gets: a view of the connection, so that it costs no memory of its own. Until the
// handshake is done it is the socket; from then on what gorilla writes of itself (answers to protocol errors) joins the
// connection's queue as whole frames. So nothing can be spliced into a frame that is half written, and gorilla's
// deadlines don't touch the socket.
type shim Conn

func (s *shim) handshaking() bool { return s.ws == nil }

// Read reads from the socket: without waiting while park looks, else until something comes.
func (s *shim) Read(p []byte) (int, error) {
	switch {
	case s.fd != 0:
		return readNow(uintptr(s.fd-1), p)
	case s.late:
		return 0, s.rare.late // it is for good
	}
	return s.nc.Read(p)
}

// Write passes the handshake on, and queues frames afterwards.
func (s *shim) Write(p []byte) (int, error) {
	if s.handshaking() {
		s.compressed = s.compressed || bytes.Contains(p, []byte("permessage-deflate"))
		return s.nc.Write(p)
	}
	(*Conn)(s).control(p)
	return len(p), nil
}

// SetWriteDeadline has an effect during the handshake only.
func (s *shim) SetWriteDeadline(t time.Time) error {
	if s.handshaking() {
		return s.nc.SetWriteDeadline(t)
	}
	return nil
}

// SetDeadline is what gorilla undoes the HTTP server's deadlines with.
func (s *shim) SetDeadline(t time.Time) error { return s.nc.SetDeadline(t) }

// SetReadDeadline is the socket's.
func (s *shim) SetReadDeadline(t time.Time) error { return s.nc.SetReadDeadline(t) }

// Close closes the socket.
func (s *shim) Close() error { return s.nc.Close() }

// LocalAddr is the socket's.
func (s *shim) LocalAddr() net.Addr { return s.nc.LocalAddr() }

// RemoteAddr is the socket's.
func (s *shim) RemoteAddr() net.Addr { return s.nc.RemoteAddr() }

// hijacker is the ResponseWriter that gorilla gets: it hands the shim over in place of the socket, and a reader whose
// buffer is there only while something comes in.
type hijacker struct {
	http.ResponseWriter
	conn *Conn
}

// Hijack takes the socket out of the server's hands, through whatever middleware wrapped the ResponseWriter.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c := h.conn
	c.nc, c.raw = nc, rawConn(nc)
	if rw.Reader.Buffered() == 0 { // else gorilla refuses: the client spoke before its time
		c.takeInput()
		rw = bufio.NewReadWriter(&c.in, rw.Writer)
	}
	return (*shim)(c), rw, nil
}
