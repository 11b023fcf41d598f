// Package realtime has a manager with a message type of its own, in which a receiver may // want package:`SendToUser#1`
// be named.
package realtime

import "github.com/gorilla/websocket"

// Message is what goes to clients.
type Message struct {
	To   string
	Text string
}

type Manager struct{ conns map[string]*websocket.Conn }

var Default = &Manager{conns: map[string]*websocket.Conn{}}

func (m *Manager) Add(user string, conn *websocket.Conn) { m.conns[user] = conn }

func (m *Manager) SendToUser(user string, msg *Message) { m.conns[user].WriteJSON(msg) }

func (m *Manager) Broadcast(msg *Message) {
	for _, conn := range m.conns {
		conn.WriteJSON(msg)
	}
}
