package corpus

import (
	"slices"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// A client reconnects, then its old socket's close handler runs and removes the
// user: purplefish's factory-factory (921), eywa (17). The user is connected and
// gets nothing.
var m14 = mechanism{
	number: "M14", name: "stale-close",
	what:    "the close handler of an old connection unregisters the user with all his newer ones",
	instead: "the close handler removes its own connection",
	format:  chat.JSON, auth: chat.BySubprotocol, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &registry{conns: map[string][]*chat.Conn{}, fixed: fixed}
	},
}

type registry struct {
	fixed bool
	mu    sync.Mutex
	conns map[string][]*chat.Conn
}

func (h *registry) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
	h.conns[user] = append(slices.Clip(h.conns[user]), c)
	c.Become(user, hello)
}

func (h *registry) Unbind(c *chat.Conn, bye *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
	c.Become("", bye)
}

func (h *registry) drop(c *chat.Conn) {
	if h.fixed {
		h.conns[c.User()] = chat.Without(h.conns[c.User()], c)
		return
	}
	delete(h.conns, c.User())
}

func (h *registry) Deliver(to string, ev *chat.Event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns[to] {
		c.Push(ev)
	}
	return len(h.conns[to]) > 0
}
