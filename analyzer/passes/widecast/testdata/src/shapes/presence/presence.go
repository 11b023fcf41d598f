// Package presence tells everyone who is there, which is what presence is for. // want package:`SendTo#1`
package presence

import (
	"time"

	"github.com/gorilla/websocket"
)

var conns = map[string]*websocket.Conn{}

func Connect(user string, conn *websocket.Conn) {
	conns[user] = conn
	everyone(map[string]any{"type": "online", "user": user, "at": time.Now(), "count": len(conns)})
}

func SendTo(user string, v any) error { return conns[user].WriteJSON(v) }

func everyone(v any) {
	for _, conn := range conns {
		conn.WriteJSON(v)
	}
}

func typing(user string) {
	SendTo(user, "ok")
	everyone(map[string]any{"type": "typing", "user": user})
	everyone(user + " is typing")
}
