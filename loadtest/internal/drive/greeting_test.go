package drive_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// greeter holds a connection for its user's as soon as it is open, as most servers
// that read the user from the handshake do, and greets it late: after the first
// event that it gets, or after a while.
type greeter struct {
	mu    sync.Mutex
	conns map[*websocket.Conn]*guest
	early int
}

type guest struct {
	user    string
	greeted bool
}

func (g *greeter) serve(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	g.mu.Lock()
	g.conns[conn] = &guest{user: r.URL.Query().Get("user")}
	g.mu.Unlock()
	late := time.AfterFunc(20*time.Millisecond, func() { g.greet(conn) })
	defer func() {
		late.Stop()
		g.mu.Lock()
		delete(g.conns, conn)
		g.mu.Unlock()
		_ = conn.Close()
	}()
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		to, text, _ := strings.Cut(string(data), " ")
		g.send(to, []byte(text))
	}
}

func (g *greeter) send(to string, text []byte) {
	g.mu.Lock()
	var greet []*websocket.Conn
	for conn, who := range g.conns {
		if to != "all" && to != who.user {
			continue
		}
		_ = conn.WriteMessage(websocket.TextMessage, text)
		if !who.greeted {
			g.early++
			greet = append(greet, conn)
		}
	}
	g.mu.Unlock()
	for _, conn := range greet {
		g.greet(conn)
	}
}

func (g *greeter) greet(conn *websocket.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if who := g.conns[conn]; who != nil && !who.greeted {
		who.greeted = true
		_ = conn.WriteMessage(websocket.TextMessage, []byte("welcome"))
	}
}

func TestAServerThatGreetsAfterItRegistersIsNotBlamed(t *testing.T) {
	g := &greeter{conns: map[*websocket.Conn]*guest{}}
	server := httptest.NewServer(http.HandlerFunc(g.serve))
	defer server.Close()
	config := "target: ws" + strings.TrimPrefix(server.URL, "http") + "\nauth: {query: {user: '{{.user.id}}'}}\nready: {contains: welcome}\n" +
		"emit: [{ws: '{{.user.id}} {{canary}}'}, {ws: 'all {{canary}}', audience: broadcast}]"
	d := driver(t, config, 6, nil)
	defer d.Close()
	for _, name := range []string{"cold-start", "churn", "swap", "overlap-reconnect"} {
		require.Empty(t, play(t, d, name, 12).Map(), name)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	require.NotZero(t, g.early, "some events came before the greeting")
}
