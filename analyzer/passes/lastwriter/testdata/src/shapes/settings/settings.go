// Package settings changes what is meant for everyone: configuration, counters,
// the time of the last visit.
package settings

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

type Server struct {
	upgrader websocket.Upgrader
	level    string
	notice   *notice
	seen     time.Time
	count    int
	conns    map[string]*websocket.Conn
}

type notice struct{ text string }

var motd string

func (s *Server) Configure(w http.ResponseWriter, r *http.Request) {
	s.level = r.FormValue("level")
	s.notice = &notice{text: r.FormValue("text")}
	s.seen = time.Now()
	s.count++
	motd = r.FormValue("motd")
}

func (s *Server) Send(user string, v any) error { return s.conns[user].WriteJSON(v) }
