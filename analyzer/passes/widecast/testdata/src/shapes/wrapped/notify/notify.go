// Package notify wraps a manager into functions. // want package:`notify\.User#1`
package notify

import "github.com/gorilla/websocket"

var conns = map[string]*websocket.Conn{}

func Connect(id string, conn *websocket.Conn) { conns[id] = conn }

func User(id string, v any) error { return send(id, v) }

func send(id string, v any) error {
	conn, ok := conns[id]
	if !ok {
		return nil
	}
	return conn.WriteJSON(v)
}

func Everyone(v any) {
	for _, conn := range conns {
		conn.WriteJSON(v)
	}
}
