package corpus

import (
	"bytes"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// The outbox keeps the caller's bytes and the caller writes its next event into
// them: zero-copy strings over a wire buffer in cortex (6808), buf.Bytes() used
// after its buffer was taken back in go-syncstorage (148) and resty (421).
var m05 = mechanism{
	number: "M05", name: "reused-slice",
	what:    "the outbox queues the caller's slice without a copy, and the caller reuses it for the next event",
	instead: "the outbox copies what it queues",
	format:  chat.Records, auth: chat.ByToken, ready: chat.RecordsReady,
	emit: []string{chat.RecordsSend, chat.RecordsPut},
	more: []string{chat.RecordsRequest, chat.RecordsLogout},
	wire: func(s *chat.Service, fixed bool) {
		o := &outbox{Directory: chat.NewDirectory(s.Format), fixed: fixed}
		s.Hub = o
		chat.Every(s.Lobby, flushEvery, o.flush)
	},
}

// flushEvery is how long small writes are collected.
const flushEvery = 2 * time.Millisecond

type outbox struct {
	*chat.Directory
	fixed bool

	mu      sync.Mutex
	scratch []byte // of Deliver
	queue   []parcel
}

type parcel struct {
	to   string
	data []byte
}

func (o *outbox) Deliver(to string, ev *chat.Event) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.scratch = chat.AppendRecord(o.scratch[:0], ev.Kind, ev.From, ev.Text)
	o.enqueue(to, o.scratch)
	return true
}

func (o *outbox) enqueue(to string, data []byte) {
	if o.fixed {
		data = bytes.Clone(data)
	}
	o.queue = append(o.queue, parcel{to, data})
}

func (o *outbox) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.queue {
		o.DeliverFrame(p.to, chat.Frame{Kind: websocket.BinaryMessage, Data: bytes.Clone(p.data)})
	}
	o.queue = o.queue[:0]
}
