// Package manager has a process-wide manager with state that only one user at a
// time can have: whoever calls the setter, everyone's traffic changes hands.
package manager

import (
	"sync"

	"github.com/gorilla/websocket"
)

type Manager struct {
	mu       sync.Mutex
	conns    map[string]*websocket.Conn
	register chan *client
	primary  *websocket.Conn
	newest   *client
	current  string
	label    string
}

type client struct {
	id   string
	conn *websocket.Conn
}

var (
	instance *Manager
	once     sync.Once
)

func GetManager() *Manager {
	once.Do(func() { instance = &Manager{conns: map[string]*websocket.Conn{}} })
	return instance
}

func (m *Manager) Register(user string, conn *websocket.Conn) {
	m.conns[user] = conn
	m.primary = conn // want `^m\.primary is there for all users`
}

func (m *Manager) SetUser(user string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current = user // want `^m\.current is there for all users and picks who receives, .* \(lastwriter, escape\)$`
}

func (m *Manager) SetLabel(label string) { m.label = label }

func (m *Manager) Emit(event string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	conn, ok := m.conns[m.current]
	if !ok {
		return nil
	}
	return conn.WriteJSON(event)
}

func (m *Manager) SendToUser(user string, v any) error {
	conn, ok := m.conns[user]
	if !ok {
		return nil
	}
	return conn.WriteJSON(v)
}

func (m *Manager) Run() {
	for c := range m.register {
		m.conns[c.id] = c.conn
		m.newest = c // want `^m\.newest is there for all users`
	}
}

// What is there already is only moved about.
func (m *Manager) Promote(user string) { m.primary = m.conns[user] }
func (m *Manager) Demote()             { m.primary = nil }

// Reset makes a new one, which has no connection yet.
func Reset() { instance = &Manager{conns: map[string]*websocket.Conn{}} }
