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
var m26 = mechanism{
	number: "M26", name: "shared-worker",
	what:    "the hub waits for room in the queue of a client that does not read, and everybody else with it",
	instead: "the hub never waits for a client",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRequest, chat.JSONLogout, "expect: {interference: 0}"},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &serialHub{Loop: chat.NewLoop(s.Lobby), format: s.Format, conns: map[string][]*chat.Conn{}, fixed: fixed}
		s.Upgrade = func(w http.ResponseWriter, r *http.Request) (chat.Socket, error) {
			socket, err := s.Gorilla(w, r)
			if err != nil {
				return nil, err
			}
			if tcp, ok := socket.(*websocket.Conn).NetConn().(*net.TCPConn); ok {
				_ = tcp.SetWriteBuffer(16 << 10) // many clients, little memory for each; a refusal costs memory alone
			}
			return socket, nil
		}
	},
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
	h.Later(func() {
		for _, c := range h.conns[to] {
			if h.fixed {
				c.PushFrame(h.format.Encode(ev))
				continue
			}
			c.PushWait(h.format.Encode(ev), queueLength)
		}
	})
	return true
}
