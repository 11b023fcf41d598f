// Package loaded fetches what belongs to one user, and tells everyone. // want package:`\(Hub\)\.Send#1`
package loaded

import "github.com/gorilla/websocket"

type Hub struct{ conns map[int64]*websocket.Conn }

var hub = &Hub{conns: map[int64]*websocket.Conn{}}

func (h *Hub) Add(id int64, conn *websocket.Conn) { h.conns[id] = conn }
func (h *Hub) Send(id int64, v any) error         { return h.conns[id].WriteJSON(v) }
func (h *Hub) All(v any) {
	for _, conn := range h.conns {
		conn.WriteJSON(v)
	}
}

type stats struct{ points, rank int }

type store struct{ byUser map[int64]*stats }

func (s *store) statsOf(user int64) *stats { return s.byUser[user] }

func told(user int64, s *store) { hub.Send(user, s.statsOf(user)) }

func leaked(user int64, s *store) {
	told(user, s)
	hub.All(s.statsOf(user)) // want `^everyone receives what is made from user, .* the alternative is Send \(widecast, broadcast\)$`
}

func indexed(user int64, scores map[int64]int) {
	told(user, nil)
	hub.All(scores[user]) // want `made from user`
}

func top(s *store) { hub.All(len(s.byUser)) }
