package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// gorillaSocket reads with gorilla's Conn and writes through a line. Gorilla's own
// writing is used for compressed messages alone, under the line's lock, so that no
// frame splits another.
type gorillaSocket struct {
	conn     *websocket.Conn
	line     *line
	limit    int
	buf      []byte
	control  []Frame // seen while a data frame was awaited
	compress bool
	under    *watched // nil: somebody else's connection
}

// watched is a connection that says when it is read.
type watched struct {
	net.Conn
	wait  func()
	reads uint64
}

func (w *watched) Read(p []byte) (int, error) {
	if w.reads++; w.wait != nil {
		w.wait()
	}
	return w.Conn.Read(p)
}

// SetLinger lets Reset through.
func (w *watched) SetLinger(sec int) error {
	if lingering, ok := w.Conn.(interface{ SetLinger(sec int) error }); ok {
		return lingering.SetLinger(sec)
	}
	return nil
}

// waiting is a gorillaSocket whose connection says when it is read.
type waiting struct{ *gorillaSocket }

// OnWait implements Waiter.
func (s waiting) OnWait(f func()) { s.under.wait = f }

// Next implements Socket.
func (s waiting) Next() (Frame, error) {
	before := s.under.reads
	f, err := s.gorillaSocket.Next()
	f.Ahead = s.under.reads == before
	return f, err
}

// shared lets gorilla's connections have no write buffer of their own, since few
// of them ever write through it.
var shared sync.Pool

func (d *Dialer) openGorilla(ctx context.Context, u *url.URL, header http.Header, subprotocols []string) (Socket, error) {
	stop := func() bool { return true }
	var under *watched
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.Dial(ctx, network, address)
		if err == nil { // gorilla minds the context's deadline alone once it is connected
			stop = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
			under = &watched{Conn: conn}
			return under, nil
		}
		return nil, err
	}
	dialer := websocket.Dialer{
		NetDialContext: dial, TLSClientConfig: d.secure(u.Hostname()),
		ReadBufferSize: d.readBuffer(), WriteBufferPool: &shared, WriteBufferSize: 512,
		Subprotocols: subprotocols, EnableCompression: d.Compress,
	}
	conn, resp, err := dialer.DialContext(ctx, u.String(), header)
	if err != nil {
		stop()
		return nil, pick(ctx, handshakeError(resp, err))
	}
	if !stop() {
		_ = conn.Close() // the caller wants it no more
		return nil, ctx.Err()
	}
	s := &gorillaSocket{conn: conn, line: &line{conn: conn.NetConn(), limit: d.writeLimit()}, limit: d.maxMessage(), under: under}
	s.compress = d.Compress && resp.Header.Get("Sec-Websocket-Extensions") != ""
	s.handleControl()
	return waiting{s}, nil
}

func handshakeError(resp *http.Response, err error) error {
	if resp == nil {
		if errors.Is(err, websocket.ErrBadHandshake) {
			return &HandshakeError{Err: err}
		}
		return err
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 512)) // its start is for the eye only
	_ = resp.Body.Close()
	return &HandshakeError{Status: resp.StatusCode, Body: string(body), Err: err}
}

func (s *gorillaSocket) handleControl() {
	s.conn.SetPingHandler(func(data string) error {
		s.control = append(s.control, Frame{Kind: Ping, Data: []byte(data)})
		_ = s.line.frame(Pong, []byte(data)) // a peer that is gone shows at the next read
		return nil
	})
	s.conn.SetPongHandler(func(data string) error {
		s.control = append(s.control, Frame{Kind: Pong, Data: []byte(data)})
		return nil
	})
	s.conn.SetCloseHandler(func(code int, reason string) error {
		s.control = append(s.control, Frame{Kind: Close, Code: code, Data: []byte(reason)})
		_ = s.line.frame(Close, closePayload(code)) // likewise
		return nil
	})
}

func (s *gorillaSocket) Next() (Frame, error) {
	if len(s.control) > 0 {
		return s.popControl(), nil
	}
	kind, r, err := s.conn.NextReader()
	if err != nil {
		if len(s.control) > 0 {
			return s.popControl(), nil
		}
		return Frame{}, asProtocol(err)
	}
	data, cut, err := s.read(r)
	if err != nil {
		return Frame{}, asProtocol(err)
	}
	return Frame{Kind: Kind(kind), Data: data, Cut: cut}, nil
}

// asProtocol marks gorilla's complaints of bytes that are no frames, which have no
// type of their own. What a close frame says, be it no code at all, hurts nobody.
func asProtocol(err error) error {
	var closed *websocket.CloseError
	what, own := strings.CutPrefix(err.Error(), "websocket: ")
	if !own || errors.As(err, &closed) || strings.Contains(what, "close") || errors.Is(err, websocket.ErrReadLimit) {
		return err
	}
	return fmt.Errorf("%w: %s", ErrProtocol, what)
}

func (s *gorillaSocket) popControl() Frame {
	f := s.control[0]
	s.control = s.control[1:]
	return f
}

const smallMessage = 16 << 10

// read fills the socket's buffer with one message, up to the limit, and drops the
// rest. A buffer that had to grow far is given back.
func (s *gorillaSocket) read(r io.Reader) ([]byte, bool, error) {
	if cap(s.buf) > smallMessage {
		s.buf = nil
	}
	buf := s.buf[:0]
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, make([]byte, max(256, cap(buf)))...)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			s.buf = buf
			return buf, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if len(buf) >= s.limit {
			_, err := io.Copy(io.Discard, r)
			s.buf = buf
			return buf, true, err
		}
	}
}

func (s *gorillaSocket) Write(kind Kind, data []byte) error {
	if s.compress {
		s.line.mu.Lock()
		defer s.line.mu.Unlock()
		if err := s.conn.SetWriteDeadline(time.Now().Add(s.line.limit)); err != nil {
			return err
		}
		return s.conn.WriteMessage(int(kind), data)
	}
	return s.line.frame(kind, data)
}

func (s *gorillaSocket) WritePieces(kind Kind, data []byte, fragment, segment int) error {
	return s.line.pieces(kind, data, fragment, segment)
}

func (s *gorillaSocket) Shut(code int, within time.Duration) { s.line.shut(code, within) }
func (s *gorillaSocket) Kill()                               { Reset(s.line.conn) }
func (s *gorillaSocket) Compressed() bool                    { return s.compress }

func (l *line) shut(code int, within time.Duration) {
	if err := l.frame(Close, closePayload(code)); err != nil {
		Reset(l.conn)
		return
	}
	if l.conn.SetReadDeadline(time.Now().Add(within)) != nil {
		Reset(l.conn)
	}
}

// Wrap makes a socket of a connection that the caller's own code opened and hands
// over.
func Wrap(conn *websocket.Conn) Socket {
	s := &gorillaSocket{conn: conn, line: &line{conn: conn.NetConn(), limit: DefaultWriteLimit}, limit: DefaultMaxMessage}
	s.handleControl()
	return s
}
