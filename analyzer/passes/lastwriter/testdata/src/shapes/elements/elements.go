// Package elements stores connections under a key, in what a key leads to, or in the
// next slot of a ring: that is a registry, and none of this rule's business.
package elements

import (
	"container/ring"
	"net/http"

	"github.com/gorilla/websocket"
)

type client struct{ conn *websocket.Conn }

type room struct{ host *websocket.Conn }

type Hub struct {
	upgrader websocket.Upgrader
	clients  map[string]*client
	rooms    map[string]*room
	slots    [16]*websocket.Conn
	all      []*websocket.Conn
	recent   *ring.Ring
}

func NewHub() *Hub { return &Hub{clients: map[string]*client{}, rooms: map[string]*room{}} }

func (h *Hub) Serve(w http.ResponseWriter, r *http.Request) {
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	user := r.FormValue("user")
	h.clients[user] = &client{conn: conn}
	h.clients[user].conn = conn
	if c, ok := h.clients[user]; ok {
		c.conn = conn
	}
	h.room(r.FormValue("room")).host = conn
	h.slots[3] = conn
	h.all = append(h.all, conn)
	h.recent.Value = conn
	h.recent = h.recent.Next()
}

func (h *Hub) room(name string) *room { return h.rooms[name] }
