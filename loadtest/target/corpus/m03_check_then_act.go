package corpus

import (
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// SetUser and Emit each hold the lock, and between them the user is anybody's:
// GitHub's session mix-up of March 2021, where a request's environment was shared
// with a background thread.
var m03 = mechanism{
	number: "M03", name: "check-then-act",
	what:    "the current user is a field of the manager, set before the message is logged and read after",
	instead: "the user is an argument all the way",
	format:  chat.JSON, auth: chat.ByHeader, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify}, store: true,
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		m := &currentUser{Directory: chat.NewDirectory(s.Format), store: s.Store, fixed: fixed}
		s.Hub = m
	},
}

type currentUser struct {
	*chat.Directory
	store *chat.Store
	fixed bool

	mu   sync.Mutex
	user string
}

func (m *currentUser) SetUser(user string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.user = user
}

func (m *currentUser) Emit(ev *chat.Event) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Directory.Deliver(m.user, ev)
}

func (m *currentUser) Deliver(to string, ev *chat.Event) bool {
	m.SetUser(to)
	m.store.Append(to, ev.Text)
	if m.fixed {
		return m.Directory.Deliver(to, ev)
	}
	return m.Emit(ev)
}
