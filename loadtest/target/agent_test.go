package target_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/history"
	wsruntime "github.com/wsmig/wsmig/runtime"
)

// TestAgentEventsKeepTheirProtocolOnTheWire holds what the runtime's emitters send,
// as a client receives it, against the protocol that the checker knows as data.
func TestAgentEventsKeepTheirProtocolOnTheWire(t *testing.T) {
	f, err := wsruntime.NewFactory(&wsruntime.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	server := httptest.NewServer(f.Handler(func(r *http.Request) (wsruntime.UserID, error) { return "u", nil }))
	defer server.Close()
	ws, response, err := websocket.DefaultDialer.Dial(strings.Replace(server.URL, "http", "ws", 1), nil)
	require.NoError(t, err)
	defer response.Body.Close()
	_, _, err = ws.ReadMessage()
	require.NoError(t, err)

	em, err := f.Emitter(t.Context(), "u")
	require.NoError(t, err)
	runs(t, em)
	w := history.NewWatch(history.AgentEvents())
	require.NoError(t, ws.SetReadDeadline(time.Now().Add(time.Minute)))
	for range 10 {
		_, data, err := ws.ReadMessage()
		require.NoError(t, err)
		require.Empty(t, w.Frame(data), "%s", data)
	}
	require.Equal(t, []history.SequenceFault{{Run: `"r3"`, What: "it never ended"}}, w.End())
	require.NoError(t, ws.Close())
	require.NoError(t, em.Close())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, f.Shutdown(ctx))
}

// runs emits three runs that overlap: one completes, one fails, one is left open.
func runs(t *testing.T, em *wsruntime.Emitter) {
	t.Helper()
	ctx := t.Context()
	for _, err := range []error{
		em.AgentStarted(ctx, "triage", "r1"), em.AgentStarted(ctx, "data", "r2"), em.AgentThinking(ctx, "triage", "r1", "hm"),
		em.ToolExecuting(ctx, "triage", "r1", "search", "q"), em.Progress(ctx, "data", "r2", 50, "half"),
		em.AgentError(ctx, "data", "r2", errors.New("no data")), em.ToolCompleted(ctx, "triage", "r1", "search", "a"),
		em.AgentCompleted(ctx, "triage", "r1", "done"), em.AgentStarted(ctx, "report", "r3"), em.AgentThinking(ctx, "report", "r3", "well"),
	} {
		require.NoError(t, err)
	}
}
