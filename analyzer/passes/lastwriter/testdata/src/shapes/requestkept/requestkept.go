// Package requestkept keeps the request, or what ends with it.
package requestkept

import (
	"context"
	"net/http"

	"github.com/gorilla/websocket"
)

type Server struct {
	upgrader websocket.Upgrader
	req      *http.Request
	out      http.ResponseWriter
	ctx      context.Context
	base     context.Context
}

func (s *Server) Serve(w http.ResponseWriter, r *http.Request) {
	s.req = r           // want `^s\.req is there for all users and becomes the request of whoever came last`
	s.out = w           // want `^s\.out is there`
	s.ctx = r.Context() // want `^s\.ctx is there`
	s.base = context.Background()
	conn, _ := s.upgrader.Upgrade(w, r, nil)
	conn.Close()
}
