package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/lxzan/gws"
	"github.com/olahol/melody"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// subject is one server under test: user i of the bench is named by name(i).
type subject interface {
	http.Handler
	send(user int, payload []byte) error
	ready() int64 // users that events can be sent to
	stop()
}

// joined counts the users of a subject that have connected.
type joined struct{ n atomic.Int64 }

func (j *joined) ready() int64 { return j.n.Load() }

// queued is how many events a peer's queue per connection holds: enough for what the client leaves outstanding.
const queued = 1024

type kind struct {
	name string
	make func(users int) (subject, error)
}

var kinds = []kind{
	{"wsmig", func(n int) (subject, error) { return newWsmig(n, wsruntime.Raw) }},
	{"wsmig-envelope", func(n int) (subject, error) { return newWsmig(n, wsruntime.Envelope) }},
	{"gorilla", func(n int) (subject, error) { return &plain{conns: make([]chan []byte, n)}, nil }},
	{"gorilla-hub", func(n int) (subject, error) { return newHub(), nil }},
	{"melody", newMelody},
	{"gws", newGws},
	{"coder", func(n int) (subject, error) { return &coder{conns: make([]chan []byte, n)}, nil }},
	{"centrifuge", newCentrifuge},
	{"bare", func(n int) (subject, error) { return &bare{conns: make([]net.Conn, n)}, nil }},
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

func name(i int) string { return fmt.Sprintf("u%06d", i) }

func index(r *http.Request) (int, error) {
	var i int
	_, err := fmt.Sscanf(r.URL.Query().Get("user"), "u%06d", &i)
	return i, err
}

type wsmig struct {
	http.Handler
	f        *wsruntime.Factory
	emitters []*wsruntime.Emitter
	raw      bool
	data     jsonBytes
}

func newWsmig(n int, framing wsruntime.Framing) (subject, error) {
	f, err := wsruntime.NewFactory(&wsruntime.Options{Framing: framing, PingInterval: -1, WriteTimeout: time.Minute})
	if err != nil {
		return nil, err
	}
	s := &wsmig{f: f, emitters: make([]*wsruntime.Emitter, n), raw: framing == wsruntime.Raw}
	s.Handler = f.Handler(func(r *http.Request) (wsruntime.UserID, error) {
		return wsruntime.UserID(r.URL.Query().Get("user")), nil
	})
	return s, nil
}

type jsonBytes []byte

func (j *jsonBytes) AppendJSON(dst []byte) ([]byte, error) { return append(dst, *j...), nil }

func (s *wsmig) send(i int, p []byte) error {
	em := s.emitters[i]
	if em == nil {
		var err error
		if em, err = s.f.Emitter(context.Background(), wsruntime.UserID(name(i))); err != nil {
			return err
		}
		s.emitters[i] = em
	}
	if s.raw {
		return em.EmitRaw(context.Background(), wsruntime.TextMessage, p)
	}
	s.data = p
	return em.Emit(context.Background(), wsruntime.Event{Type: "bench", Data: &s.data})
}

func (s *wsmig) ready() int64 { return int64(s.f.Stats().ConnsReady) }

func (s *wsmig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = s.f.Shutdown(ctx)
}

// upgrade takes a client's connection, with the number of its user.
func upgrade(w http.ResponseWriter, r *http.Request) (int, *gorilla.Conn, error) {
	i, err := index(r)
	if err != nil {
		return 0, nil, err
	}
	ws, err := new(gorilla.Upgrader).Upgrade(w, r, nil)
	return i, ws, err
}

// plain is the pattern of most servers: a channel and a writer goroutine per connection.
type plain struct {
	joined
	conns []chan []byte
}

func (s *plain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i, ws, err := upgrade(w, r)
	if err != nil {
		return
	}
	ch := make(chan []byte, queued)
	go func() {
		for p := range ch {
			if ws.WriteMessage(gorilla.TextMessage, p) != nil {
				return
			}
		}
	}()
	s.conns[i] = ch
	s.n.Add(1)
	drainGorilla(ws)
}

func drainGorilla(ws *gorilla.Conn) {
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

func (s *plain) send(i int, p []byte) error {
	s.conns[i] <- append([]byte(nil), p...)
	return nil
}

func (s *plain) stop() {}

// bare is no server but the floor: the producer itself writes one frame per event to the socket, with no queue, no lock
// and no limit. What it takes is what the kernel, the scheduler and the bench's own client take from everybody.
type bare struct {
	joined
	conns []net.Conn
	frame []byte
}

func (s *bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i, ws, err := upgrade(w, r)
	if err != nil {
		return
	}
	s.conns[i] = ws.NetConn()
	s.n.Add(1)
	drainGorilla(ws)
}

func (s *bare) send(i int, p []byte) error {
	s.frame = append(append(s.frame[:0], 0x81, 126, byte(len(p)>>8), byte(len(p))), p...)
	_, err := s.conns[i].Write(s.frame)
	return err
}

func (s *bare) stop() {}

// hub is the chat example's shape as a singleton: one goroutine owns the registry and everything passes through it.
type hub struct {
	joined
	register chan hubConn
	messages chan hubMessage
}

type hubConn struct {
	user string
	ch   chan []byte
}

type hubMessage struct {
	user string
	data []byte
}

func newHub() *hub {
	h := &hub{register: make(chan hubConn), messages: make(chan hubMessage)}
	go h.run()
	return h
}

func (h *hub) run() {
	users := map[string]chan []byte{}
	for {
		select {
		case c := <-h.register:
			users[c.user] = c.ch
			h.n.Add(1)
		case m := <-h.messages:
			users[m.user] <- m.data
		}
	}
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	up := gorilla.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	ch := make(chan []byte, queued)
	h.register <- hubConn{r.URL.Query().Get("user"), ch}
	go func() {
		for p := range ch {
			if ws.WriteMessage(gorilla.TextMessage, p) != nil {
				return
			}
		}
	}()
	go drainGorilla(ws)
}

func (h *hub) send(i int, p []byte) error {
	h.messages <- hubMessage{name(i), append([]byte(nil), p...)}
	return nil
}

func (h *hub) stop() {}

type melodyServer struct {
	joined
	m     *melody.Melody
	mu    sync.RWMutex
	users []*melody.Session
}

func newMelody(n int) (subject, error) {
	s := &melodyServer{m: melody.New(), users: make([]*melody.Session, n)}
	s.m.Config.MessageBufferSize = queued
	s.m.HandleConnect(func(ms *melody.Session) {
		if i, err := index(ms.Request); err == nil {
			s.mu.Lock()
			s.users[i] = ms
			s.mu.Unlock()
			s.n.Add(1)
		}
	})
	return s, nil
}

func (s *melodyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) { _ = s.m.HandleRequest(w, r) }

func (s *melodyServer) send(i int, p []byte) error {
	s.mu.RLock()
	ms := s.users[i]
	s.mu.RUnlock()
	return ms.Write(append([]byte(nil), p...))
}

func (s *melodyServer) stop() {}

type gwsServer struct {
	joined
	gws.BuiltinEventHandler
	up    *gws.Upgrader
	users []*gws.Conn
}

func newGws(n int) (subject, error) {
	s := &gwsServer{users: make([]*gws.Conn, n)}
	s.up = gws.NewUpgrader(s, &gws.ServerOption{ReadBufferSize: 1024})
	return s, nil
}

func (s *gwsServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i, err := index(r)
	if err != nil {
		return
	}
	c, err := s.up.Upgrade(w, r)
	if err != nil {
		return
	}
	s.users[i] = c
	s.n.Add(1)
	go c.ReadLoop()
}

func (s *gwsServer) send(i int, p []byte) error {
	s.users[i].WriteAsync(gws.OpcodeText, append([]byte(nil), p...), nil)
	return nil
}

func (s *gwsServer) stop() {}

type coder struct {
	joined
	conns []chan []byte
}

func (s *coder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i, err := index(r)
	if err != nil {
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	ch := make(chan []byte, queued)
	go func() {
		for p := range ch {
			if ws.Write(context.Background(), websocket.MessageText, p) != nil {
				return
			}
		}
	}()
	s.conns[i] = ch
	s.n.Add(1)
	for {
		if _, _, err := ws.Read(context.Background()); err != nil {
			return
		}
	}
}

func (s *coder) send(i int, p []byte) error {
	s.conns[i] <- append([]byte(nil), p...)
	return nil
}

func (s *coder) stop() {}

type centrifugeServer struct {
	joined
	http.Handler
	node  *centrifuge.Node
	users []*centrifuge.Client
}

func newCentrifuge(n int) (subject, error) {
	node, err := centrifuge.New(centrifuge.Config{ClientQueueMaxSize: 64 << 20})
	if err != nil {
		return nil, err
	}
	s := &centrifugeServer{node: node, users: make([]*centrifuge.Client, n)}
	node.OnConnecting(func(ctx context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{}, nil
	})
	node.OnConnect(func(c *centrifuge.Client) {
		var i int
		if _, err := fmt.Sscanf(c.UserID(), "u%06d", &i); err == nil {
			s.users[i] = c
			s.n.Add(1)
		}
	})
	if err := node.Run(); err != nil {
		return nil, err
	}
	ws := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{})
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := centrifuge.SetCredentials(r.Context(), &centrifuge.Credentials{UserID: r.URL.Query().Get("user")})
		ws.ServeHTTP(w, r.WithContext(ctx))
	})
	return s, nil
}

func (s *centrifugeServer) send(i int, p []byte) error {
	if s.users[i] == nil {
		return errors.New("not connected")
	}
	return s.users[i].Send(append([]byte(nil), p...))
}

func (s *centrifugeServer) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.node.Shutdown(ctx)
}
