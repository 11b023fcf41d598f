// Package startup sets its objects up before any request: nobody came last.
package startup

import (
	"net/http"

	"github.com/gorilla/websocket"
)

type Server struct {
	upgrader *websocket.Upgrader
	replay   *websocket.Conn
	conns    map[string]*websocket.Conn
}

var server *Server

func Setup(upgrader *websocket.Upgrader, replay *websocket.Conn) {
	server = &Server{conns: map[string]*websocket.Conn{}}
	server.upgrader = upgrader
	http.HandleFunc("/ws", server.serve)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s.conns[r.FormValue("user")] = conn
}
