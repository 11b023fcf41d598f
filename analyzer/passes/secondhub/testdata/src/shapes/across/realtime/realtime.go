// Package realtime has the manager that was there first. // want package:`realtime\.hub`
package realtime

import "github.com/gorilla/websocket"

type Hub struct{ conns map[string]*websocket.Conn }

var hub = &Hub{conns: map[string]*websocket.Conn{}}

func Get() *Hub { return hub }

func (h *Hub) SendToUser(user string, v any) error {
	if conn, ok := h.conns[user]; ok {
		return conn.WriteJSON(v)
	}
	return nil
}

func (h *Hub) Add(user string, conn *websocket.Conn) { h.conns[user] = conn }
