package isolationtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wsmig/wsmig/loadtest/isolationtest"
	"github.com/wsmig/wsmig/loadtest/result"
	wsruntime "github.com/wsmig/wsmig/runtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hub is a server that remembers its current user between two calls, each under a
// lock: no data race, and wrong.
type hub struct {
	mu      sync.Mutex
	current string
	conns   map[string]*websocket.Conn
	careful bool
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	user := r.URL.Query().Get("user")
	h.mu.Lock()
	h.conns[user] = conn
	h.mu.Unlock()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			break
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conns[user] == conn {
		delete(h.conns, user)
	}
}

func (h *hub) setUser(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current = user
}

func (h *hub) emit(text string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.write(h.current, text)
}

func (h *hub) write(user, text string) error {
	conn := h.conns[user]
	if conn == nil {
		return errors.New("not connected")
	}
	return conn.WriteJSON(map[string]string{"text": text})
}

func (h *hub) notify(_ context.Context, user, canary string) error {
	if h.careful {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.write(user, canary)
	}
	h.setUser(user)
	isolationtest.Yield()
	return h.emit(canary)
}

func newHub(careful bool) *hub { return &hub{conns: map[string]*websocket.Conn{}, careful: careful} }

// recorder is a test whose failure is looked at and does not count.
type recorder struct {
	*testing.T
	dir  string
	said []string
}

func (r *recorder) Error(args ...any) { r.said = append(r.said, fmt.Sprint(args...)) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.Error(fmt.Sprintf(format, args...))
	runtime.Goexit()
}
func (r *recorder) ArtifactDir() string { return r.dir }

// failing runs what must fail and returns what it said.
func failing(t *testing.T, h http.Handler, c *isolationtest.Config) (r *result.Result, said, dir string) {
	t.Helper()
	rec := &recorder{T: t, dir: t.TempDir()}
	var wg sync.WaitGroup
	wg.Go(func() { r = isolationtest.Run(rec, h, c) })
	wg.Wait()
	require.NotEmpty(t, rec.said, "it passed")
	return r, strings.Join(rec.said, "\n"), rec.dir
}

func TestTheTextbookBugIsCaughtThroughItsYield(t *testing.T) {
	h := newHub(false)
	r, said, dir := failing(t, h, &isolationtest.Config{Users: 8, Emit: h.notify, Duration: time.Second, Schedules: []string{"burst", "lockstep"}, Yield: 0.5})
	require.Positive(t, r.Runs[0].Anomalies["X0"])
	require.Contains(t, said, "cross-user delivery")
	require.Contains(t, said, "again: WSMIG_SEED="+r.Seed+" go test -run '^"+t.Name()+"$'")
	data, err := os.ReadFile(filepath.Join(dir, "wsmig-report", "results.json"))
	require.NoError(t, err)
	require.True(t, json.Valid(data))
}

func TestItsCarefulTwinPasses(t *testing.T) {
	h := newHub(true)
	r := isolationtest.Run(t, h, &isolationtest.Config{Users: 8, Emit: h.notify, Duration: time.Second, Seed: 3, Procs: []int{2}})
	require.Equal(t, result.Pass, r.Verdict)
	require.Equal(t, "3", r.Seed)
	require.Positive(t, r.Runs[0].Delivered)
}

func TestNilConfigSuitsAFactory(t *testing.T) {
	var factory *wsruntime.Factory
	var err error
	factory, err = wsruntime.NewFactory(&wsruntime.Options{
		InboundRate: -1, MaxInboundBytes: 4 << 20, MaxEventBytes: 4 << 20, QueueBytes: 8 << 20,
		OnMessage: func(ctx context.Context, _ *wsruntime.Conn, _ wsruntime.MessageType, data []byte) error {
			var m struct{ To, Text string }
			if err := json.Unmarshal(data, &m); err != nil {
				return err
			}
			to, err := factory.Emitter(ctx, wsruntime.UserID(m.To))
			if err != nil {
				return nil // an id that nobody may have
			}
			defer func() { _ = to.Close() }()
			_ = to.Emit(ctx, wsruntime.Event{Type: "message", Data: m.Text}) // nobody may be there
			return nil
		},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, factory.Shutdown(context.Background())) }()
	handler := factory.Handler(func(r *http.Request) (wsruntime.UserID, error) {
		return wsruntime.UserID(r.URL.Query().Get("user")), nil
	})
	r := isolationtest.Run(t, handler, nil)
	require.Equal(t, result.Pass, r.Verdict, r.Reason)
}

func TestAServerThatSendsNothingProvesNothing(t *testing.T) {
	h := newHub(true)
	_, said, _ := failing(t, h, &isolationtest.Config{
		Users: 2, Duration: 300 * time.Millisecond, Schedules: []string{"spread"},
		Emit: func(context.Context, string, string) error { return nil },
	})
	require.NotContains(t, said, "pass")
}

func TestConnectMayBeTheCallersOwn(t *testing.T) {
	h := newHub(true)
	called := make(chan string, 100)
	r := isolationtest.Run(t, h, &isolationtest.Config{
		Users: 3, Duration: 400 * time.Millisecond, Schedules: []string{"burst"}, Emit: h.notify, Path: "/anything",
		Connect: func(ctx context.Context, address, user string) (*websocket.Conn, error) {
			called <- address
			conn, resp, err := websocket.DefaultDialer.DialContext(ctx, address+"?user="+user, nil)
			if resp != nil && resp.Body != nil {
				defer func() { _ = resp.Body.Close() }()
			}
			return conn, err
		},
	})
	require.Equal(t, result.Pass, r.Verdict)
	require.True(t, strings.HasSuffix(<-called, "/anything"))
}

func TestMistakesAreFatal(t *testing.T) {
	_, said, _ := failing(t, newHub(true), &isolationtest.Config{Spec: "usres: 3"})
	require.Contains(t, said, "unknown key usres; did you mean users?")
	_, said, _ = failing(t, newHub(true), &isolationtest.Config{Schedules: []string{"nonesuch"}})
	require.Contains(t, said, "unknown schedule")
	t.Setenv(isolationtest.SeedVariable, "soon")
	_, said, _ = failing(t, newHub(true), nil)
	require.Contains(t, said, "is not a number")
}

func TestTheSeedVariableRepeatsAPlan(t *testing.T) {
	t.Setenv(isolationtest.SeedVariable, "77")
	h := newHub(true)
	r := isolationtest.Run(t, h, &isolationtest.Config{Users: 2, Emit: h.notify, Duration: 300 * time.Millisecond, Schedules: []string{"burst"}})
	require.Equal(t, "77", r.Seed)
}

func TestProcessorsAreGivenBack(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	h := newHub(true)
	isolationtest.Run(t, h, &isolationtest.Config{Users: 2, Emit: h.notify, Duration: 300 * time.Millisecond, Schedules: []string{"burst"}})
	require.Equal(t, before, runtime.GOMAXPROCS(0))
	isolationtest.Yield() // nothing is under way: it does nothing
}
