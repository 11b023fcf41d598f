// Package ws has a hub that is made in main and passed on.
package ws

import "github.com/gorilla/websocket"

type Hub struct{ conns map[string]*websocket.Conn }

func NewHub() *Hub { return &Hub{conns: map[string]*websocket.Conn{}} }

func (h *Hub) Add(userID string, conn *websocket.Conn) { h.conns[userID] = conn }

func (h *Hub) SendTo(userID string, v any) error {
	conn, ok := h.conns[userID]
	if !ok {
		return nil
	}
	return conn.WriteJSON(v)
}

func (h *Hub) All(v any) {
	for _, conn := range h.conns {
		conn.WriteJSON(v)
	}
}
