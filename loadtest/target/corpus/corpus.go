// Package corpus holds small chat servers with one real bug each, by which an
// event of one user reaches another or gets lost, and for each its correct twin,
// which differs in that bug alone. They are what a load test's power is measured
// on: it is told of a server what an outside user would write of his own, the
// configuration, and nothing else.
//
// The bugs are mechanisms that public incidents had: maps, pools, buffers, caches
// and goroutines used as people use them. None decides by chance to leak, none
// sleeps to make room for a leak, and none is a data race: what is wrong is never
// an access without a lock, so all of them keep silent under the race detector.
package corpus

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Server is one server of the corpus. It is plain data; its functions are safe for
// concurrent use.
type Server struct {
	// Name is unique, such as "m14-stale-close", or "m14-stale-close-fixed" for the
	// twin.
	Name string
	// Mechanism is the bug's number in the catalogue, "M01" to "M28"; a twin has
	// that of its bug.
	Mechanism string
	// Correct reports whether nothing is known to be wrong with the server.
	Correct bool
	// Twin is the name of the other half.
	Twin string
	// What is one sentence: what is wrong, or what the twin does instead.
	What string
	// Listeners is how many listeners Start wants, 1 or 2: one for each node.
	Listeners int
	// Start serves on the listeners until stop is called or ctx ends. stop closes
	// the listeners and every connection, waits for every goroutine of the server,
	// and may be called again.
	Start func(ctx context.Context, ln ...net.Listener) (stop func() error, err error)
	// Config is the load test's configuration of the server, complete, given the
	// HOST:PORT of each listener.
	Config func(addr ...string) string

	_ struct{}
}

// mechanism is a bug: a correct service, and what is put into it.
type mechanism struct {
	number, name string
	what         string // of the bug
	instead      string // of the twin
	format       chat.Format
	auth         func() *chat.Auth
	ready        string
	emit, more   []string
	backend      bool // requests are passed on to a back end
	store        bool // messages are logged
	// wire puts the mechanism into the service, its bug left out when fixed.
	wire func(s *chat.Service, fixed bool)
	// nodes is wire for a server of several nodes.
	nodes func(nodes []*chat.Service, fixed bool)
}

// mechanisms is the catalogue in its order.
var mechanisms = []*mechanism{
	&m01, &m02, &m03, &m04, &m05, &m06, &m07, &m08, &m09, &m10, &m11, &m12, &m13, &m14, &m15,
	&m16Prefix, &m16Tenant, &m16Hash, &m17Case, &m17Form, &m17Twice, &m17Number, &m18Flight, &m18Card, &m19, &m20, &m21,
	&m22Resumed, &m22Aborted, &m23Revoked, &m23Switched, &m23Goodbye, &m23Members, &m24, &m25, &m26Hub, &m26Queue,
	&m27Ack, &m27Close, &m27Presence, &m28,
}

// All lists the servers: each buggy one, then its twin. A mechanism with several
// has its plainest first.
func All() []Server {
	var all []Server
	for _, m := range mechanisms {
		all = append(all, m.server(false), m.server(true))
	}
	return all
}

// Find returns the server of that name.
func Find(name string) (Server, error) {
	for _, s := range All() {
		if s.Name == name {
			return s, nil
		}
	}
	return Server{}, fmt.Errorf("no server of the corpus is called %q", name)
}

func (m *mechanism) server(fixed bool) Server {
	name := fmt.Sprintf("%s%s-%s", "m", m.number[1:], m.name)
	s := Server{
		Name: name, Mechanism: m.number, Correct: fixed, Twin: name + "-fixed", What: m.what, Listeners: 1,
		Config: func(addr ...string) string {
			face := chat.Face{Auth: m.auth().Face, Ready: m.ready, Emit: m.emit, More: m.more}
			return face.YAML(addr...)
		},
		Start: func(ctx context.Context, ln ...net.Listener) (func() error, error) { return m.start(ctx, fixed, ln) },
	}
	if m.nodes != nil {
		s.Listeners = 2
	}
	if fixed {
		s.Name, s.Twin, s.What = s.Twin, s.Name, m.instead
	}
	return s
}

func (m *mechanism) start(ctx context.Context, fixed bool, ln []net.Listener) (func() error, error) {
	lobby := chat.NewLobby(ctx)
	handlers, err := m.handlers(lobby, fixed, len(ln))
	if err != nil {
		_ = lobby.Stop() // the first error is the one that counts
		return nil, err
	}
	for i, h := range handlers {
		lobby.Serve(ln[i], h)
	}
	release := context.AfterFunc(ctx, func() { _ = lobby.Stop() })
	return func() error {
		release()
		return lobby.Stop()
	}, nil
}

func (m *mechanism) handlers(lobby *chat.Lobby, fixed bool, listeners int) ([]http.Handler, error) {
	want := 1
	if m.nodes != nil {
		want = 2
	}
	if listeners != want {
		return nil, fmt.Errorf("%d listeners, want %d", listeners, want)
	}
	services := make([]*chat.Service, want)
	for i := range services {
		services[i] = &chat.Service{Lobby: lobby, Format: m.format, Auth: m.auth(), Hub: chat.NewDirectory(m.format), Rooms: chat.NewRooms()}
		if err := m.furnish(services[i]); err != nil {
			return nil, err
		}
	}
	if m.nodes != nil {
		m.nodes(services, fixed)
	} else {
		m.wire(services[0], fixed)
	}
	handlers := make([]http.Handler, want)
	for i, s := range services {
		handlers[i] = s.Handler()
	}
	return handlers, nil
}

// furnish starts what the mechanism needs beside the service.
func (m *mechanism) furnish(s *chat.Service) (err error) {
	if m.backend {
		if s.Backend, err = chat.NewBackend(s.Lobby); err != nil {
			return err
		}
	}
	if m.store {
		s.Store, err = chat.NewStore(s.Lobby)
	}
	return err
}
