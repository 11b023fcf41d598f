package compat_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/compat"
	//wsmig:ignore secondhub each test gives compat a factory of its own
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// setUp gives compat a factory of the test's own and forgets what other tests called.
func setUp(t *testing.T, o *wsruntime.Options) *wsruntime.Factory {
	t.Helper()
	if o == nil {
		o = &wsruntime.Options{Framing: wsruntime.Raw}
	}
	f := runtimetest.New(t, o)
	before := compat.Use(f)
	compat.ResetSites()
	t.Cleanup(func() { compat.Use(before) })
	return f
}

// serveOld is a server as old code writes it: it upgrades, registers and reads itself.
func serveOld(t *testing.T) string {
	t.Helper()
	var up websocket.Upgrader
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := r.URL.Query().Get("user")
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if err := compat.GetManager().Connect(user, conn); err != nil {
			return
		}
		defer compat.GetManager().Unregister(user, conn)
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	return "ws" + strings.TrimPrefix(srv.URL, "http")
}

func dial(t *testing.T, url, user string) *runtimetest.Recorder {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial(url+"?user="+user, nil)
	require.NoError(t, err)
	return runtimetest.NewRecorder(t, ws)
}

func connected(t *testing.T, users ...string) {
	t.Helper()
	for late := time.Now().Add(time.Minute); fmt.Sprint(compat.GetManager().Users()) != fmt.Sprint(users); <-time.After(time.Millisecond) {
		require.False(t, time.Now().After(late), "%v are connected", compat.GetManager().Users())
	}
}

func texts(frames []runtimetest.Frame) []string {
	var all []string
	for _, f := range frames {
		all = append(all, string(f.Raw))
	}
	return all
}

// TestOldServer runs old code on the factory: the bytes are those of old, and each user gets his own.
func TestOldServer(t *testing.T) {
	f := setUp(t, nil)
	url := serveOld(t)
	alice, bob := dial(t, url, "alice"), dial(t, url, "bob")
	connected(t, "alice", "bob")
	m := compat.GetManager()
	require.NoError(t, m.SendToUser("alice", []byte("bytes")))
	require.NoError(t, m.SendToUser("alice", "a string"))
	require.NoError(t, m.SendToUser("alice", map[string]int{"n": 1}))
	require.NoError(t, m.SendToUser("bob", "his"))
	require.ErrorIs(t, m.SendToUser("carol", "nobody"), wsruntime.ErrNoConnection, "an error, not a silent loss")
	require.ErrorIs(t, m.SendToUser("", "no user"), wsruntime.ErrInvalidID)
	require.NoError(t, m.Broadcast("all"))
	require.NoError(t, m.Broadcast(map[string]int{"n": 2}))
	require.Equal(t, []string{"bytes", "a string", "{\"n\":1}\n", "all", "{\"n\":2}\n"}, texts(alice.Wait(5)))
	require.Equal(t, []string{"his", "all", "{\"n\":2}\n"}, texts(bob.Wait(3)))
	require.True(t, m.IsConnected("alice"))
	require.False(t, m.IsConnected("carol"))
	require.Equal(t, []string{"alice", "bob"}, m.ConnectedUsers())
	require.NoError(t, m.Disconnect("alice"))
	require.Equal(t, 1000, alice.WaitClosed())
	connected(t, "bob")
	require.NoError(t, bob.Conn().Close())
	connected(t)
	require.Eventually(t, func() bool { return f.Stats().Conns == 0 }, time.Minute, time.Millisecond, "a place is free again once its socket is gone")
}

// TestUnregisterTakesTheConnection: the old socket's end does not touch the newer one, and nobody closes another
// user's.
func TestUnregisterTakesTheConnection(t *testing.T) {
	setUp(t, nil)
	server := make(chan *websocket.Conn, 2)
	var up websocket.Upgrader
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
		}
		server <- conn
	}))
	defer srv.Close()
	url := "ws" + strings.TrimPrefix(srv.URL, "http")
	m := compat.GetManager()
	old := dial(t, url, "")
	oldConn := <-server
	require.NoError(t, m.Register("alice", oldConn))
	newer := dial(t, url, "")
	require.NoError(t, m.Register("alice", <-server))
	require.ErrorIs(t, m.Unregister("mallory", oldConn), wsruntime.ErrOwner)
	require.NoError(t, m.Unregister("alice", oldConn))
	require.Equal(t, 1000, old.WaitClosed())
	require.NoError(t, m.Unregister("alice", oldConn), "twice is fine")
	require.NoError(t, m.SendToUser("alice", "still here"))
	newer.Wait(1)
	require.NoError(t, m.Shutdown())
	require.Equal(t, 1012, newer.WaitClosed())
	require.ErrorIs(t, m.Factory().Shutdown(t.Context()), nil, "a call after Shutdown makes a new factory")
	compat.Use(nil)
}

func TestDefaultFactory(t *testing.T) {
	before := compat.Use(nil)
	defer compat.Use(before)
	require.ErrorIs(t, compat.GetManager().SendToUser("alice", "x"), wsruntime.ErrNoConnection)
	require.NoError(t, compat.GetManager().Shutdown())
	require.NoError(t, compat.GetManager().Shutdown(), "nothing to shut down")
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// TestSites: each place warns once, with file and line, and every call is counted.
func TestSites(t *testing.T) {
	setUp(t, nil)
	var out lockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	defer slog.SetDefault(before)
	m := compat.GetManager()
	for range 3 {
		_ = m.SendToUser("alice", "x") // nobody is connected
		_ = m.Broadcast("x")
	}
	_ = m.For("alice").Send("migrated code is not counted")
	_ = m.BroadcastAll("neither is this")
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.ConnectedUsers()
	}()
	<-done

	sites := compat.Sites()
	require.Len(t, sites, 3)
	for i, want := range []string{"SendToUser 3", "Broadcast 3", "ConnectedUsers 1"} {
		require.Equal(t, want, fmt.Sprint(sites[i].Method, " ", sites[i].Calls))
		require.Equal(t, "compat_test.go", filepath.Base(sites[i].File))
		require.Contains(t, sites[i].Function, "TestSites")
	}
	require.Equal(t, sites[0].Line+1, sites[1].Line)
	require.Equal(t, 3, strings.Count(out.b.String(), "deprecated call through runtime/compat"))
	require.Contains(t, out.b.String(), fmt.Sprintf("compat_test.go:%d", sites[0].Line))
}

func TestStrict(t *testing.T) {
	setUp(t, nil)
	require.False(t, compat.Strict(true))
	call := func() { _ = compat.GetManager().SendToUser("alice", "x") }
	require.PanicsWithValue(t, "wsmig: strict: SendToUser called at "+site(t, call), call)
	require.NotPanics(t, func() { _ = compat.GetManager().For("alice").Send("x") })
	require.True(t, compat.Strict(false))
	require.NotPanics(t, call)
	t.Setenv("WSMIG_STRICT", "1")
	require.Panics(t, call)
	t.Setenv("WSMIG_STRICT", "0")
	require.NotPanics(t, call)
}

// site runs a call that panics and says where Sites has seen it.
func site(t *testing.T, call func()) string {
	t.Helper()
	require.Panics(t, call)
	s := compat.Sites()[0]
	return fmt.Sprintf("%s:%d", s.File, s.Line)
}
