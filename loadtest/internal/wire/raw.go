package wire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the protocol's own choice
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// ErrProtocol is returned for bytes that are no WebSocket frames.
var ErrProtocol = errors.New("not a WebSocket frame")

// rawSocket parses frames straight out of its read buffer: a message that came
// whole is never copied.
type rawSocket struct {
	line  *line
	limit int
	buf   []byte // read ahead; it grows up to most while reads fill it
	most  int
	r, w  int    // unread: buf[r:w]
	big   []byte // a message that did not fit, or in fragments
	kind  Kind   // of the message in big, 0 between messages
	cut   bool
	ended bool
	wait  func() // called before each read
	reads uint64
	full  bool // the last read filled the buffer
}

func (d *Dialer) openRaw(ctx context.Context, u *url.URL, header http.Header, subprotocols []string) (Socket, error) {
	conn, err := d.Dial(ctx, "tcp", HostPort(u))
	if err != nil {
		return nil, err
	}
	if u.Scheme == "wss" {
		conn = tls.Client(conn, d.secure(u.Hostname()))
	}
	ahead, err := upgrade(ctx, conn, u, header, subprotocols)
	if err != nil {
		_ = conn.Close() // the first error is the one that counts
		return nil, err
	}
	s := &rawSocket{line: &line{conn: conn, limit: d.writeLimit()}, limit: d.maxMessage(), most: d.readBuffer(),
		buf: make([]byte, max(min(d.readBuffer(), firstBuffer), 64, len(ahead)))}
	s.w = copy(s.buf, ahead)
	return s, nil
}

// upgrade returns what the peer sent behind its answer.
func upgrade(ctx context.Context, conn net.Conn, u *url.URL, header http.Header, subprotocols []string) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // wakes what blocks below
	defer stop()
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, err
	}
	key := base64.StdEncoding.EncodeToString(nonce[:])
	target := *u
	target.Scheme = map[string]string{"ws": "http", "wss": "https"}[u.Scheme]
	req := &http.Request{Method: http.MethodGet, URL: &target, Host: u.Host, Header: upgradeHeader(header, key, subprotocols)}
	if err := req.Write(conn); err != nil {
		return nil, pick(ctx, err)
	}
	br := bufio.NewReaderSize(conn, 1024)
	resp, err := http.ReadResponse(br, req)
	if err != nil {
		return nil, pick(ctx, &HandshakeError{Err: err})
	}
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-Websocket-Accept") != accept(key) {
		return nil, handshakeError(resp, errors.New("no upgrade"))
	}
	ahead := make([]byte, br.Buffered())
	_, err = io.ReadFull(br, ahead)
	return ahead, err
}

func pick(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil {
		return cause
	}
	return err
}

func upgradeHeader(header http.Header, key string, subprotocols []string) http.Header {
	h := header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	h.Set("Sec-WebSocket-Version", "13")
	h.Set("Sec-WebSocket-Key", key)
	if len(subprotocols) > 0 {
		h.Set("Sec-WebSocket-Protocol", strings.Join(subprotocols, ", "))
	}
	return h
}

