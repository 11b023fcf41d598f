package drive_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/drive"
)

// secured serves users over TLS with a certificate of its own making, by socket and by
// HTTP, and loses every so manieth event; 0: none.
func secured(t *testing.T, loses int) (config string) {
	t.Helper()
	var s seats
	n := 0
	deliver := func(data []byte) {
		var m struct{ To string }
		if json.Unmarshal(data, &m) != nil {
			return
		}
		s.mu.Lock()
		n++
		lost := loses > 0 && n%loses == 0
		s.mu.Unlock()
		if !lost {
			s.send(m.To, websocket.TextMessage, data)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		conn := s.seat(w, r, r.URL.Query().Get("user"))
		if conn == nil {
			return
		}
		defer func() { _ = conn.Close() }()
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			deliver(data)
		}
	})
	mux.HandleFunc("/notify", func(_ http.ResponseWriter, r *http.Request) {
		var body json.RawMessage
		if json.NewDecoder(r.Body).Decode(&body) == nil {
			deliver(body)
		}
	})
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	return "target: wss" + strings.TrimPrefix(server.URL, "https") + "/ws\nemit:\n" +
		"  - {ws: '{\"to\":\"{{.user.id}}\",\"text\":\"{{canary}}\"}'}\n" +
		"  - {http: {post: '" + server.URL + "/notify', json: {to: '{{.user.id}}', text: '{{canary}}'}}}\n"
}

// Behind the proxy an encrypted stream is split, delayed, cut and frozen like any
// other, and what it carries is judged the same.
func TestFaultsUnderTLS(t *testing.T) {
	for _, raw := range []bool{false, true} {
		d := driver(t, secured(t, 0), 6, func(o *drive.Options) { o.Raw = raw })
		require.Empty(t, play(t, d, "faults", 40).Map())
		require.Empty(t, play(t, d, "swap", 10).Map())
	}
	lossy := driver(t, secured(t, 10), 6, nil)
	require.Positive(t, play(t, lossy, "faults", 40)[history.D0])
}
