package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestBehindMiddleware(t *testing.T) {
	f := runtimetest.New(t, &wsruntime.Options{OnMessage: onMessage})
	srv := httptest.NewServer(routes(f))
	defer srv.Close()
	for _, tenant := range []string{"acme", "umbrella"} {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http")+"/"+tenant+"/ws?user=alice", nil)
		require.NoError(t, err)
		r := runtimetest.NewRecorder(t, ws)
		require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("?")))
		require.Equal(t, `"`+tenant+`"`, string(r.WaitType("tenant").Data))
	}
}
