package runtime_test

import (
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// TestLaw07ThePollerLetsGo: a connection that has ended is not kept by the place of its descriptor, which may not be
// used again for long.
func TestLaw07ThePollerLetsGo(t *testing.T) {
	f := newFactory(t, nil)
	url := serve(t, f)
	var clients []*websocket.Conn
	for range 10 {
		clients = append(clients, dial(t, url, "alice"))
	}
	eventually(t, "idle connections", func() bool { return wsruntime.Polled(f) == len(clients) })
	for _, ws := range clients {
		require.NoError(t, ws.Close())
	}
	gone(t, f)
	eventually(t, "nothing to wait for", func() bool { return wsruntime.Polled(f) == 0 })
}
