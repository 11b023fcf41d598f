package loadtest_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
)

// serving runs a handler for each WebSocket; its configuration names no ready
// frame, as most people's servers have none.
func serving(t *testing.T, handle func(user string, conn *websocket.Conn)) (config string, server *httptest.Server) {
	t.Helper()
	var upgrader websocket.Upgrader
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		handle(r.URL.Query().Get("user"), conn)
	}))
	t.Cleanup(server.Close)
	return "target: ws" + strings.TrimPrefix(server.URL, "http"), server
}

func run(t *testing.T, config string, change func(*loadtest.Config)) *result.Result {
	t.Helper()
	c := &loadtest.Config{Servers: []loadtest.Server{described(t, config)}, Users: []int{3}, Duration: 600 * time.Millisecond, Schedules: []string{"burst", "churn"}}
	if change != nil {
		change(c)
	}
	r, err := loadtest.Run(t.Context(), c)
	require.NoError(t, err)
	return r
}

func TestAServerThatSaysNothingIsInconclusive(t *testing.T) {
	config, _ := serving(t, func(_ string, conn *websocket.Conn) {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	})
	r := run(t, config, nil)
	require.Equal(t, loadtest.ExitInconclusive, r.ExitCode, r.Reason)
	require.Zero(t, r.Runs[0].Delivered)
}

func TestAServerThatCrashesMidwayIsInconclusive(t *testing.T) {
	post := &mail{boxes: map[string]*websocket.Conn{}}
	config, server := serving(t, post.serve)
	var once sync.Once
	r := run(t, config, func(c *loadtest.Config) {
		c.Duration = 20 * time.Second
		c.Progress = func(p loadtest.Progress) {
			if p.Events > 30 {
				once.Do(func() {
					_ = server.Listener.Close()
					post.hangUp()
				})
			}
		}
	})
	require.Equal(t, loadtest.ExitInconclusive, r.ExitCode, r.Reason)
	require.Contains(t, strings.Join(r.Reason, " "), "stopped answering")
	require.Less(t, r.Seconds, 15.0, "the run ends when there is nobody to load")
}

func TestHugeFramesAreReadInBoundedMemory(t *testing.T) {
	huge := []byte(strings.Repeat("x", 12<<20))
	config, _ := serving(t, func(_ string, conn *websocket.Conn) {
		for {
			if _, _, err := conn.ReadMessage(); err != nil || conn.WriteMessage(websocket.TextMessage, huge) != nil {
				return
			}
		}
	})
	var peak atomic.Uint64
	r := run(t, config, func(c *loadtest.Config) {
		c.Users, c.Schedules, c.Duration = []int{2}, []string{"burst"}, 200*time.Millisecond
		c.Progress = func(loadtest.Progress) {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
		}
	})
	require.Equal(t, loadtest.ExitInconclusive, r.ExitCode, r.Reason)
	require.Contains(t, strings.Join(r.Reason, " "), "too long to be judged whole")
	require.Less(t, peak.Load(), uint64(200<<20))
}

func TestHandshakesThatFailAreTheCallersMistake(t *testing.T) {
	answers := map[string]string{
		"garbage": "nonsense\r\n\r\n",
		"refused": "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
		"no path": "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
	}
	hints := map[string]string{"refused": "see auth", "no path": "is the path right?"}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			var wg sync.WaitGroup
			wg.Go(func() {
				for {
					conn, err := ln.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Write([]byte(answer))
					_ = conn.(*net.TCPConn).CloseWrite()
					_, _ = conn.Read(make([]byte, 4096))
					_ = conn.Close()
				}
			})
			defer wg.Wait()
			defer func() { require.NoError(t, ln.Close()) }()
			_, err = loadtest.Run(t.Context(), &loadtest.Config{Servers: []loadtest.Server{described(t, "target: ws://"+ln.Addr().String()+"/")}})
			var mistake *loadtest.UsageError
			require.ErrorAs(t, err, &mistake)
			require.Contains(t, mistake.Hint, hints[name])
		})
	}
}

func TestAServerThatHangsEndsWithTheContext(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	r, err := loadtest.Run(ctx, &loadtest.Config{Servers: []loadtest.Server{described(t, "target: ws://"+ln.Addr().String()+"/")}})
	require.NoError(t, err)
	require.Equal(t, loadtest.ExitInterrupted, r.ExitCode)
}

// mail is a correct server without a ready frame: one connection for each user,
// the newest.
type mail struct {
	mu    sync.Mutex
	boxes map[string]*websocket.Conn
}

func (m *mail) serve(user string, conn *websocket.Conn) {
	m.mu.Lock()
	m.boxes[user] = conn
	m.mu.Unlock()
	for {
		var message struct{ To, Text string }
		_, data, err := conn.ReadMessage()
		if err != nil {
			break
		}
		if json.Unmarshal(data, &message) == nil {
			m.send(message.To, data)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.boxes[user] == conn {
		delete(m.boxes, user)
	}
}

func (m *mail) send(to string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if conn := m.boxes[to]; conn != nil {
		_ = conn.WriteMessage(websocket.TextMessage, data)
	}
}

func (m *mail) hangUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, conn := range m.boxes {
		_ = conn.Close()
	}
}

func TestAPlainServerPassesByItsAddressAlone(t *testing.T) {
	config, _ := serving(t, (&mail{boxes: map[string]*websocket.Conn{}}).serve)
	r := run(t, config, func(c *loadtest.Config) {
		c.Duration, c.Users = 1500*time.Millisecond, []int{6}
		c.Schedules = []string{"spread", "burst", "lockstep", "pairs", "swap", "churn", "collide", "cold-start"}
	})
	require.Equal(t, result.Pass, r.Verdict, r.Reason)
	require.Empty(t, r.Runs[0].Anomalies)
	require.Positive(t, r.Runs[0].Delivered)
}

func TestASizeLimitIsFoundAndKept(t *testing.T) {
	post := &mail{boxes: map[string]*websocket.Conn{}}
	var refused atomic.Int64
	config, _ := serving(t, func(user string, conn *websocket.Conn) {
		conn.SetReadLimit(512)
		post.serve(user, conn)
		if _, _, err := conn.ReadMessage(); websocket.IsCloseError(err, websocket.CloseMessageTooBig) || err == websocket.ErrReadLimit {
			refused.Add(1)
		}
	})
	r := run(t, config, func(c *loadtest.Config) { c.Schedules = []string{"spread", "burst"} })
	require.Equal(t, result.Pass, r.Verdict, r.Reason)
	require.Empty(t, r.Runs[0].Anomalies)
	require.LessOrEqual(t, refused.Load(), int64(1), "a client that knows the limit keeps to it")
}

func TestAMessageThatIsTornApartIsAViolation(t *testing.T) {
	for _, engine := range []bool{false, true} {
		config, _ := serving(t, func(_ string, conn *websocket.Conn) {
			for n := 0; ; n++ {
				_, data, err := conn.ReadMessage()
				if err != nil {
					return
				}
				if n == 5 {
					_, _ = conn.NetConn().Write([]byte{0x81, 126, 0, 126, 'h', 'a', 'l', 'f', 0x8a, 0})
				}
				if conn.WriteMessage(websocket.TextMessage, data) != nil {
					return
				}
			}
		})
		r := run(t, config, func(c *loadtest.Config) { c.Raw = engine })
		require.Equal(t, loadtest.ExitViolated, r.ExitCode, r.Reason)
		require.Positive(t, r.Runs[0].Anomalies["P3"], r.Runs[0].Anomalies)
	}
}
