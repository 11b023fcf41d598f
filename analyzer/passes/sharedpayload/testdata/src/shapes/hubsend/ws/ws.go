// Package ws has a hub whose methods queue what they are given. // want package:`4 functions queue or pool`
package ws

import "github.com/gorilla/websocket"

type Client struct {
	conn *websocket.Conn
	send chan []byte
}

func (c *Client) write() {
	for msg := range c.send {
		c.conn.WriteMessage(1, msg)
	}
}

type Hub struct{ clients map[string]*Client } // Hub is process-wide by the variable below.

var hub = &Hub{clients: map[string]*Client{}}

func Get() *Hub { return hub }

func (h *Hub) SendTo(user string, msg []byte) error { // want SendTo:`queues \[1\]`
	if c, ok := h.clients[user]; ok {
		c.send <- msg
	}
	return nil
}

func (h *Hub) All(msg []byte) { // want All:`queues \[0\]`
	for user := range h.clients {
		h.SendTo(user, msg)
	}
}

func Notify(user string, msg []byte) error { return Get().SendTo(user, msg) } // want Notify:`queues \[1\]`

func Now(user string, msg []byte) error { return hub.clients[user].conn.WriteMessage(1, msg) } // want Now:`writes \[1\]`

func Copying(user string, msg []byte) error { return hub.SendTo(user, append([]byte(nil), msg...)) }
