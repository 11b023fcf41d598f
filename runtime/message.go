package runtime

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Event is what an application sends to a user. It has no field that names the user: that is the emitter's.
type Event struct {
	// Type names the kind of event, for the client. It must not be empty, at most 256 bytes, and not start with
	// "wsmig.", which is for the server's own frames.
	Type string
	// Data is encoded as JSON before Emit returns and never looked at later. A [JSONAppender] is asked to encode
	// itself, a json.RawMessage goes as it is, everything else through encoding/json.
	Data any
}

// JSONAppender is implemented by data that can append itself as one JSON value: the way to emit without allocating.
// What it appends is trusted to be valid JSON.
type JSONAppender interface {
	AppendJSON(dst []byte) ([]byte, error)
}

// message is one emission, encoded, on its way to one or many users. It is made outside all locks and belongs to one
// call.
type message struct {
	typ      uint16
	op       byte
	envelope bool   // data is wrapped, per user; else frame goes out as it is
	stream   bool   // takes a sequence number and a place in the resume ring
	shared   bool   // came from a history that all nodes share, with its number
	name     string // the event's type
	thread   ThreadID
	seq      uint64
	at       int64 // when it was emitted, nanoseconds of Unix time
	data     []byte
	only     *Conn // set: for this connection alone
	room     *room // set: for members alone
}

// scratch is the memory of one emission and the list of what is left to do after the locks.
type scratch struct {
	msg      message
	data     []byte // payload as encoded
	frame    []byte // frame[start:] is the frame for connections without compression
	start    int
	packed   []byte // the compressed frame, if packedOK
	packedOK bool

	kicks      []*Conn
	closes     []*Conn
	dropped    [dropKinds]uint32
	violations []Violation
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func newScratch() *scratch { return scratches.Get().(*scratch) }

func (sc *scratch) free() {
	if cap(sc.data) > keptBytes || cap(sc.frame) > keptBytes || cap(sc.packed) > keptBytes {
		return
	}
	sc.msg = message{}
	scratches.Put(sc)
}

// encodeEvent fills the scratch from an event; the caller's memory is not needed after it.
func (f *Factory) encodeEvent(sc *scratch, ev Event, thread ThreadID) error {
	if err := checkType(ev.Type); err != nil {
		return err
	}
	data, err := appendData(sc.data[:0], ev.Data)
	if err != nil {
		return err
	}
	sc.data = data
	if err := f.checkSize(len(data)); err != nil {
		return err
	}
	sc.msg = message{typ: f.types.of(ev.Type), op: opText, name: ev.Type, thread: thread, data: data}
	if f.opts.Framing == Raw {
		sc.staticFrame()
		return nil
	}
	sc.msg.envelope, sc.msg.stream, sc.msg.at = true, true, time.Now().UnixNano()
	return nil
}

// encodeRaw fills the scratch with bytes that go out exactly as they are.
func (f *Factory) encodeRaw(sc *scratch, mt MessageType, data []byte) error {
	switch {
	case mt != TextMessage && mt != BinaryMessage:
		return fmt.Errorf("%w: message type %d is neither text nor binary", ErrEncode, int(mt))
	case mt == TextMessage && !utf8.Valid(data):
		return fmt.Errorf("%w: a text message must be UTF-8", ErrEncode)
	}
	if err := f.checkSize(len(data)); err != nil {
		return err
	}
	sc.msg = message{typ: typeRaw, op: byte(mt), name: "raw", data: data}
	sc.staticFrame()
	sc.msg.data = sc.payload() // the caller's own memory is not looked at again
	return nil
}

func (f *Factory) checkSize(n int) error {
	if n > f.opts.MaxEventBytes {
		return fmt.Errorf("wsmig: event of %d bytes: %w", n, &LimitError{Limit: "MaxEventBytes", Max: f.opts.MaxEventBytes})
	}
	return nil
}

func checkType(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: the event has no type", ErrEncode)
	case len(name) > maxIDBytes:
		return fmt.Errorf("%w: the event's type has %d bytes, at most %d are allowed", ErrEncode, len(name), maxIDBytes)
	case strings.HasPrefix(name, "wsmig."):
		return fmt.Errorf("%w: types that start with wsmig. are the server's own", ErrEncode)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: the event's type is not UTF-8", ErrEncode)
	}
	return nil
}

