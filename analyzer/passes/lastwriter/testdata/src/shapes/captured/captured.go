// Package captured keeps the connection in a variable that the handler captures.
package captured

import (
	"net/http"

	"github.com/gorilla/websocket"
)

type hub struct{ current *websocket.Conn }

func Routes(mux *http.ServeMux) {
	var upgrader websocket.Upgrader
	var conn *websocket.Conn
	h := &hub{}
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		conn = c      // want `^conn is there for all users`
		h.current = c // want `^h\.current is there for all users`
	})
	mux.HandleFunc("/paid", func(w http.ResponseWriter, r *http.Request) {
		conn.WriteMessage(1, nil)
	})
}

// Serve gives one handler for a hub that it is given.
func Serve(h *hub, upgrader *websocket.Upgrader) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		local, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		var mine *websocket.Conn
		mine = local
		h.current = mine // want `^h\.current is there for all users`
	}
}

var routes = map[string]http.HandlerFunc{
	"/ws": func(w http.ResponseWriter, r *http.Request) {
		c, _ := new(websocket.Upgrader).Upgrade(w, r, nil)
		last = c // want `^last is there for all users`
	},
}

var last *websocket.Conn
