// Package lists tells everyone about many: a table of scores is no user's alone. // want package:`Player\.ID`
package lists

import "github.com/gorilla/websocket"

type Player struct {
	ID     string
	Points int
}

var conns = map[string]*websocket.Conn{}

func Connect(user string, conn *websocket.Conn) { conns[user] = conn }

func sendTo(user string, v any) error { return conns[user].WriteJSON(v) }

func everyone(v any) {
	for _, conn := range conns {
		conn.WriteJSON(v)
	}
}

func turn(p Player) { sendTo(p.ID, "your turn") }

func scores(all []Player) { everyone(map[string]any{"scores": all, "n": len(all)}) }
