// Package rooms sends to a room that the program names itself, where everyone is. // want package:`Task\.Assignee`
package rooms

import "github.com/gorilla/websocket"

type Hub struct {
	conns map[string]*websocket.Conn
	rooms map[string]map[string]*websocket.Conn
}

var hub = &Hub{conns: map[string]*websocket.Conn{}, rooms: map[string]map[string]*websocket.Conn{}}

func (h *Hub) Add(user string, conn *websocket.Conn) { h.conns[user] = conn }

func (h *Hub) Join(room, user string, conn *websocket.Conn) { h.rooms[room][user] = conn }

func (h *Hub) SendToUser(user string, v any) error { return h.conns[user].WriteJSON(v) }

func (h *Hub) SendToRoom(room string, v any) {
	for _, conn := range h.rooms[room] {
		conn.WriteJSON(v)
	}
}

type Task struct {
	Assignee string
	Text     string
}

func assigned(t Task) { hub.SendToUser(t.Assignee, t) }

func changed(t Task) {
	hub.SendToRoom("lobby", t) // want `^everyone receives what is made from t, and elsewhere its Assignee picks one user; .* \(widecast, room-send\)$`
}

func inRoom(room string, t Task) { hub.SendToRoom(room, t) }
