package drive_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// binaryOnly hangs up on text frames.
type binaryOnly struct{ seats }

func (s *binaryOnly) serve(w http.ResponseWriter, r *http.Request) {
	conn := s.seat(w, r, r.URL.Query().Get("user"))
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	for {
		var message struct{ To string }
		kind, data, err := conn.ReadMessage()
		if err != nil || kind != websocket.BinaryMessage || json.Unmarshal(data, &message) != nil {
			return
		}
		s.send(message.To, websocket.BinaryMessage, data)
	}
}

func TestAServerThatTakesBinaryFramesAlone(t *testing.T) {
	s := &binaryOnly{}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	d := driver(t, "frames: binary\ntarget: ws"+strings.TrimPrefix(server.URL, "http"), 3, nil)
	require.Empty(t, play(t, d, "burst", 3).Map())
	require.Positive(t, d.Arrived())
}
