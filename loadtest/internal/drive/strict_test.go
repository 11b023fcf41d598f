package drive_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/drive"
)

// strict hangs up on whoever names a user that is not there, and takes only plain
// ids.
type strict struct {
	seats
	hung atomic.Int32
}

func (s *strict) serve(w http.ResponseWriter, r *http.Request) {
	user := r.URL.Query().Get("user")
	if strings.ContainsAny(user, " \t\"'\\") {
		http.Error(w, "not an id", http.StatusBadRequest)
		return
	}
	conn := s.seat(w, r, user)
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	for {
		var message struct{ To string }
		_, data, err := conn.ReadMessage()
		if err != nil || json.Unmarshal(data, &message) != nil {
			return
		}
		if !s.send(message.To, websocket.TextMessage, data) {
			s.hung.Add(1)
			return
		}
	}
}

func TestAServerThatHangsUpOnUnknownNamesIsNotBlamed(t *testing.T) {
	s := &strict{}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	defer server.Close()
	config := "target: ws" + strings.TrimPrefix(server.URL, "http") + "\nauth: {query: {user: '{{.user.id}}'}}\nemit: [{ws: '{\"to\":\"{{.user.id}}\",\"text\":\"{{canary}}\"}'}]"
	d := driver(t, config, 4, nil)
	defer d.Close()
	require.True(t, d.WarmUp(t.Context(), 4, drive.DefaultPatience))
	d.Climb(t.Context(), 1000)
	tried := s.hung.Load()
	require.Equal(t, int32(2), tried, "each is tried once")
	for _, name := range []string{"spread", "burst", "collide"} {
		require.Empty(t, play(t, d, name, 8).Map(), name)
	}
	require.Equal(t, tried, s.hung.Load())
}
