// Package realtime has a manager with a send for one user and one for all. // want package:`SendToUser#1`
package realtime

import "github.com/gorilla/websocket"

type Manager struct{ conns map[string]*websocket.Conn }

var manager = &Manager{conns: map[string]*websocket.Conn{}}

func Get() *Manager { return manager }

func (m *Manager) Add(userID string, conn *websocket.Conn) { m.conns[userID] = conn }

func (m *Manager) SendToUser(userID string, v any) error {
	if conn, ok := m.conns[userID]; ok {
		return conn.WriteJSON(v)
	}
	return nil
}

func (m *Manager) Broadcast(v any) {
	for _, conn := range m.conns {
		conn.WriteJSON(v)
	}
}
