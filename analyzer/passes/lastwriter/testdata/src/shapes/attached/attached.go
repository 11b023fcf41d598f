// Package attached hands the connection to a method that keeps it, of this package
// or of another.
package attached

import (
	"net/http"

	"github.com/gorilla/websocket"

	"shapes/attached/ws"
)

type Server struct {
	upgrader websocket.Upgrader
	link     *ws.Link
	conn     *websocket.Conn
	stop     chan bool
}

func New() *Server { return &Server{link: &ws.Link{}, stop: make(chan bool)} }

func (s *Server) Serve(w http.ResponseWriter, r *http.Request) {
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s.link.Attach(conn) // want `^what s\.link\.Attach sets is there for all users and becomes the connection of whoever came last`
	go s.keep(conn)
	own := &ws.Link{}
	own.Attach(conn)
}

func (s *Server) keep(conn *websocket.Conn) {
	s.conn = conn // want `^s\.conn is there for all users`
	<-s.stop
}
