package drive_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// byPath knows users by the path that they connect to.
type byPath struct {
	mu    sync.Mutex
	users map[string]*websocket.Conn
}

func (s *byPath) serve(w http.ResponseWriter, r *http.Request) {
	user, there := strings.CutPrefix(r.URL.Path, "/u/")
	if !there || strings.Contains(user, "{") {
		http.NotFound(w, r)
		return
	}
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	s.mu.Lock()
	s.users[user] = conn
	s.mu.Unlock()
	for {
		_, data, err := conn.ReadMessage()
		to, body, _ := strings.Cut(string(data), " ")
		if err != nil {
			return
		}
		s.mu.Lock()
		if conn := s.users[to]; conn != nil {
			_ = conn.WriteMessage(websocket.TextMessage, []byte(body))
		}
		s.mu.Unlock()
	}
}

func TestTheAddressMayNameTheUser(t *testing.T) {
	s := &byPath{users: map[string]*websocket.Conn{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	d := driver(t, "target: ws"+strings.TrimPrefix(server.URL, "http")+"/u/{{.user.id}}\nauth: {}\nemit: [{ws: '{{.user.id}} {{canary}}'}]", 3, nil)
	require.Empty(t, play(t, d, "burst", 3).Map())
	require.Positive(t, d.Arrived())
}
