package corpus

import (
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Users have numbers and connections have numbers, and one stands where the other
// belongs: in SignalR both are strings, and a connection's id goes where a user's
// is wanted (aspnet 901, azure-signalr 290). With one connection each they are
// even equal.
var m25 = mechanism{
	number: "M25", name: "wrong-number",
	what:    "the user's number is used where the connection's is wanted, which fits until somebody has a second connection",
	instead: "connections are found by their user's number",
	format:  chat.Records, auth: chat.ByToken, ready: chat.RecordsReady,
	emit: []string{chat.RecordsSend, chat.RecordsPut},
	more: []string{chat.RecordsRequest, chat.RecordsLogout},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &numbered{users: map[string]int{}, conns: map[int]*chat.Conn{}, of: map[int][]*chat.Conn{}, fixed: fixed}
	},
}

type numbered struct {
	fixed bool
	mu    sync.Mutex
	users map[string]int       // a user's number, from 1, for good
	conns map[int]*chat.Conn   // by the connection's number, the smallest that is free
	of    map[int][]*chat.Conn // by the user's number
}

func (h *numbered) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
	number, known := h.users[user]
	if !known {
		number = len(h.users) + 1
		h.users[user] = number
	}
	conn := 1
	for h.conns[conn] != nil {
		conn++
	}
	h.conns[conn] = c
	h.of[number] = append(h.of[number], c)
	c.Become(user, hello)
}

func (h *numbered) Unbind(c *chat.Conn, bye *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
	c.Become("", bye)
}

func (h *numbered) drop(c *chat.Conn) {
	for conn, other := range h.conns {
		if other == c {
			delete(h.conns, conn)
		}
	}
	number := h.users[c.User()]
	h.of[number] = chat.Without(h.of[number], c)
}

func (h *numbered) Deliver(to string, ev *chat.Event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	number, known := h.users[to]
	if !known {
		return false
	}
	if h.fixed {
		for _, c := range h.of[number] {
			c.Push(ev)
		}
		return len(h.of[number]) > 0
	}
	c := h.conns[number]
	if c == nil {
		return false
	}
	c.Push(ev)
	return true
}
