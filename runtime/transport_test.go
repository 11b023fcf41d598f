package runtime_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// wrapped is a connection of a type of its own, as middleware makes them: whatever it embeds, only its Write may write.
type wrapped struct {
	*net.TCPConn
}

func (c wrapped) Write(p []byte) (int, error) { return c.TCPConn.Write(p) }

type wrapping struct{ net.Listener }

func (l wrapping) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return wrapped{nc.(*net.TCPConn)}, nil
}

// pipeListener hands out the far ends of net.Pipe, which has no buffer at all: a write waits for its reader.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) dial() (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// transport is a way to reach a handler. Fast says whether writes go straight to the socket on it.
type transport struct {
	start func(*testing.T, http.Handler) (string, *websocket.Dialer)
	fast  bool
}

var transports = map[string]transport{
	"TCP": {func(t *testing.T, h http.Handler) (string, *websocket.Dialer) {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		return srv.URL, &websocket.Dialer{}
	}, true},
	"TLS": {func(t *testing.T, h http.Handler) (string, *websocket.Dialer) {
		srv := httptest.NewTLSServer(h)
		t.Cleanup(srv.Close)
		pool := srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		return srv.URL, &websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool}}
	}, false},
	"Unix": {func(t *testing.T, h http.Handler) (string, *websocket.Dialer) {
		path := filepath.Join(t.TempDir(), "s")
		ln, err := net.Listen("unix", path)
		require.NoError(t, err)
		srv := &httptest.Server{Listener: ln, Config: &http.Server{Handler: h}}
		srv.Start()
		t.Cleanup(srv.Close)
		return "http://unix", &websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return net.Dial("unix", path) }}
	}, true},
	"net.Pipe": {func(t *testing.T, h http.Handler) (string, *websocket.Dialer) {
		ln := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		srv := &httptest.Server{Listener: ln, Config: &http.Server{Handler: h}}
		srv.Start()
		t.Cleanup(srv.Close)
		return "http://pipe", &websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return ln.dial() }}
	}, false},
	"wrapped": {func(t *testing.T, h http.Handler) (string, *websocket.Dialer) {
		srv := httptest.NewUnstartedServer(h)
		srv.Listener = wrapping{srv.Listener}
		srv.Start()
		t.Cleanup(srv.Close)
		return srv.URL, &websocket.Dialer{}
	}, false},
	"reverse proxy": {func(t *testing.T, h http.Handler) (string, *websocket.Dialer) {
		back := httptest.NewServer(h)
		t.Cleanup(back.Close)
		u, err := url.Parse(back.URL)
		require.NoError(t, err)
		front := httptest.NewServer(httputil.NewSingleHostReverseProxy(u))
		t.Cleanup(front.Close)
		return front.URL, &websocket.Dialer{}
	}, true},
}

// TestTransports serves the same traffic over each kind of connection and looks which path was taken.
func TestTransports(t *testing.T) {
	for name, tr := range transports {
		t.Run(name, func(t *testing.T) { traffic(t, tr) })
	}
}

func traffic(t *testing.T, tr transport) {
	t.Helper()
	f := newFactory(t, &wsruntime.Options{OnMessage: echo, QueueEvents: 5000, QueueBytes: 64 << 20, MaxEventBytes: 1 << 20})
	u, d := tr.start(t, f.Handler(byQuery))
	ws, _, err := d.Dial("ws"+strings.TrimPrefix(u, "http")+"?user=alice", nil)
	require.NoError(t, err)
	r := runtimetest.NewRecorder(t, ws)
	em := emitter(t, f, "alice")
	c := conn(t, f, em)
	require.Equal(t, tr.fast, wsruntime.Fast(c))
	big := strings.Repeat("x", 8000)
	for i := range 400 {
		require.NoError(t, em.Emit(t.Context(), event(fmt.Sprint(i, big[:i*20]))))
	}
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("hello")))
	for i, fr := range r.Wait(401)[:400] {
		if fr.Seq != 0 {
			require.True(t, strings.HasPrefix(string(fr.Data), fmt.Sprintf(`"%d`, fr.Seq-1)), "%d", i)
		}
	}
	require.NoError(t, c.Close(4001, "bye"))
	require.Equal(t, 4001, r.WaitClosed())
	require.NoError(t, em.Close())
	gone(t, f)
}

// TestHTTP2 asks a server that speaks both: over HTTP/2 the answer says what is wrong, over HTTP/1.1 all works.
func TestHTTP2(t *testing.T) {
	f := newFactory(t, nil)
	srv := httptest.NewUnstartedServer(f.Handler(byQuery))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	resp, err := srv.Client().Get(srv.URL + "?user=alice")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 2, resp.ProtoMajor)
	require.Equal(t, http.StatusHTTPVersionNotSupported, resp.StatusCode)
	require.Contains(t, string(body), "HTTP/1.1 only")

	pool := srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool}}
	ws, _, err := d.Dial("wss"+strings.TrimPrefix(srv.URL, "https")+"?user=alice", nil)
	require.NoError(t, err)
	runtimetest.NewRecorder(t, ws).WaitType("wsmig.ready")
}

func echo(ctx context.Context, c *wsruntime.Conn, mt wsruntime.MessageType, data []byte) error {
	return c.EmitRaw(ctx, mt, data)
}

