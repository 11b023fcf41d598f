// Package onlyfirst serves one peer at a time, and turns others away: the newest
// caller gets nothing.
package onlyfirst

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

var (
	upgrader websocket.Upgrader
	peer     *websocket.Conn
	once     sync.Once
)

type server struct{ conn *websocket.Conn }

var single = &server{}

func connect(w http.ResponseWriter, r *http.Request) {
	if peer != nil {
		http.Error(w, "taken", http.StatusConflict)
		return
	}
	peer, _ = upgrader.Upgrade(w, r, nil)
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	if s.conn == nil {
		s.conn = conn
	}
	once.Do(func() { s.conn = conn })
}

// Closing the old one first changes nothing: the newest owns it all.
func (s *server) replace(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	if s.conn != nil {
		s.conn.Close()
	}
	s.conn = conn // want `^s\.conn is there for all users`
}
