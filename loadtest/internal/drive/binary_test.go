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
)

// binaryOnly hangs up on text frames.
type binaryOnly struct {
	mu    sync.Mutex
	users map[string]*websocket.Conn
}

func (s *binaryOnly) serve(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	s.mu.Lock()
	s.users[r.URL.Query().Get("user")] = conn
	s.mu.Unlock()
	for {
		var message struct{ To string }
		kind, data, err := conn.ReadMessage()
		if err != nil || kind != websocket.BinaryMessage || json.Unmarshal(data, &message) != nil {
			return
		}
		s.mu.Lock()
		if to := s.users[message.To]; to != nil {
			_ = to.WriteMessage(websocket.BinaryMessage, data)
		}
		s.mu.Unlock()
	}
}

func TestAServerThatTakesBinaryFramesAlone(t *testing.T) {
	s := &binaryOnly{users: map[string]*websocket.Conn{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	d := driver(t, "frames: binary\ntarget: ws"+strings.TrimPrefix(server.URL, "http"), 3, nil)
	require.Empty(t, play(t, d, "burst", 3).Map())
	require.Positive(t, d.Arrived())
}