func appendData(dst []byte, v any) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			out, err = dst, fmt.Errorf("%w: panic while encoding: %v", ErrEncode, p)
		}
	}()
	switch v := v.(type) {
	case JSONAppender:
		out, err = v.AppendJSON(dst)
		if err == nil && !utf8.Valid(out) {
			err = fmt.Errorf("data of type %T is not UTF-8", v)
		}
	case json.RawMessage:
		if !json.Valid(v) || !utf8.Valid(v) {
			err = fmt.Errorf("the json.RawMessage is not valid JSON")
		}
		out = append(dst, v...)
	default:
		var b []byte
		b, err = json.Marshal(v)
		out = append(dst, b...)
	}
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrEncode, err)
	}
	return out, nil
}

// staticFrame makes the frame of a message that is the same for all users.
func (sc *scratch) staticFrame() {
	sc.frame = append(append(sc.frame[:0], make([]byte, maxHeader)...), sc.msg.data...)
	sc.start = putHeader(sc.frame, maxHeader, bitFin|sc.msg.op, len(sc.msg.data))
	sc.packedOK = false
}

// wrap makes the frame of a message for one user's stream. It runs under the user's lock: nothing here calls out.
func (sc *scratch) wrap(b *backlog) {
	m := &sc.msg
	d := append(sc.frame[:0], make([]byte, maxHeader)...)
	d = append(d, `{"v":1,"type":`...)
	d = appendString(d, m.name)
	d = append(d, `,"id":"`...)
	d = append(d, b.epoch...)
	d = append(d, '-')
	d = strconv.AppendUint(d, m.seq, 10)
	d = append(d, `","seq":`...)
	d = strconv.AppendUint(d, m.seq, 10)
	d = append(d, `,"epoch":"`...)
	d = append(d, b.epoch...)
	d = append(d, '"')
	if m.thread != "" {
		d = append(d, `,"thread":`...)
		d = appendString(d, string(m.thread))
	}
	d = append(d, `,"ts":"`...)
	d = appendTime(d, time.Unix(0, m.at))
	d = append(d, `","data":`...)
	d = append(d, m.data...)
	d = append(d, '}')
	sc.frame = d
	sc.start = putHeader(d, maxHeader, bitFin|opText, len(d)-maxHeader)
	sc.packedOK = false
}

func (sc *scratch) payload() []byte { return sc.frame[maxHeader:] }

func (sc *scratch) bytes() []byte { return sc.frame[sc.start:] }

// appendString appends s as a JSON string.
func appendString(d []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return appendEscaped(d, s)
		}
	}
	d = append(d, '"')
	d = append(d, s...)
	return append(d, '"')
}

func appendEscaped(d []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // a string always encodes
		return append(d, `""`...)
	}
	return append(d, b...)
}

// appendTime appends t in UTC as time.RFC3339Nano does, which this is several times as fast as.
func appendTime(d []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(d, time.RFC3339Nano)
	}
	hour, minute, sec := t.Clock()
	d = appendDigits(d, year, 4)
	d = append(d, '-')
	d = appendDigits(d, int(month), 2)
	d = append(d, '-')
	d = appendDigits(d, day, 2)
	d = append(d, 'T')
	d = appendDigits(d, hour, 2)
	d = append(d, ':')
	d = appendDigits(d, minute, 2)
	d = append(d, ':')
	d = appendDigits(d, sec, 2)
	if ns := t.Nanosecond(); ns > 0 {
		d = append(d, '.')
		d = appendDigits(d, ns, 9)
		for d[len(d)-1] == '0' {
			d = d[:len(d)-1]
		}
	}
	return append(d, 'Z')
}

func appendDigits(d []byte, v, width int) []byte {
	var b [9]byte
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
	return append(d, b[:width]...)
}
