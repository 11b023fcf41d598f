// Package syncmaps has two tables that have the same type by accident: one finds users, // want package:`syncmaps\.users`
// the other rooms.
package syncmaps

import (
	"sync"

	"github.com/gorilla/websocket"
)

type client struct {
	id   string
	conn *websocket.Conn
}

type room struct{ members map[*client]bool }

var users sync.Map

var rooms sync.Map

func Connect(c *client) { users.Store(c.id, c) }

func Tell(user string, v any) {
	if c, ok := users.Load(user); ok {
		c.(*client).conn.WriteJSON(v)
	}
}

func Join(id string, c *client) {
	r, _ := rooms.LoadOrStore(id, &room{members: map[*client]bool{}})
	r.(*room).members[c] = true
}

func Say(id string, v any) {
	r, ok := rooms.Load(id)
	if !ok {
		return
	}
	for c := range r.(*room).members {
		c.conn.WriteJSON(v)
	}
}
