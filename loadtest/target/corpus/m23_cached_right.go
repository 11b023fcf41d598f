package corpus

import (
	"slices"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Rights are looked at when a client connects and never again: Mattermost sent on
// to the open sockets of revoked sessions (CVE-2026-9162).
var m23Revoked = mechanism{
	number: "M23", name: "revoked",
	what:    "a revocation ends the user's sessions in the table, but his open sockets go on receiving",
	instead: "a revocation closes the user's sockets",
	format:  chat.JSON, auth: chat.ByCookie, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRevoke, chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		h := &loggedHub{Directory: chat.NewDirectory(s.Format), live: map[string]int{}}
		s.Hub = h
		s.Revoke = func(user string) {
			h.end(user)
			if fixed {
				h.Kick(user, "revoked")
			}
		}
	},
}

// loggedHub knows how many sessions a user has; an administrator sees it.
type loggedHub struct {
	*chat.Directory
	mu   sync.Mutex
	live map[string]int
}

func (h *loggedHub) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.mu.Lock()
	h.live[user]++
	h.mu.Unlock()
	h.Directory.Bind(c, user, hello)
}

func (h *loggedHub) end(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.live, user)
}

// Another user logs in on a socket, which stays the first one's as well: several
// servers never thought that this could happen.
var m23Switched = mechanism{
	number: "M23", name: "switched",
	what:    "a login on an open connection adds the new user and leaves the one before",
	instead: "a login takes the connection from the user before",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRelogin, chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &memberships{conns: map[string][]*chat.Conn{}, fixed: fixed}
	},
}

type memberships struct {
	fixed bool
	mu    sync.Mutex
	conns map[string][]*chat.Conn
}

func (h *memberships) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fixed {
		h.drop(c)
	}
	if !slices.Contains(h.conns[user], c) {
		h.conns[user] = append(h.conns[user], c)
	}
	c.Become(user, hello)
}

func (h *memberships) Unbind(c *chat.Conn, bye *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c)
	c.Become("", bye)
}

func (h *memberships) drop(c *chat.Conn) {
	for user := range h.conns {
		if h.conns[user] = chat.Without(h.conns[user], c); len(h.conns[user]) == 0 {
			delete(h.conns, user)
		}
	}
}

func (h *memberships) Deliver(to string, ev *chat.Event) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns[to] {
		c.Push(ev)
	}
	return len(h.conns[to]) > 0
}
