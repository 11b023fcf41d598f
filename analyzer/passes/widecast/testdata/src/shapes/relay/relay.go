// Package relay is a public chat: what a client says is for all, with the name of // want package:`SendTo#1`
// who said it.
package relay

import (
	"net/http"

	"github.com/gorilla/websocket"
)

type client struct {
	user string
	conn *websocket.Conn
}

var clients = map[string]*client{}

var upgrader websocket.Upgrader

func SendTo(user string, v any) error { return clients[user].conn.WriteJSON(v) }

func everyone(v any) {
	for _, c := range clients {
		c.conn.WriteJSON(v)
	}
}

func (c *client) read() {
	for {
		_, text, err := c.conn.ReadMessage()
		if err != nil {
			everyone(map[string]any{"left": c.user, "last": text})
			return
		}
		everyone(map[string]any{"from": c.user, "text": string(text)})
	}
}

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	user := r.FormValue("user")
	clients[user] = &client{user: user, conn: conn}
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return
		}
		everyone(map[string]any{"from": user, "text": string(text)})
	}
}
