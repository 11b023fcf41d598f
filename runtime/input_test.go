package runtime_test

import (
	"context"
	"errors"
	"net/http"
	goruntime "runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// masked makes a client's frame with a mask that is not all zero.
func masked(first byte, payload string) []byte {
	mask := [4]byte{1, 2, 3, 4}
	b := append([]byte{first, 0x80 | byte(len(payload))}, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return b
}

// TestInputBetweenMessages sends what clients send in every cut: the reader that waits outside gorilla takes pongs and
// nothing else, wherever the segments end.
func TestInputBetweenMessages(t *testing.T) {
	got := make(chan string, 64)
	f := newFactory(t, &wsruntime.Options{PingInterval: -1, OnMessage: func(_ context.Context, _ *wsruntime.Conn, _ wsruntime.MessageType, data []byte) error {
		got <- string(data)
		return nil
	}})
	ws := dial(t, serve(t, f), "alice")
	require.True(t, wsruntime.Fast(conn(t, f, emitter(t, f, "alice"))))
	var stream []byte
	for _, frame := range [][]byte{
		masked(0x8a, "abcd"), masked(0x8a, ""), masked(0x81, "one"), masked(0x8a, strings.Repeat("p", 125)), masked(0x89, "ping"),
		masked(0x01, "t"), masked(0x8a, "in the middle"), masked(0x80, "wo"), masked(0x8a, "last"), masked(0x8a, "abcd"), masked(0x81, "three"),
	} {
		stream = append(stream, frame...)
	}
	for _, cut := range []int{1, 2, 3, 5, 7, 11, 64, len(stream)} {
		for rest := stream; len(rest) > 0; rest = rest[min(cut, len(rest)):] {
			_, err := ws.NetConn().Write(rest[:min(cut, len(rest))])
			require.NoError(t, err)
			if cut < 8 {
				goruntime.Gosched() // or the kernel makes one segment of all
			}
		}
		for _, want := range []string{"one", "two", "three"} {
			require.Equal(t, want, <-got, "cut into %d bytes", cut)
		}
	}
}

// TestBadPongs: what only looks like a pong is judged by gorilla, like every other frame.
func TestBadPongs(t *testing.T) {
	for name, frame := range map[string][]byte{
		"not masked": {0x8a, 4, 1, 2, 3, 4}, "not final": masked(0x0a, "abcd"), "reserved bit": masked(0xca, "abcd"),
		"too long": {0x8a, 0xfe, 0, 126, 1, 2, 3, 4},
	} {
		f := newFactory(t, nil)
		ws := dial(t, serve(t, f), "alice")
		_, err := ws.NetConn().Write(append(masked(0x8a, "abcd"), frame...))
		require.NoError(t, err)
		require.Equal(t, 1002, runtimetest.NewRecorder(t, ws).WaitClosed(), name)
	}
}

// TestPongsOnASocket: liveness is seen where the reader waits outside gorilla as well.
func TestPongsOnASocket(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{PingInterval: 20 * time.Millisecond, PongWait: patience})
	record(t, serve(t, f), "alice") // gorilla's client answers pings
	c := conn(t, f, emitter(t, f, "alice"))
	last := c.LastPong()
	for range 3 {
		eventually(t, "a pong", func() bool { return c.LastPong().After(last) })
		last = c.LastPong()
	}
	require.Equal(t, wsruntime.StateReady, c.State())
}

// TestTornOffWhileWaiting: the application hears why the reader of an idle connection ended.
func TestTornOffWhileWaiting(t *testing.T) {
	ends := make(chan error, 1)
	f := newFactory(t, &wsruntime.Options{OnDisconnect: func(_ *wsruntime.Conn, err error) { ends <- err }})
	url := serve(t, f)
	ws := dial(t, url, "alice")
	_, _, err := ws.ReadMessage()
	require.NoError(t, err, "ready: closing a socket with unread bytes would reset it")
	require.NoError(t, ws.NetConn().Close())
	end := <-ends
	require.True(t, websocket.IsCloseError(end, websocket.CloseAbnormalClosure), "%v", end)

	ws = dial(t, url, "alice")
	c := conn(t, f, emitter(t, f, "alice"))
	require.NoError(t, f.Revoke(t.Context(), "alice"))
	require.ErrorIs(t, <-ends, wsruntime.ErrRevoked)
	require.ErrorIs(t, c.Err(), wsruntime.ErrRevoked)
	require.NoError(t, ws.Close())
}

// TestIdleConnectionsCostNoGoroutine counts what 100 idle connections cost: nothing where the poller works, one each
// elsewhere. A client that has sent something has one until it has answered a ping.
func TestIdleConnectionsCostNoGoroutine(t *testing.T) {
	const conns = 100
	each := conns
	if goruntime.GOOS == "linux" {
		each = 0
	}
	const some = 10 // the poller, the server's own
	f := newFactory(t, &wsruntime.Options{MaxConnsPerUser: conns, PingInterval: 50 * time.Millisecond, PongWait: patience})
	url := serve(t, f)
	before := goruntime.NumGoroutine()
	var clients []*websocket.Conn
	for range conns {
		clients = append(clients, dial(t, url, "alice"))
	}
	eventually(t, "handlers to return", func() bool {
		return f.Stats().ConnsReady == conns && goruntime.NumGoroutine() <= before+each+some
	})
	for _, ws := range clients {
		require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("hello")))
	}
	eventually(t, "messages", func() bool { return f.Stats().Inbound == conns })
	for _, ws := range clients {
		runtimetest.NewRecorder(t, ws) // answers pings
	}
	eventually(t, "calm", func() bool { return goruntime.NumGoroutine() <= before+conns+each+some })
}

// TestHandshakeContext: the authenticator's context ends with the handshake's time, with the handshake, and with the
// request, whether somebody waits for that or asks.
func TestHandshakeContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		f := newFactory(t, &wsruntime.Options{HandshakeTimeout: time.Second})
		auth := func(r *http.Request) (wsruntime.UserID, error) {
			kept = r.Context()
			by, ok := kept.Deadline()
			if !ok || time.Until(by) != time.Second || kept.Err() != nil {
				return "", errors.New("no deadline")
			}
			if r.URL.Query().Has("wait") {
				<-kept.Done()
				return "", kept.Err()
			}
			if r.URL.Query().Has("ask") {
				<-time.After(time.Second)
				return "", kept.Err()
			}
			return "alice", nil
		}
		for _, query := range []string{"wait", "ask"} {
			begun := time.Now()
			_, resp, err := runtimetest.DialHandler(f.Handler(auth), "/?"+query, nil)
			require.Error(t, err)
			require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
			require.Equal(t, time.Second, time.Since(begun))
			require.Error(t, kept.Err())
		}
		ws, _, err := runtimetest.DialHandler(f.Handler(auth), "/", nil)
		require.NoError(t, err)
		require.ErrorIs(t, kept.Err(), context.Canceled, "nothing may outlive the handshake by it")
		<-kept.Done()
		require.NoError(t, ws.Close())
	})
}
