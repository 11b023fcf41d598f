package corpus

import (
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// The manager has a connection, and the newest client's is it: Django Channels
// kept one request's scope in a handler that all shared (CVE-2020-35681), and a
// "fix" of a handler leak did it to every user of a chat for 25 minutes.
var m02 = mechanism{
	number: "M02", name: "last-writer",
	what:    "the manager keeps one connection, the newest, and writes everybody's events to it",
	instead: "the manager keeps the connections of each user",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		if !fixed {
			s.Hub = &lastWriter{}
		}
	},
}

type lastWriter struct {
	mu   sync.Mutex
	conn *chat.Conn
}

func (m *lastWriter) Bind(c *chat.Conn, user string, hello *chat.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conn = c
	c.Become(user, hello)
}

func (m *lastWriter) Unbind(c *chat.Conn, bye *chat.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn == c {
		m.conn = nil
	}
	c.Become("", bye)
}

func (m *lastWriter) Deliver(_ string, ev *chat.Event) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn == nil {
		return false
	}
	m.conn.Push(ev)
	return true
}
