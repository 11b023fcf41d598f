// Package inpackage has two managers, each with connections of its own: a user // want package:`inpackage\.manager inpackage\.pool`
// must connect to both.
package inpackage

import "github.com/gorilla/websocket"

type Manager struct{ conns map[string]*websocket.Conn }

func (m *Manager) Register(user string, conn *websocket.Conn) { m.conns[user] = conn }
func (m *Manager) SendToUser(user string, v any) error {
	if conn, ok := m.conns[user]; ok {
		return conn.WriteJSON(v)
	}
	return nil
}

type Pool struct{ members map[int]*websocket.Conn }

func (p *Pool) Add(id int, conn *websocket.Conn) { p.members[id] = conn }
func (p *Pool) Notify(id int, v any) error {
	if conn, ok := p.members[id]; ok {
		return conn.WriteJSON(v)
	}
	return nil
}

var manager = &Manager{conns: map[string]*websocket.Conn{}}

var pool = &Pool{members: map[int]*websocket.Conn{}} // want `^inpackage\.pool is a second process-wide WebSocket manager beside inpackage\.manager: .* \(secondhub, declaration\)$`

func message(user string) { manager.SendToUser(user, "hi") }
func notify(id int)       { pool.Notify(id, "hi") }

func main() {
	message("u")
	notify(1)
	manager.Register("u", nil)
	pool.Add(1, nil)
}
