// Package routed sends a message to whom it names, and to everyone when it names // want package:`message\.To`
// nobody.
package routed

import "github.com/gorilla/websocket"

var conns = map[string]*websocket.Conn{}

func Connect(user string, conn *websocket.Conn) { conns[user] = conn }

func sendTo(user string, v any) error { return conns[user].WriteJSON(v) }

func everyone(v any) {
	for _, conn := range conns {
		conn.WriteJSON(v)
	}
}

type message struct {
	To   string
	Text string
}

func route(m message) {
	if m.To != "" {
		sendTo(m.To, m)
		return
	}
	everyone(m)
}

// Nobody is named in what is made here.
func news(text string) { everyone(message{Text: text}) }

func newsToo(text string) {
	m := message{Text: text}
	everyone(m)
}

// The kind decides, not the addressee: what is for a group goes to everyone.
func byKind(m message, kind string) {
	switch kind {
	case "private":
		sendTo(m.To, m)
	case "group":
		everyone(m) // want `made from m, and elsewhere its To picks one user`
	}
}
