package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/natsbus"
)

// node is one machine: a factory, its bus, and an HTTP server.
type node struct {
	f      *wsruntime.Factory
	bus    *natsbus.Bus
	ln     net.Listener
	srv    *http.Server
	served chan error
}

func newNode(ctx context.Context, listen, url string, replicas int, options ...nats.Option) (*node, error) {
	bus, err := natsbus.New(ctx, &natsbus.Options{URL: url, Replicas: replicas, NATS: options, StartTimeout: time.Minute})
	if err != nil {
		return nil, err
	}
	n := &node{bus: bus, served: make(chan error, 1)}
	n.f, err = wsruntime.NewFactory(&wsruntime.Options{Bus: bus, OnMessage: n.message})
	if err == nil {
		n.ln, err = net.Listen("tcp", listen)
	}
	if err != nil {
		return nil, errors.Join(err, n.stop(ctx))
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", n.f.Handler(authenticate))
	mux.HandleFunc("/livez", n.live)
	mux.HandleFunc("/readyz", n.ready)
	n.srv = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { n.served <- n.srv.Serve(n.ln) }()
	return n, nil
}

func (n *node) address() string { return n.ln.Addr().String() }

func authenticate(r *http.Request) (wsruntime.UserID, error) {
	return wsruntime.UserID(r.URL.Query().Get("user")), nil
}

// envelope is what clients send: {"type":"send","to":"bob","text":"hi","n":7}. The answer says that event n is stored.
type envelope struct {
	Type string           `json:"type"`
	To   wsruntime.UserID `json:"to"`
	Text string           `json:"text"`
	N    int              `json:"n"`
}

// line is what the addressee gets. Who it is from is the connection's owner, whatever the sender says.
type line struct {
	From wsruntime.UserID `json:"from"`
	Text string           `json:"text"`
}

func (n *node) message(ctx context.Context, c *wsruntime.Conn, _ wsruntime.MessageType, data []byte) error {
	var m envelope
	if err := json.Unmarshal(data, &m); err != nil || m.Type != "send" {
		return c.Emit(ctx, wsruntime.Event{Type: "error", Data: "want type send, to, text"})
	}
	em, err := n.f.Emitter(ctx, m.To)
	if err != nil {
		return c.Emit(ctx, wsruntime.Event{Type: "error", Data: err.Error()})
	}
	defer em.Close()
	err = em.Emit(ctx, wsruntime.Event{Type: "message", Data: line{c.User(), m.Text}})
	if err != nil && !errors.Is(err, wsruntime.ErrNoConnection) {
		return c.Emit(ctx, wsruntime.Event{Type: "error", Data: "not stored: try again"})
	}
	if m.N == 0 {
		return nil
	}
	return c.Emit(ctx, wsruntime.Event{Type: "sent", Data: m.N})
}

// live is false when the factory's own clock stands still: then a restart helps. That NATS is away is no such reason.
func (n *node) live(w http.ResponseWriter, _ *http.Request) {
	if time.Since(n.f.Stats().JanitorLastRun) > time.Minute {
		http.Error(w, "stuck", http.StatusServiceUnavailable)
	}
}

// ready is false while this node should get no new clients.
func (n *node) ready(w http.ResponseWriter, _ *http.Request) {
	if err := n.bus.Err(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// stop delivers what is queued, sends the clients to other nodes, which find in the history what they have not got, and
// leaves the cluster.
func (n *node) stop(ctx context.Context) error {
	var errs []error
	if n.f != nil {
		errs = append(errs, n.f.Shutdown(ctx))
	}
	if n.srv != nil {
		errs = append(errs, n.srv.Shutdown(ctx))
	}
	return errors.Join(append(errs, n.bus.Close())...)
}
