package dashboard_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/dashboard"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

func start(t *testing.T) *dashboard.Server {
	t.Helper()
	s, err := dashboard.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return s
}

func get(t *testing.T, address, host string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	request.Host = host
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

// viewer is a page's socket.
type viewer struct {
	t    *testing.T
	conn *websocket.Conn
}

func (v *viewer) close() { require.NoError(v.t, v.conn.Close()) }

func view(t *testing.T, s *dashboard.Server) *viewer {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.URL(), "http", "ws", 1)+"ws", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	v := &viewer{t, conn}
	v.next("wsmig.ready")
	return v
}

// next reads until an event of the kind wanted and returns its data.
func (v *viewer) next(kind string) json.RawMessage {
	v.t.Helper()
	for {
		require.NoError(v.t, v.conn.SetReadDeadline(time.Now().Add(patience)))
		var frame struct {
			Type string
			Data json.RawMessage
		}
		require.NoError(v.t, v.conn.ReadJSON(&frame))
		if frame.Type == kind {
			return frame.Data
		}
	}
}

func text(t *testing.T, data json.RawMessage) string {
	t.Helper()
	var s string
	require.NoError(t, json.Unmarshal(data, &s))
	return s
}

func TestThePageFollowsTheRun(t *testing.T) {
	s := start(t)
	response, body := get(t, s.URL(), "")
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Contains(t, body, "nothing has been judged yet")
	require.Equal(t, "no-store", response.Header.Get("Cache-Control"))

	v := view(t, s)
	s.Progress(loadtest.Progress{Server: "factory", Users: 10, Connections: 7, Schedule: "burst", Events: 40, Leaks: 3, Elapsed: time.Second, Total: 5 * time.Second, Step: 2, Steps: 2})
	var strip map[string]any
	require.NoError(t, json.Unmarshal(v.next("progress"), &strip))
	require.Equal(t, map[string]any{
		"server": "factory", "schedule": "burst", "users": 10.0, "connections": 7.0, "events": 40.0, "events_per_s": 0.0, "leaks": 3.0, "share": 0.6, "left_s": 4.0,
	}, strip)

	partial := sample.Result(1, 10)
	partial.Verdict, partial.ExitCode = result.Violated, loadtest.ExitViolated
	s.Show(partial)
	shown := text(t, v.next("report"))
	require.Contains(t, shown, "UNDER WAY")
	require.Contains(t, shown, "<svg")
	require.NoError(t, v.conn.WriteMessage(websocket.TextMessage, []byte("latest")))
	require.Equal(t, shown, text(t, v.next("report")), "a page that asks gets what the others have")
	_, body = get(t, s.URL(), "")
	require.Equal(t, shown, body)

	ended := make(chan error, 1)
	go func() { ended <- s.End(sample.Result(1, 10), "The report is in x.") }()
	last := text(t, v.next("report"))
	require.Contains(t, last, ">PASS<")
	require.NotContains(t, last, "<script")
	require.Equal(t, "The report is in x.", text(t, v.next("end")))
	_, _, err := v.conn.ReadMessage()
	require.Error(t, err, "it dies with the run")
	v.close()
	require.NoError(t, <-ended)
	_, err = http.Get(s.URL())
	require.Error(t, err)
}

// TestNobodyElseReadsIt stands for other users of the machine, who don't know the
// path, and for sites that make a name point at loopback.
func TestNobodyElseReadsIt(t *testing.T) {
	s := start(t)
	u, err := url.Parse(s.URL())
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", u.Hostname())
	response, _ := get(t, "http://"+u.Host+"/", "")
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	response, body := get(t, s.URL(), "site.example:"+u.Port())
	require.Equal(t, http.StatusMisdirectedRequest, response.StatusCode)
	require.NotContains(t, body, "svg")

	header := http.Header{"Origin": {"http://site.example"}}
	_, response, err = websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(s.URL(), "http", "ws", 1)+"ws", header)
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	require.NoError(t, response.Body.Close())
	require.NoError(t, s.End(nil, ""))
}

func TestAStuckViewerHoldsNobodyUp(t *testing.T) {
	s := start(t)
	stuck := view(t, s)
	for range 200 {
		s.Show(sample.Result(1, 10))
	}
	_, body := get(t, s.URL(), "")
	require.Contains(t, body, "UNDER WAY")
	stuck.close()
	require.NoError(t, s.End(nil, ""))
}
