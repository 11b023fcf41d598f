package runtime

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"time"
)

// shim is the net.Conn that gorilla gets. Until the handshake is done it is the socket; from then on what gorilla
// writes of itself (answers to protocol errors) joins the connection's queue as whole frames. So nothing can be spliced
// into a frame that is half written, and gorilla's deadlines don't touch the socket.
type shim struct {
	net.Conn
	conn    *Conn // set once the handshake is done
	deflate bool  // the answer agreed on permessage-deflate
}

// Write passes the handshake on, and queues frames afterwards.
func (s *shim) Write(p []byte) (int, error) {
	if s.conn == nil {
		s.deflate = s.deflate || bytes.Contains(p, []byte("permessage-deflate"))
		return s.Conn.Write(p)
	}
	s.conn.control(p)
	return len(p), nil
}

// SetWriteDeadline has an effect during the handshake only.
func (s *shim) SetWriteDeadline(t time.Time) error {
	if s.conn == nil {
		return s.Conn.SetWriteDeadline(t)
	}
	return nil
}

// hijacker is the ResponseWriter that gorilla gets: it hands the shim over in place of the socket.
type hijacker struct {
	http.ResponseWriter
	shim *shim
}

// Hijack takes the socket out of the server's hands, through whatever middleware wrapped the ResponseWriter.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.shim = &shim{Conn: nc}
	return h.shim, rw, nil
}
