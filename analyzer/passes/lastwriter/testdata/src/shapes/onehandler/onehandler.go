// Package onehandler is the leak in its plainest form: one handler object serves
// everybody and keeps the connection in a field.
package onehandler

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

type Handler struct {
	conn   *websocket.Conn
	opened int
}

func NewHandler() *Handler { return &Handler{} }

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.conn = conn // want `^h\.conn is there for all users and becomes the connection of whoever came last, .* \(lastwriter, escape\)$`
	h.opened++
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			h.conn = nil
			return
		}
	}
}

func (h *Handler) Direct(w http.ResponseWriter, r *http.Request) {
	var err error
	h.conn, err = upgrader.Upgrade(w, r, nil) // want `^h\.conn is there for all users`
	if err != nil {
		return
	}
}

func (h *Handler) Paid(w http.ResponseWriter, r *http.Request) {
	h.conn.WriteMessage(1, []byte("paid"))
}

// The connection may come in a struct of its own.
type client struct {
	conn *websocket.Conn
	name string
}

type Server struct {
	state struct{ current *client }
}

func Run() { http.HandleFunc("/ws", new(Server).serve) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	go func() {
		s.state.current = &client{conn: conn} // want `^s\.state\.current is there for all users`
	}()
}
