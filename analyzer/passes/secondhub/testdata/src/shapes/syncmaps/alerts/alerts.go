// Package alerts knows the tables, and has one more of a user's connections: that it is // want package:`syncmaps\.users syncmaps\.rooms alerts\.conns`
// a sync.Map as well says nothing for it.
package alerts

import (
	"sync"

	"github.com/gorilla/websocket"

	"shapes/syncmaps"
)

var conns sync.Map // want `^alerts\.conns is a second process-wide WebSocket manager beside syncmaps\.users`

func Connect(user string, conn *websocket.Conn) {
	conns.Store(user, conn)
	syncmaps.Tell(user, "connected")
}

func Alert(user, text string) {
	if conn, ok := conns.Load(user); ok {
		conn.(*websocket.Conn).WriteMessage(1, []byte(text))
	}
}
