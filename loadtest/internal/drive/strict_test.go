package drive_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/drive"
)

// strict hangs up on whoever names a user that is not there, and takes only plain
// ids.
type strict struct {
	mu    sync.Mutex
	users map[string]*websocket.Conn
	hung  int
}

func (s *strict) serve(w http.ResponseWriter, r *http.Request) {
	user := r.URL.Query().Get("user")
	if strings.ContainsAny(user, " \t\"'\\") {
		http.Error(w, "not an id", http.StatusBadRequest)
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
		var message struct{ To string }
		_, data, err := conn.ReadMessage()
		if err != nil || json.Unmarshal(data, &message) != nil || !s.send(message.To, data) {
			return
		}
	}
}

func (s *strict) send(to string, data []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn := s.users[to]
	if conn == nil {
		s.hung++
		return false
	}
	_ = conn.WriteMessage(websocket.TextMessage, data)
	return true
}

func TestAServerThatHangsUpOnUnknownNamesIsNotBlamed(t *testing.T) {
	s := &strict{users: map[string]*websocket.Conn{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	defer server.Close()
	config := "target: ws" + strings.TrimPrefix(server.URL, "http") + "\nauth: {query: {user: '{{.user.id}}'}}\nemit: [{ws: '{\"to\":\"{{.user.id}}\",\"text\":\"{{canary}}\"}'}]"
	d := driver(t, config, 4, nil)
	defer d.Close()
	require.True(t, d.WarmUp(t.Context(), 4, drive.DefaultPatience))
	d.Climb(t.Context(), 1000)
	s.mu.Lock()
	tried := s.hung
	s.mu.Unlock()
	require.Equal(t, 2, tried, "each is tried once")
	for _, name := range []string{"spread", "burst", "collide"} {
		require.Empty(t, play(t, d, name, 8).Map(), name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Equal(t, tried, s.hung)
}
