// Package client answers the one client that asked, whose connection lies behind an
// interface of the program. What goes there reaches nobody else, however much of it is
// made of that client's user.
package client

import "github.com/gorilla/websocket"

type transport interface{ Write(b []byte) error }

type socket struct{ conn *websocket.Conn }

func (s *socket) Write(b []byte) error { return s.conn.WriteMessage(websocket.TextMessage, b) }

type Client struct {
	User string
	wire transport
	out  chan []byte
}

func (c *Client) Send(b []byte) { c.out <- b }

func (c *Client) Pump() {
	for b := range c.out {
		c.wire.Write(b)
	}
}

type Hub struct{ clients map[string]*Client }

func NewHub() *Hub { return &Hub{clients: map[string]*Client{}} }

func (h *Hub) Add(c *Client) { h.clients[c.User] = c }

func NewClient(user string, conn *websocket.Conn) *Client {
	return &Client{User: user, wire: &socket{conn: conn}, out: make(chan []byte, 8)}
}

func (h *Hub) SendTo(user string, b []byte) { h.clients[user].Send(b) }

type router struct{ hub *Hub }

func (r *router) typing(from *Client, to string, text string) {
	r.hub.SendTo(to, []byte(from.User+text))
	from.Send([]byte(from.User + " sent " + text + " to " + to))
}

func (r *router) accept(user string, conn *websocket.Conn) {
	c := NewClient(user, conn)
	r.hub.Add(c)
}