func accept(key string) string {
	sum := sha1.Sum([]byte(key + guid)) //nolint:gosec // see above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// firstBuffer is what a socket reads ahead until the server is seen to send more at
// once: with many users most wait for one short message.
const firstBuffer = 512

// need makes at least n unread bytes available; n is at most len(s.buf).
func (s *rawSocket) need(n int) error {
	if s.w-s.r >= n {
		return nil
	}
	if s.r > 0 {
		s.w = copy(s.buf, s.buf[s.r:s.w])
		s.r = 0
	}
	if s.wait != nil {
		s.wait()
	}
	if s.full && len(s.buf) < s.most {
		s.buf = append(make([]byte, 0, min(4*len(s.buf), s.most)), s.buf[:s.w]...)
		s.buf = s.buf[:cap(s.buf)]
	}
	for s.reads++; s.w < n; {
		m, err := s.line.conn.Read(s.buf[s.w:])
		s.full = m == len(s.buf)-s.w
		s.w += m
		if err != nil && s.w < n {
			if err == io.EOF && s.w > 0 {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// header is the start of a frame.
type header struct {
	fin  bool
	op   byte
	size uint64
}

func (s *rawSocket) header() (header, error) {
	if err := s.need(2); err != nil {
		return header{}, err
	}
	first, second := s.buf[s.r], s.buf[s.r+1]
	h := header{fin: first&finBit != 0, op: first & opMask, size: uint64(second &^ maskBit)}
	if first&rsvBits != 0 || second&maskBit != 0 {
		return h, fmt.Errorf("%w: reserved bits or a masked frame from a server", ErrProtocol)
	}
	skip := 2
	switch h.size {
	case 126:
		if err := s.need(4); err != nil {
			return h, err
		}
		h.size, skip = uint64(binary.BigEndian.Uint16(s.buf[s.r+2:])), 4
	case 127:
		if err := s.need(10); err != nil {
			return h, err
		}
		h.size, skip = binary.BigEndian.Uint64(s.buf[s.r+2:]), 10
	}
	s.r += skip
	if h.op >= 8 && (h.size > 125 || !h.fin) || h.size > maxFrame {
		return h, fmt.Errorf("%w: a control frame of %d bytes or in fragments, or a frame past all bounds", ErrProtocol, h.size)
	}
	return h, nil
}

func (s *rawSocket) Next() (Frame, error) {
	if s.ended {
		return Frame{}, io.EOF
	}
	if s.kind == 0 && cap(s.big) > 0 {
		s.big = nil
	}
	before := s.reads
	for {
		h, err := s.header()
		if err != nil {
			return Frame{}, err
		}
		var f Frame
		switch {
		case h.op >= 8:
			f, err = s.controlFrame(h)
		case h.op == 0 && s.kind == 0, h.op != 0 && s.kind != 0, h.op > 2:
			err = fmt.Errorf("%w: opcode %d out of place", ErrProtocol, h.op)
		case h.fin && h.op != 0 && h.size <= uint64(len(s.buf)):
			f, err = s.wholeFrame(h)
		default:
			f, err = s.partOfMessage(h)
		}
		if err != nil || f.Kind != 0 {
			f.Ahead = s.reads == before
			return f, err
		}
	}
}

// OnWait implements Waiter.
func (s *rawSocket) OnWait(f func()) { s.wait = f }

func (s *rawSocket) wholeFrame(h header) (Frame, error) {
	n := int(h.size)
	if err := s.need(n); err != nil {
		return Frame{}, broken(err)
	}
	data := s.buf[s.r : s.r+n : s.r+n]
	s.r += n
	if n > s.limit {
		return Frame{Kind: Kind(h.op), Data: data[:s.limit], Cut: true}, nil
	}
	return Frame{Kind: Kind(h.op), Data: data}, nil
}

func (s *rawSocket) partOfMessage(h header) (Frame, error) {
	if h.op != 0 {
		s.kind, s.big, s.cut = Kind(h.op), s.big[:0], false
	}
	for left := h.size; left > 0; {
		if err := s.need(1); err != nil {
			return Frame{}, broken(err)
		}
		n := int(min(uint64(s.w-s.r), left))
		keep := min(n, s.limit-len(s.big))
		s.big = append(s.big, s.buf[s.r:s.r+keep]...)
		s.cut = s.cut || keep < n
		s.r += n
		left -= uint64(n)
	}
	if !h.fin {
		return Frame{}, nil
	}
	f := Frame{Kind: s.kind, Data: s.big, Cut: s.cut}
	s.kind = 0
	return f, nil
}

func broken(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *rawSocket) controlFrame(h header) (Frame, error) {
	payload := make([]byte, h.size)
	for done := 0; done < len(payload); {
		if err := s.need(1); err != nil {
			return Frame{}, broken(err)
		}
		n := copy(payload[done:], s.buf[s.r:s.w])
		s.r += n
		done += n
	}
	switch Kind(h.op) {
	case Ping:
		_ = s.line.frame(Pong, payload) // a peer that is gone shows at the next read
		return Frame{Kind: Ping, Data: payload}, nil
	case Pong:
		return Frame{Kind: Pong, Data: payload}, nil
	case Close:
		s.ended = true
		_ = s.line.frame(Close, bytes.Clone(payload[:min(2, len(payload))])) // likewise
		return closeFrame(payload), nil
	}
	return Frame{}, fmt.Errorf("%w: opcode %d", ErrProtocol, h.op)
}

func (s *rawSocket) Write(kind Kind, data []byte) error { return s.line.frame(kind, data) }

func (s *rawSocket) WritePieces(kind Kind, data []byte, fragment, segment int) error {
	return s.line.pieces(kind, data, fragment, segment)
}

func (s *rawSocket) Shut(code int, within time.Duration) { s.line.shut(code, within) }
func (s *rawSocket) Kill()                               { Reset(s.line.conn) }
func (s *rawSocket) Compressed() bool                    { return false }
