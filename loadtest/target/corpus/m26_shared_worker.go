package corpus

import (
	"net"
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// One goroutine hands every event to its client's queue and waits while that is
// full: the hub of gorilla's chat example without its "default". NATS stalls a fast
// producer for a slow consumer on purpose, for milliseconds; this one has no end.
var m26Hub = mechanism{
	number: "M26", name: "shared-worker",
	what:    "the hub waits for room in the queue of a client that does not read, and everybody else with it",
	instead: "the hub never waits for a client",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRequest, chat.JSONLogout, "expect: {interference: 0}"},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &serialHub{Loop: chat.NewLoop(s.Lobby), format: s.Format, conns: map[string][]*chat.Conn{}, fixed: fixed}
		s.Upgrade = smallBuffers(s)
	},
}

// smallBuffers gives each of many clients little memory in the kernel.
func smallBuffers(s *chat.Service) func(w http.ResponseWriter, r *http.Request) (chat.Socket, error) {
	return func(w http.ResponseWriter, r *http.Request) (chat.Socket, error) {
		socket, err := s.Gorilla(w, r)
		if err != nil {
			return nil, err
		}
		if tcp, ok := socket.(*websocket.Conn).NetConn().(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(64 << 10) // a refusal costs memory alone
		}
		return socket, nil
	}
}

// queueLength is how many events a client may be behind.
const queueLength = 8

// serialHub's fields belong to its loop.
type serialHub struct {
	*chat.Loop
	format chat.Format
	fixed  bool
	conns  map[string][]*chat.Conn
}

func (h *serialHub) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.Do(func() {
		h.drop(c)
		h.conns[user] = append(h.conns[user], c)
		c.Become(user, hello)
	})
}

func (h *serialHub) Unbind(c *chat.Conn, bye *chat.Event) {
	h.Do(func() {
		h.drop(c)
		c.Become("", bye)
	})
}

func (h *serialHub) drop(c *chat.Conn) {
	h.conns[c.User()] = chat.Without(h.conns[c.User()], c)
}

func (h *serialHub) Deliver(to string, ev *chat.Event) bool {
	h.Later(func() { h.push(to, ev) })
	return true
}

func (h *serialHub) push(to string, ev *chat.Event) {
	for _, c := range h.conns[to] {
		if h.fixed {
			c.PushFrame(h.format.Encode(ev))
			continue
		}
		c.PushWait(h.format.Encode(ev), queueLength)
	}
}

// The same worker behind a queue of its own length: while it waits for one client,
// the queue fills, and what does not fit is dropped, whosever it is.
var m26Queue = mechanism{
	number: "M26", name: "shared-queue",
	what:    "one client that does not read fills the queue of all, and everybody's events are dropped",
	instead: "each client has a queue of its own",
	format:  chat.Records, auth: chat.ByToken, ready: chat.RecordsReady,
	emit: []string{chat.RecordsSend, chat.RecordsPut},
	more: []string{chat.RecordsRequest, chat.RecordsLogout},
	wire: func(s *chat.Service, fixed bool) {
		if fixed {
			return
		}
		h := &serialHub{Loop: chat.NewLoop(s.Lobby), format: s.Format, conns: map[string][]*chat.Conn{}}
		s.Hub = h
		s.Upgrade = smallBuffers(s)
		slots := make(chan struct{}, 4*queueLength)
		s.Deliver = func(to string, ev *chat.Event) bool {
			select {
			case slots <- struct{}{}:
				h.Later(func() {
					h.push(to, ev)
					<-slots
				})
			default: // better to lose an event than to wait
			}
			return true
		}
	},
}
