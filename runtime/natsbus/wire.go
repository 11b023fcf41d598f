package natsbus

import (
	"encoding/binary"
	"errors"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// kind is the first thing in a message after the version.
type kind byte

const (
	kindEvent kind = iota + 1
	kindBroadcast
	kindRoom
	kindRevoke
	kindJoin
	kindLeave
	kindMark
)

const wireVersion = 1

const flagRaw = 1

var errForeign = errors.New("wsmig: natsbus: not a message of this version")

func kindOf(m *wsruntime.BusMessage) kind {
	switch {
	case m.Revoke:
		return kindRevoke
	case m.Join:
		return kindJoin
	case m.Leave:
		return kindLeave
	case m.Broadcast:
		return kindBroadcast
	case m.Room != "":
		return kindRoom
	}
	return kindEvent
}

// encode writes version, kind, flags, op, time, four strings with their lengths, and the data.
func encode(m *wsruntime.BusMessage) []byte {
	b := make([]byte, 0, 32+len(m.User)+len(m.Room)+len(m.Type)+len(m.Thread)+len(m.Data))
	flags := byte(0)
	if m.Raw {
		flags = flagRaw
	}
	b = append(b, wireVersion, byte(kindOf(m)), flags, byte(m.Op))
	b = binary.BigEndian.AppendUint64(b, uint64(m.At))
	for _, s := range []string{string(m.User), m.Room, m.Type, string(m.Thread)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return append(b, m.Data...)
}

// decode reads what encode wrote. Data stays the memory of b.
func decode(b []byte) (*wsruntime.BusMessage, error) {
	const fixed = 12
	if len(b) < fixed || b[0] != wireVersion || kind(b[1]) < kindEvent || kind(b[1]) > kindMark || b[2] > flagRaw {
		return nil, errForeign
	}
	m := &wsruntime.BusMessage{Raw: b[2] == flagRaw, Op: wsruntime.MessageType(b[3]), At: int64(binary.BigEndian.Uint64(b[4:]))}
	switch kind(b[1]) {
	case kindBroadcast:
		m.Broadcast = true
	case kindRevoke:
		m.Revoke = true
	case kindJoin:
		m.Join = true
	case kindLeave:
		m.Leave = true
	}
	rest, texts := b[fixed:], [4]string{}
	for i := range texts {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > uint64(len(rest)-used) {
			return nil, errForeign
		}
		texts[i] = string(rest[used : used+int(n)])
		rest = rest[used+int(n):]
	}
	m.User, m.Room, m.Type, m.Thread = wsruntime.UserID(texts[0]), texts[1], texts[2], wsruntime.ThreadID(texts[3])
	m.Data = rest
	return m, nil
}

// encodeMark writes a mark: its time is a number up to which its user has everything.
func encodeMark(m *wsruntime.BusMessage) []byte {
	b := encode(&wsruntime.BusMessage{User: m.User, At: int64(m.Seq)})
	b[1] = byte(kindMark)
	return b
}

func isMark(b []byte) bool { return kind(b[1]) == kindMark }
