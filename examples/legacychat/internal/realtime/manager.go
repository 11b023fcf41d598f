// Package realtime keeps the WebSocket connections of everyone who is online and
// delivers messages to them.
package realtime

import (
	"log"
	"sync"

	"github.com/gorilla/websocket"
)

var (
	instance *Manager
	once     sync.Once
)

// Manager knows who is connected and which rooms they are in. One lock guards
// everything, writes included, since a connection takes one writer at a time.
type Manager struct {
	mu      sync.Mutex
	conns   map[string]*websocket.Conn // by user id
	rooms   map[string]map[string]bool // user ids by room
	current string                     // whose job is being reported, see SetUser
}

// GetManager returns the manager of this process.
func GetManager() *Manager {
	once.Do(func() {
		instance = &Manager{
			conns: make(map[string]*websocket.Conn),
			rooms: make(map[string]map[string]bool),
		}
	})
	return instance
}

// Register makes conn the connection of userID.
func (m *Manager) Register(userID string, conn *websocket.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns[userID] = conn
}

// Unregister forgets the connection of userID.
func (m *Manager) Unregister(userID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.conns, userID)
}

// SendToUser delivers msg to userID.
func (m *Manager) SendToUser(userID string, msg Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	conn, ok := m.conns[userID]
	if !ok {
		return ErrOffline
	}
	return conn.WriteJSON(msg)
}

// Broadcast delivers msg to everyone who is online.
func (m *Manager) Broadcast(msg Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for userID, conn := range m.conns {
		if err := conn.WriteJSON(msg); err != nil {
			log.Printf("realtime: broadcast to %s: %v", userID, err)
		}
	}
}

// IsOnline reports whether userID is connected.
func (m *Manager) IsOnline(userID string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.conns[userID]
	return ok
}

// Online returns how many users are connected.
func (m *Manager) Online() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.conns)
}
