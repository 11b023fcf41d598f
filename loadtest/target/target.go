// Package target holds the two servers that a load test brings along: singleton,
// the way WebSocket servers with one process-wide manager are really written, with
// the bugs that come of it, and factory, the same service on wsmig's runtime.
// Detection never relies on anything here: a server is described to the load
// generator by its Config alone, as anybody's would be.
//
// # Protocol
//
// A client connects to /ws?user=ID&device=NAME and gets a frame whose type ends in
// "ready". It sends JSON text frames:
//
//	{"type":"send","to":ID,"text":T}          ID gets {"type":"message","data":{"from":..,"text":T}}
//	{"type":"join"|"leave","room":R}          answered "joined" or "left"
//	{"type":"room","room":R,"text":T}         the members get {"type":"room","data":{..}}
//	{"type":"request","id":I,"q":Q}           the asker gets {"type":"reply","data":{"id":I,"q":Q}}
//	{"type":"login","user":ID,"token":T}      the socket becomes ID's
//	{"type":"logout"}                         answered "bye"; nothing follows
//
// and there are POST /notify {"user":ID,"text":T,"profile":{..}} and POST /revoke
// {"user":ID}. On the factory a connection has one owner for life: it answers a
// logout by closing with the reason {"type":"bye"}, and a login as another user by
// closing with code 4001: that user connects anew.
package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Info describes a server to people and to the load generator.
type Info struct {
	Name string `json:"name"`
	// Mechanisms name the bugs that the server is known to have, such as "M03";
	// empty for a correct one.
	Mechanisms []string `json:"mechanisms"`
	// Twin is the correct server of the same protocol, if there is one.
	Twin  string `json:"twin,omitempty"`
	About string `json:"about"`
	URL   string `json:"url"` // of the WebSocket, set once it runs
	// Config is what `wsmig loadtest --config` would be given, complete with the
	// server's address.
	Config string `json:"config"`
}

// Stats is the state of a server's process. When a server runs in the caller's
// own process, the first four count that whole process.
type Stats struct {
	Goroutines int    `json:"goroutines"`
	HeapBytes  uint64 `json:"heap_bytes"`
	RSSBytes   uint64 `json:"rss_bytes"` // 0 where the system does not tell
	// CPU is the time used since the process began, in nanoseconds in JSON; 0 where
	// the system does not tell.
	CPU         time.Duration `json:"cpu_ns"`
	Connections int           `json:"connections"`
	// Created, Active and AfterClose count what the server keeps for its users:
	// emitters on the factory, entries of the registry elsewhere. Active is now,
	// Peak the most at any time.
	Created uint64 `json:"created"`
	Active  uint64 `json:"active"`
	Peak    uint64 `json:"peak"`
}

// Server is a running server.
type Server interface {
	Info() Info
	// Stats collects garbage first, so that HeapBytes is what is in use.
	Stats(ctx context.Context) (Stats, error)
	// Close ends every connection and waits for every goroutine of the server.
	Close() error
}

// app is what each server implements; the rest is in this file.
type app interface {
	http.Handler
	counts() Stats
	close()
}

// kind is an entry of the catalogue.
type kind struct {
	Info
	config string // the YAML after the target line, HOST for the server's address
	start  func() (app, error)
}

// kinds is the catalogue.
func kinds() []kind { return []kind{singletonKind, factoryKind} }

// Names lists the servers.
func Names() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.Name)
	}
	return names
}

// Describe gives what is known of a server that need not run.
func Describe(name string) (Info, error) {
	for _, k := range kinds() {
		if k.Name == name {
			return k.Info, nil
		}
	}
	return Info{}, fmt.Errorf("no server is called %q; there are %s", name, strings.Join(Names(), ", "))
}

// running is a server of the catalogue on a loopback listener of its own.
type running struct {
	info Info
	app  app
	http *http.Server
	done chan struct{}
	once sync.Once
	err  error
}

// Start runs the named server on a free port of 127.0.0.1 until Close or until
// ctx ends.
func Start(ctx context.Context, name string) (Server, error) {
	i := slices.IndexFunc(kinds(), func(k kind) bool { return k.Name == name })
	if i < 0 {
		_, err := Describe(name)
		return nil, err
	}
	k := kinds()[i]
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a, err := k.start()
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	r := &running{info: k.Info, app: a, done: make(chan struct{})}
	r.info.URL = "ws://" + listener.Addr().String() + "/ws"
	r.info.Config = "target: " + r.info.URL + "\n" + strings.ReplaceAll(k.config, "HOST", listener.Addr().String())
	r.http = &http.Server{Handler: a, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(r.done)
		_ = r.http.Serve(listener) // always ends with ErrServerClosed
	}()
	context.AfterFunc(ctx, func() { _ = r.Close() })
	return r, nil
}

// Info describes the server.
func (r *running) Info() Info { return r.info }

// Stats counts the whole process.
func (r *running) Stats(context.Context) (Stats, error) {
	s := r.app.counts()
	processStats(&s)
	return s, nil
}

// Close ends the server; closing twice is fine.
func (r *running) Close() error {
	r.once.Do(func() {
		r.err = r.http.Close()
		r.app.close()
		<-r.done
	})
	return r.err
}
