package corpus

import (
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Events are routed by a name that the client chose. The user is authenticated,
// the thread is not his alone: the chat system that this project learns from gave
// B the events of A when both called their thread the same.
var m24 = mechanism{
	number: "M24", name: "trusted-thread",
	what:    "a user's events go to everybody who connected with the same client-chosen thread name",
	instead: "of those in the thread only the user's own connections get them",
	format:  chat.JSON, auth: chat.ByThread, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &threads{subscribers: map[string][]*chat.Conn{}, of: map[string]map[string]int{}, fixed: fixed}
	},
}

type threads struct {
	fixed       bool
	mu          sync.Mutex
	subscribers map[string][]*chat.Conn   // by thread
	of          map[string]map[string]int // a user's threads, with the number of connections in each
}

func (h *threads) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
	thread := c.Params.Get("thread")
	h.subscribers[thread] = append(h.subscribers[thread], c)
	if h.of[user] == nil {
		h.of[user] = map[string]int{}
	}
	h.of[user][thread]++
	c.Become(user, hello)
}

func (h *threads) Unbind(c *chat.Conn, bye *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
	c.Become("", bye)
}

func (h *threads) drop(c *chat.Conn) {
	user, thread := c.User(), c.Params.Get("thread")
	if user == "" {
		return
	}
	h.subscribers[thread] = chat.Without(h.subscribers[thread], c)
	if h.of[user][thread]--; h.of[user][thread] == 0 {
		delete(h.of[user], thread)
	}
}

func (h *threads) Deliver(to string, ev *chat.Event) (found bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for thread := range h.of[to] {
		for _, c := range h.subscribers[thread] {
			if h.fixed && c.User() != to {
				continue
			}
			c.Push(ev)
			found = true
		}
	}
	return found
}
