// Package broadcastonly tells browsers to reload, and knows no users.
package broadcastonly

import "github.com/gorilla/websocket"

var reloading = map[*websocket.Conn]bool{}

var watching = map[*websocket.Conn]bool{}

func Reload() {
	for conn := range reloading {
		conn.WriteMessage(1, []byte("reload"))
	}
}

func Changed() {
	for conn := range watching {
		conn.WriteMessage(1, []byte("changed"))
	}
}

func connect(conn *websocket.Conn) { reloading[conn] = true }
func watch(conn *websocket.Conn)   { watching[conn] = true }
