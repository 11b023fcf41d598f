// Package orders has another. // want package:`orders\.conns`
package orders

import "github.com/gorilla/websocket"

var conns = map[string]*websocket.Conn{}

func Connect(user string, conn *websocket.Conn) { conns[user] = conn }

func Send(user, text string) error {
	if conn, ok := conns[user]; ok {
		return conn.WriteMessage(1, []byte(text))
	}
	return nil
}
