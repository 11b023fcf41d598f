package corpus

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// All senders render into one buffer: Atmosphere transformed every client's
// messages in the same one (issue 1961). Each use of it is locked here, so the
// race detector has nothing to say.
var m09 = mechanism{
	number: "M09", name: "shared-encoder",
	what:    "one encoder and its buffer serve all senders, and the message is logged between writing and reading it",
	instead: "each send has an encoder of its own",
	format:  chat.JSON, auth: chat.ByHeader, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify}, store: true,
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &encodingHub{Directory: chat.NewDirectory(s.Format), store: s.Store, shared: newEncoder(), fixed: fixed}
	},
}

type encodingHub struct {
	*chat.Directory
	store  *chat.Store
	shared *encoder
	fixed  bool
}

func (h *encodingHub) Deliver(to string, ev *chat.Event) bool {
	enc := h.shared
	if h.fixed {
		enc = newEncoder()
	}
	enc.encode(ev)
	h.store.Append(to, ev.Text)
	return h.DeliverFrame(to, chat.Frame{Kind: websocket.TextMessage, Data: enc.bytes()})
}

// encoder is safe for concurrent use, call by call.
type encoder struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	json *json.Encoder
}

func newEncoder() *encoder {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false)
	return e
}

func (e *encoder) encode(ev *chat.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.buf.Reset()
	_ = e.json.Encode(ev) // its only raw part is JSON already
}

func (e *encoder) bytes() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return bytes.Clone(e.buf.Bytes())
}
