// Package frames is a WebSocket server's side by hand: the handshake, and a reader
// of frames. Writing is left to those who use it.
package frames

import (
	"bufio"
	"crypto/sha1" //nolint:gosec // the protocol's own choice
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	guid       = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	maxMessage = 4 << 20

	opContinue = 0
	opClose    = 8
	opPing     = 9
	opPong     = 10
)

var (
	errProtocol = errors.New("not a WebSocket frame")
	errTooLong  = errors.New("message too long")
)

// Conn reads messages. One goroutine may read; any may write what it likes to the
// net.Conn.
type Conn struct {
	net.Conn
	// Answer writes the answer to a ping or a close frame; the goroutine that reads
	// calls it.
	Answer func(kind int, payload []byte) error
	in     *bufio.Reader
}

// Accept answers a handshake. It writes the refusal itself when it returns an
// error.
func Accept(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	key := r.Header.Get("Sec-Websocket-Key")
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || key == "" {
		http.Error(w, "a WebSocket is expected here", http.StatusUpgradeRequired)
		return nil, errProtocol
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "cannot upgrade", http.StatusInternalServerError)
		return nil, err
	}
	sum := sha1.Sum([]byte(key + guid)) //nolint:gosec // the protocol's own choice
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n"
	if err := errors.Join(conn.SetDeadline(time.Time{}), write(conn, answer)); err != nil {
		_ = conn.Close() // the first error is the one that counts
		return nil, err
	}
	return &Conn{Conn: conn, in: rw.Reader}, nil
}

func write(conn net.Conn, text string) error {
	_, err := io.WriteString(conn, text)
	return err
}

// Header is the start of a whole, unmasked frame of n bytes.
func Header(kind, n int) []byte {
	head := []byte{0x80 | byte(kind)}
	switch {
	case n < 126:
		return append(head, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
}

// ReadMessage returns the next message, its fragments put together. Pings in
// between are answered; a close frame is answered too, and is io.EOF.
func (c *Conn) ReadMessage() (kind int, data []byte, err error) {
	for {
		op, last, payload, err := c.frame()
		if err != nil {
			return 0, nil, err
		}
		switch op {
		case opClose:
			return 0, nil, errors.Join(io.EOF, c.Answer(opClose, payload))
		case opPing:
			if err := c.Answer(opPong, payload); err != nil {
				return 0, nil, err
			}
			continue
		case opPong:
			continue
		case opContinue:
		default:
			kind = op
		}
		if data = append(data, payload...); len(data) > maxMessage {
			return 0, nil, errTooLong
		}
		if last {
			return kind, data, nil
		}
	}
}

func (c *Conn) frame() (op int, last bool, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return 0, false, nil, err
	}
	if head[0]&0x70 != 0 || head[1]&0x80 == 0 {
		return 0, false, nil, fmt.Errorf("%w: first bytes %x", errProtocol, head)
	}
	n, err := c.length(head[1] & 0x7f)
	if err != nil {
		return 0, false, nil, err
	}
	if n > maxMessage {
		return 0, false, nil, errTooLong
	}
	body := make([]byte, 4+n)
	if _, err := io.ReadFull(c.in, body); err != nil {
		return 0, false, nil, err
	}
	payload = body[4:]
	for i := range payload {
		payload[i] ^= body[i&3]
	}
	return int(head[0] & 0x0f), head[0]&0x80 != 0, payload, nil
}

func (c *Conn) length(short byte) (uint64, error) {
	if short < 126 {
		return uint64(short), nil
	}
	wide := make([]byte, 2)
	if short == 127 {
		wide = make([]byte, 8)
	}
	if _, err := io.ReadFull(c.in, wide); err != nil {
		return 0, err
	}
	if short == 126 {
		return uint64(binary.BigEndian.Uint16(wide)), nil
	}
	return binary.BigEndian.Uint64(wide), nil
}
