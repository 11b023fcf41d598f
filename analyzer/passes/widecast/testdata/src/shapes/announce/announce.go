// Package announce has messages that are for everyone. // want package:`announce\.Connect#1`
package announce

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var conns = map[string]*websocket.Conn{}

func Connect(user string, conn *websocket.Conn) { conns[user] = conn }

func sendTo(user string, v any) error { return conns[user].WriteJSON(v) }

func everyone(v any) {
	for _, conn := range conns {
		conn.WriteJSON(v)
	}
}

type post struct{ Title, Body string }

func announce(w http.ResponseWriter, r *http.Request) {
	everyone(map[string]string{"text": r.FormValue("text")})
	everyone("maintenance at noon")
	everyone(post{Title: r.FormValue("title")})
	everyone(len(conns))
}

func mail(user string, p post) { sendTo(user, p) }
