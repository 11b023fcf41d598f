package drive_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// byPath knows users by the path that they connect to.
type byPath struct{ seats }

func (s *byPath) serve(w http.ResponseWriter, r *http.Request) {
	user, there := strings.CutPrefix(r.URL.Path, "/u/")
	if !there || strings.Contains(user, "{") {
		http.NotFound(w, r)
		return
	}
	conn := s.seat(w, r, user)
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	for {
		_, data, err := conn.ReadMessage()
		to, body, _ := strings.Cut(string(data), " ")
		if err != nil {
			return
		}
		s.send(to, websocket.TextMessage, []byte(body))
	}
}

func TestTheAddressMayNameTheUser(t *testing.T) {
	s := &byPath{}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	d := driver(t, "target: ws"+strings.TrimPrefix(server.URL, "http")+"/u/{{.user.id}}\nauth: {}\nemit: [{ws: '{{.user.id}} {{canary}}'}]", 3, nil)
	require.Empty(t, play(t, d, "burst", 3).Map())
	require.Positive(t, d.Arrived())
}
