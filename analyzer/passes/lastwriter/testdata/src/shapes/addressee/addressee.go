// Package addressee keeps the user of one request in a field of a service, and
// sends to whoever is in it.
package addressee

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var conns = map[string]*websocket.Conn{}

var currentUser string

func sendToUser(user string, v any) error {
	conn, ok := conns[user]
	if !ok {
		return nil
	}
	return conn.WriteJSON(v)
}

type Service struct {
	user   string
	source string
}

func NewService() *Service { return &Service{} }

func (s *Service) Order(w http.ResponseWriter, r *http.Request) {
	s.user = r.FormValue("user") // want `^s\.user is there for all users and picks who receives`
	s.source = r.RemoteAddr
	currentUser = r.FormValue("user") // want `^currentUser is there for all users and picks who receives`
	s.confirm()
}

func (s *Service) confirm() {
	sendToUser(s.user, "confirmed")
	sendToUser(currentUser, "confirmed")
}
