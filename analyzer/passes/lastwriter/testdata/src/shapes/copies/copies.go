// Package copies changes copies: a receiver by value, a struct taken out of its
// place. Nobody else sees the change.
package copies

import (
	"net/http"

	"github.com/gorilla/websocket"
)

type state struct{ conn *websocket.Conn }

type Handler struct {
	upgrader websocket.Upgrader
	state    state
	shared   *state
}

func New() Handler { return Handler{shared: &state{}} }

func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.state.conn = conn
	local := h.state
	local.conn = conn
	h.shared.conn = conn // want `^h\.shared\.conn is there for all users`
	through := h.shared
	through.conn = conn // want `^through\.conn is there for all users`
}
