// Package maps sends one map to several people, changed in between: all of them
// get what the last one should have had.
package maps

import (
	"maps"

	"github.com/gorilla/websocket"
)

type client struct {
	id   string
	conn *websocket.Conn
	send chan map[string]any
}

func (c *client) write() {
	for m := range c.send {
		c.conn.WriteJSON(m)
	}
}

func all(clients []*client, text string) {
	msg := map[string]any{"text": text}
	for _, c := range clients {
		msg["for"] = c.id
		c.send <- msg // want `^msg goes to the channel c\.send without a copy and is changed afterwards`
	}
}

func pair(a, b *client, msg map[string]any) {
	a.send <- msg // want `^msg goes to the channel a\.send without a copy and is changed afterwards`
	delete(msg, "secret")
	b.send <- msg
}

func nested(a *client, data map[string]any) {
	a.send <- map[string]any{"data": data} // want `^data goes to the channel a\.send without a copy and is cleared afterwards`
	clear(data)
}

func own(clients []*client, base map[string]any) {
	for _, c := range clients {
		msg := maps.Clone(base)
		msg["for"] = c.id
		c.send <- msg
	}
	base["sent"] = len(clients)
}
