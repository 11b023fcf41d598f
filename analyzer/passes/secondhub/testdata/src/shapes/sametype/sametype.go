// Package sametype has two managers of one type, perhaps for two endpoints. // want package:`sametype\.users sametype\.admins`
package sametype

import "github.com/gorilla/websocket"

type Hub struct{ conns map[string]*websocket.Conn }

func NewHub() *Hub { return &Hub{conns: map[string]*websocket.Conn{}} }

func (h *Hub) Add(user string, conn *websocket.Conn) { h.conns[user] = conn }
func (h *Hub) SendToUser(user string, v any) error {
	if conn, ok := h.conns[user]; ok {
		return conn.WriteJSON(v)
	}
	return nil
}

var (
	users  = NewHub()
	admins = NewHub() // want `^info: sametype\.admins is a second manager of the type of sametype\.users`
)

func both(user string) {
	users.SendToUser(user, "hi")
	admins.SendToUser(user, "hi")
}
