// Package anonymous reloads browsers: it has no users, so nothing of one can leak.
package anonymous

import "github.com/gorilla/websocket"

type Order struct{ Owner string }

var open = map[*websocket.Conn]bool{}

func connect(conn *websocket.Conn) { open[conn] = true }

func everyone(v any) {
	for conn := range open {
		conn.WriteJSON(v)
	}
}

func paid(o Order) { everyone(o) }
