// Package channel broadcasts by a channel, as the chat example of the WebSocket // want package:`Invoice\.Customer`
// library does.
package channel

import "github.com/gorilla/websocket"

type client struct {
	user string
	conn *websocket.Conn
	send chan any
}

func (c *client) write() {
	for v := range c.send {
		c.conn.WriteJSON(v)
	}
}

type Hub struct {
	clients   map[string]*client
	broadcast chan any
	register  chan *client
}

var hub = &Hub{clients: map[string]*client{}, broadcast: make(chan any), register: make(chan *client)}

func (h *Hub) run() {
	for {
		select {
		case c := <-h.register:
			h.clients[c.user] = c
		case v := <-h.broadcast:
			for _, c := range h.clients {
				c.send <- v
			}
		}
	}
}

func SendTo(user string, v any) {
	if c, ok := hub.clients[user]; ok {
		c.send <- v
	}
}

type Invoice struct {
	Customer string
	Cents    int
}

func issued(inv Invoice) { SendTo(inv.Customer, inv) }

func overdue(inv Invoice) {
	hub.broadcast <- inv // want `^everyone receives what is made from inv, and elsewhere its Customer picks one user; .* the alternative is SendTo \(widecast, broadcast\)$`
}
