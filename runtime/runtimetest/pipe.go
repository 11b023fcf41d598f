package runtimetest

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/internal/pipe"
)

// pipeBytes is what a connection holds on its way before the writer waits.
const pipeBytes = 64 << 10

// handshakeTime bounds a handshake in memory: it either happens at once or never.
const handshakeTime = time.Minute

// Pipe connects user to the factory through memory and returns the client's end, ready: with [wsruntime.Envelope] the
// first message to read is wsmig.ready. It is closed with the test. It works in a testing/synctest bubble; a user whom
// the factory refuses fails the test.
func Pipe(t testing.TB, f *wsruntime.Factory, user wsruntime.UserID) *websocket.Conn {
	t.Helper()
	ws, _, err := Dial(f, user, "")
	if err != nil {
		t.Fatalf("runtimetest: connect %q: %v", user, err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return ws
}

// Dial is [Pipe] without a test: query is what follows the question mark of the request (resume, device), and the
// response is there also when the factory refused.
func Dial(f *wsruntime.Factory, user wsruntime.UserID, query string) (*websocket.Conn, *http.Response, error) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = f.Serve(w, r, user) })
	return DialHandler(h, "/?"+query, nil)
}

// DialHandler performs a WebSocket handshake with any handler through memory.
func DialHandler(h http.Handler, target string, header http.Header) (*websocket.Conn, *http.Response, error) {
	u, err := url.Parse("ws://pipe" + target)
	if err != nil {
		return nil, nil, err
	}
	client, server := pipe.New(pipeBytes)
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	served := make(chan struct{})
	go func() {
		defer close(served)
		serveOne(h, server)
	}()
	d := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
	ws, resp, err := d.DialContext(ctx, u.String(), header)
	if err != nil {
		_ = client.Close()
	}
	<-served
	return ws, resp, err
}

// serveOne reads one request from the connection and lets the handler answer it.
func serveOne(h http.Handler, nc *pipe.Conn) {
	rd := bufio.NewReader(nc)
	r, err := http.ReadRequest(rd)
	if err != nil {
		_ = nc.Close()
		return
	}
	r.RemoteAddr = nc.RemoteAddr().String()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // as net/http does when the handler returns
	w := &responder{nc: nc, rw: bufio.NewReadWriter(rd, bufio.NewWriter(nc)), header: http.Header{}}
	h.ServeHTTP(w, r.WithContext(ctx))
	w.finish()
}
