// Package ws has an object that holds one connection. That alone is fine: what
// matters is who makes it, and for how long.
package ws

import "github.com/gorilla/websocket"

type Link struct{ conn *websocket.Conn }

func (l *Link) Attach(conn *websocket.Conn) { l.conn = conn }

func (l *Link) Send(b []byte) error { return l.conn.WriteMessage(1, b) }
