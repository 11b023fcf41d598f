// Package alerts knows the manager, and keeps connections of its own all the same. // want package:`realtime\.hub alerts\.conns`
package alerts

import (
	"github.com/gorilla/websocket"

	"shapes/across/realtime"
)

var conns = map[string]*websocket.Conn{} // want `^alerts\.conns is a second process-wide WebSocket manager beside realtime\.hub`

func Connect(user string, conn *websocket.Conn) {
	conns[user] = conn
	realtime.Get().SendToUser(user, "connected")
}

func Alert(user, text string) error {
	if conn, ok := conns[user]; ok {
		return conn.WriteMessage(1, []byte(text))
	}
	return nil
}
