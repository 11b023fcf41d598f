// Package moving is on its way: the old manager and the factory that replaces it. // want package:`moving\.conns the one that`
package moving

import (
	"github.com/gorilla/websocket"
	wsruntime "github.com/wsmig/wsmig/runtime"
)

var conns = map[string]*websocket.Conn{}

var factory, _ = wsruntime.NewFactory(nil)

func Connect(user string, conn *websocket.Conn) { conns[user] = conn }

func Send(user, text string) error {
	if conn, ok := conns[user]; ok {
		return conn.WriteMessage(1, []byte(text))
	}
	return nil
}
