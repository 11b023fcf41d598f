package corpus

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Two clients connect at once, each copies the table, adds himself and stores his
// copy: one of them is not in it. This is the map written without a lock, in the
// form that no race detector sees.
var m13 = mechanism{
	number: "M13", name: "lost-update",
	what:    "the copy-on-write table of connections is loaded, changed and stored without a lock, so that registrations get lost",
	instead: "a lock is held from loading the table to storing it",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify}, store: true,
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		h := &copyOnWrite{store: s.Store, fixed: fixed}
		h.table.Store(&map[string][]*chat.Conn{})
		s.Hub = h
	},
}

type copyOnWrite struct {
	store *chat.Store
	fixed bool
	mu    sync.Mutex
	table atomic.Pointer[map[string][]*chat.Conn]
}

func (h *copyOnWrite) Bind(c *chat.Conn, user string, hello *chat.Event) {
	if h.fixed {
		h.mu.Lock()
		defer h.mu.Unlock()
	}
	table := maps.Clone(*h.table.Load())
	table[c.User()] = chat.Without(table[c.User()], c)
	table[user] = append(slices.Clip(table[user]), c)
	h.store.Append(user, "online")
	c.Introduce(user, hello, func() { h.table.Store(&table) })
}

func (h *copyOnWrite) Unbind(c *chat.Conn, bye *chat.Event) {
	if h.fixed {
		h.mu.Lock()
		defer h.mu.Unlock()
	}
	table := maps.Clone(*h.table.Load())
	table[c.User()] = chat.Without(table[c.User()], c)
	h.store.Append(c.User(), "offline")
	h.table.Store(&table)
	c.Become("", bye)
}

func (h *copyOnWrite) Deliver(to string, ev *chat.Event) (found bool) {
	for _, c := range (*h.table.Load())[to] {
		found = c.PushTo(to, ev) || found
	}
	return found
}
