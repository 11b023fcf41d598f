// Package hub reaches users. // want package:`hub\.hub`
package hub

import "github.com/gorilla/websocket"

type Hub struct{ conns map[string]*websocket.Conn }

var hub = &Hub{conns: map[string]*websocket.Conn{}}

func (h *Hub) Add(user string, conn *websocket.Conn) { h.conns[user] = conn }

func Send(user string, v any) error {
	if conn, ok := hub.conns[user]; ok {
		return conn.WriteJSON(v)
	}
	return nil
}
