package corpus

import (
	"bytes"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// "defer pool.Put(buf)" stands where buffers are taken, and the write happens
// later: yarpc-go (2366) and many others sent what the next request put there.
var m06 = mechanism{
	number: "M06", name: "early-put",
	what:    "an event's buffer goes back to the pool when it is queued, not when it is written",
	instead: "the buffer goes back once its bytes are handed to the socket",
	format:  chat.Lines, auth: linesAuth, ready: chat.LinesReady,
	emit: []string{chat.LinesSend, chat.LinesPublish},
	more: []string{chat.LinesRequest, chat.LinesLogout},
	wire: func(s *chat.Service, fixed bool) {
		h := &pooledHub{Loop: chat.NewLoop(s.Lobby), Directory: chat.NewDirectory(s.Format), format: s.Format, fixed: fixed}
		h.pool.New = func() any { return new(bytes.Buffer) }
		s.Hub = h
		chat.Every(s.Lobby, flushEvery, func() { h.Do(h.flush) })
	},
}

// pooledHub's queue and pool are used on its loop alone.
type pooledHub struct {
	*chat.Loop
	*chat.Directory
	format chat.Format
	fixed  bool
	pool   sync.Pool
	queue  []pending
}

type pending struct {
	to  string
	buf *bytes.Buffer
}

func (h *pooledHub) Deliver(to string, ev *chat.Event) bool {
	h.Do(func() {
		buf := h.pool.Get().(*bytes.Buffer)
		if !h.fixed {
			defer h.pool.Put(buf)
		}
		buf.Reset()
		buf.Write(h.format.Encode(ev).Data)
		h.queue = append(h.queue, pending{to, buf})
	})
	return true
}

func (h *pooledHub) flush() {
	for _, p := range h.queue {
		h.DeliverFrame(p.to, chat.Frame{Kind: websocket.TextMessage, Data: bytes.Clone(p.buf.Bytes())})
		if h.fixed {
			h.pool.Put(p.buf)
		}
	}
	h.queue = h.queue[:0]
}
