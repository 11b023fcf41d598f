package wire

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

const (
	finBit   = 0x80
	maskBit  = 0x80
	rsvBits  = 0x70
	opMask   = 0x0f
	maxFrame = 1 << 40
)

// appendFrame appends one masked client frame.
func appendFrame(dst []byte, first byte, data []byte) []byte {
	dst = append(dst, first)
	switch n := len(data); {
	case n < 126:
		dst = append(dst, maskBit|byte(n))
	case n < 1<<16:
		dst = append(dst, maskBit|126, byte(n>>8), byte(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, maskBit|127), uint64(n))
	}
	var key [4]byte
	binary.LittleEndian.PutUint32(key[:], rand.Uint32())
	dst = append(dst, key[:]...)
	at := len(dst)
	dst = append(dst, data...)
	mask(dst[at:], key)
	return dst
}

func mask(data []byte, key [4]byte) {
	both := binary.LittleEndian.Uint32(key[:])
	wide := uint64(both)<<32 | uint64(both)
	for len(data) >= 8 {
		binary.LittleEndian.PutUint64(data, binary.LittleEndian.Uint64(data)^wide)
		data = data[8:]
	}
	for i := range data {
		data[i] ^= key[i&3]
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// line writes whole frames to a connection, one at a time: what one caller sends
// is never split by another's.
type line struct {
	mu    sync.Mutex
	conn  net.Conn
	limit time.Duration
}

func (l *line) frame(kind Kind, data []byte) error {
	buf := buffers.Get().(*[]byte)
	*buf = appendFrame((*buf)[:0], finBit|byte(kind), data)
	err := l.send(*buf, 0)
	if cap(*buf) <= 64<<10 {
		buffers.Put(buf)
	}
	return err
}

func (l *line) send(p []byte, segment int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(l.limit)); err != nil {
		return err
	}
	for segment > 0 && len(p) > segment {
		if _, err := l.conn.Write(p[:segment]); err != nil {
			return err
		}
		p = p[segment:]
	}
	_, err := l.conn.Write(p)
	return err
}

func (l *line) pieces(kind Kind, data []byte, fragment, segment int) error {
	first := byte(kind)
	var out []byte
	for sent := 0; ; sent++ {
		n := min(len(data), max(fragment, 1))
		last := n == len(data)
		if last {
			first |= finBit
		}
		out = appendFrame(out, first, data[:n])
		if last {
			return l.send(out, segment)
		}
		if sent == 0 {
			out = appendFrame(out, finBit|byte(Ping), []byte("between"))
		}
		data, first = data[n:], 0
	}
}

func closePayload(code int) []byte { return []byte{byte(code >> 8), byte(code)} }

func closeFrame(payload []byte) Frame {
	if len(payload) < 2 {
		return Frame{Kind: Close, Code: 1005}
	}
	return Frame{Kind: Close, Code: int(payload[0])<<8 | int(payload[1]), Data: payload[2:]}
}
