package drive_test

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// seats is what a correct server of these tests knows its users by: the connection
// that each opened last. A server embeds it.
type seats struct {
	mu    sync.Mutex
	users map[string]*websocket.Conn
}

// seat upgrades the request and makes the connection the user's; nil when that fails.
// The caller closes it.
func (s *seats) seat(w http.ResponseWriter, r *http.Request, user string) *websocket.Conn {
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == nil {
		s.users = map[string]*websocket.Conn{}
	}
	s.users[user] = conn
	return conn
}

// send writes to a user's connection, and reports whether there is one.
func (s *seats) send(to string, kind int, data []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn := s.users[to]
	if conn != nil {
		_ = conn.WriteMessage(kind, data)
	}
	return conn != nil
}