// TestCompression: what a client that agreed on it gets is packed and the same; a client that did not is served from
// the same emit; nothing of one user can show in what another gets, since each message starts from nothing.
func TestCompression(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{Compression: true, OnMessage: echo, MaxInboundBytes: 1 << 20})
	url := serve(t, f)
	packed := websocket.Dialer{EnableCompression: true}
	ws, resp, err := packed.Dial(url+"?user=alice", nil)
	require.NoError(t, err)
	require.Contains(t, resp.Header.Get("Sec-Websocket-Extensions"), "server_no_context_takeover")
	alice, plain := runtimetest.NewRecorder(t, ws), record(t, url, "alice")
	plain.WaitType("wsmig.ready")
	em := emitter(t, f, "alice")
	eventually(t, "both", func() bool { return em.UserContext().Pool().Len() == 2 })
	before := f.Stats().BytesWritten
	long := strings.Repeat("all work and no play ", 200)
	for i := range 50 {
		require.NoError(t, em.Emit(t.Context(), event(fmt.Sprint(i, long))))
		require.NoError(t, em.EmitRaw(t.Context(), wsruntime.TextMessage, []byte("short")))
	}
	require.Equal(t, datas(plain.Wait(100)), datas(alice.Wait(100)))
	require.Less(t, f.Stats().BytesWritten-before, uint64(60*len(long)), "one of the two was packed")
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte(long)))
	require.Equal(t, long, string(alice.Wait(101)[100].Raw))

	fr := alice.Frames()[1]
	resumed, _, err := packed.Dial(fmt.Sprintf("%s?user=alice&resume=%s:%d", url, fr.Epoch, 40), nil)
	require.NoError(t, err)
	require.Len(t, runtimetest.NewRecorder(t, resumed).Wait(10), 10, "replay is packed too")

	off := newFactory(t, nil)
	_, resp, err = packed.Dial(serve(t, off)+"?user=alice", nil)
	require.NoError(t, err)
	require.Empty(t, resp.Header.Get("Sec-Websocket-Extensions"), "off by default")
}

// TestCompressedBomb: the bound on inbound messages holds for what they unpack to.
func TestCompressedBomb(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{Compression: true, MaxInboundBytes: 10000})
	d := websocket.Dialer{EnableCompression: true}
	ws, _, err := d.Dial(serve(t, f)+"?user=alice", nil)
	require.NoError(t, err)
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, make([]byte, 5<<20)))
	require.Equal(t, 1009, runtimetest.NewRecorder(t, ws).WaitClosed())
}

// TestAdopt: connections that the application upgraded and reads itself.
func TestAdopt(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{MaxConnsPerUser: 1, QueueBytes: 16 << 20})
	var up websocket.Upgrader
	adopted := make(chan *wsruntime.Conn, 1)
	read := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c, err := f.Adopt(r.Context(), "alice", ws)
		if err != nil {
			_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1013, ""), deadline())
			_ = ws.Close()
			return
		}
		adopted <- c
		readAll(ws, c, read)
	}))
	defer srv.Close()
	url := "ws" + strings.TrimPrefix(srv.URL, "http")
	r := record(t, url, "")
	em := emitter(t, f, "alice")
	c := <-adopted
	require.Equal(t, wsruntime.Healthy, c.Health())
	for i := range 200 {
		require.NoError(t, em.Emit(t.Context(), event(strings.Repeat("y", i*350))))
	}
	require.Len(t, r.Wait(200), 200)
	require.NoError(t, r.Conn().WriteMessage(websocket.TextMessage, []byte("up")))
	require.Equal(t, "up", <-read, "the application still reads")
	require.Equal(t, 1013, record(t, url, "").WaitClosed(), "the limits hold")
	require.NoError(t, r.Conn().Close())
	eventually(t, "the end", func() bool { return c.State() == wsruntime.StateClosed })

	again := record(t, url, "")
	c = <-adopted
	require.NoError(t, f.Revoke(t.Context(), "alice"))
	require.Equal(t, 1008, again.WaitClosed())
	require.NoError(t, em.Close())
	gone(t, f)

	silent := record(t, url, "")
	c = <-adopted
	require.NoError(t, f.Shutdown(t.Context()))
	require.Equal(t, 1012, silent.WaitClosed())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.Adopt(ctx, "alice", silent.Conn())
	require.ErrorIs(t, err, context.Canceled)
	_, err = f.Adopt(t.Context(), "alice", silent.Conn())
	require.ErrorIs(t, err, wsruntime.ErrClosed)
}

// readAll is the read loop of an application that keeps its own.
func readAll(ws *websocket.Conn, c *wsruntime.Conn, read chan<- string) {
	for {
		_, p, err := ws.ReadMessage()
		if err != nil {
			_ = c.Close(1000, "")
			return
		}
		read <- string(p)
	}
}

// TestAdoptedAndStalled: nobody reads an adopted connection here, so the write time-out has to find the dead one.
func TestAdoptedAndStalled(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{WriteTimeout: 50 * time.Millisecond})
	var up websocket.Upgrader
	adopted := make(chan *wsruntime.Conn, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c, err := f.Adopt(r.Context(), "alice", ws)
		if err != nil {
			t.Error(err)
		}
		adopted <- c
	}))
	defer srv.Close()
	deaf(t, "ws"+strings.TrimPrefix(srv.URL, "http"), "")
	c := <-adopted
	em := emitter(t, f, "alice")
	flood(t, em)
	eventually(t, "the end", func() bool { return c.State() == wsruntime.StateClosed })
	require.NoError(t, em.Close())
	gone(t, f)
	require.NoError(t, runtimetest.Conserved(f))
}
