// Package embedded runs a NATS server inside a program, for deployments that are one binary, for tests and for demos. It
// is a module of its own, so that a program which talks to a NATS cluster by URL does not get the server into its build.
//
//	s, err := embedded.Start(ctx, &embedded.Options{Name: "a", ClusterPort: 6222, Routes: []string{"nats://b:6222", "nats://c:6222"}})
//	bus, err := natsbus.New(ctx, &natsbus.Options{Replicas: 3, NATS: []nats.Option{s.Connect()}})
//
// Three programs whose servers form a cluster survive the loss of any one of them; one program alone has its history in
// its own memory and loses it with itself. Close the bus before the server.
package embedded

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Options configures a [Server]. The zero value of a field means its default.
type Options struct {
	// Name of the server; members of a cluster need different ones, and keep them (default: a random one).
	Name string
	// Host and Port listen for clients from outside; Port 0 listens for none, -1 takes any free port. A member of a
	// cluster has to listen: Port 0 is then any free port, on 127.0.0.1 alone.
	Host string
	Port int
	// ClusterHost and ClusterPort listen for the other members, Routes names them (nats-route://host:port). ClusterPort 0
	// is a server that stands alone; with a port there must be Routes, and not to the server itself. Cluster is the cluster's name (default "wsmig").
	ClusterHost string
	ClusterPort int
	Cluster     string
	Routes      []string
	// User and Password are asked of clients from outside and of other members. Empty: nobody is asked.
	// Danger: who may connect may read and send everything.
	User, Password string
	// TLS is used for clients from outside and between members. Nil: none.
	TLS *tls.Config
	// StoreDir is where JetStream keeps its state (required).
	StoreDir string
	// MaxMemory bounds what JetStream keeps in memory (default 1 GiB).
	MaxMemory int64

	_ struct{}
}

// startTimeout bounds the start of the server itself, which takes milliseconds.
const startTimeout = 10 * time.Second

// Server is a NATS server in this process. Its methods may be called from any goroutine.
type Server struct{ ns *server.Server }

// Start runs a server and returns when it takes connections; a member of a cluster need not have met the others yet. The
// server logs nothing.
func Start(ctx context.Context, o *Options) (*Server, error) {
	opts, err := o.resolve()
	if err != nil {
		return nil, err
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("wsmig: embedded NATS: %w", err)
	}
	s := &Server{ns: ns}
	go ns.Start()
	ready := make(chan bool, 1)
	go func() { ready <- ns.ReadyForConnections(startTimeout) }()
	select {
	case ok := <-ready:
		if ok {
			return s, nil
		}
		err = errors.New("it is not ready in time: is a port in use?")
	case <-ctx.Done():
		err = ctx.Err()
	}
	ns.Shutdown()
	return nil, fmt.Errorf("wsmig: embedded NATS: %w", err)
}

func (o *Options) resolve() (*server.Options, error) {
	if o == nil || o.StoreDir == "" {
		return nil, errors.New("wsmig: embedded NATS: StoreDir is missing")
	}
	opts := &server.Options{
		ServerName: o.Name, Host: o.Host, Port: o.Port, DontListen: o.Port == 0, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: o.StoreDir, JetStreamMaxMemory: o.MaxMemory,
		Username: o.User, Password: o.Password, TLSConfig: o.TLS,
	}
	if opts.JetStreamMaxMemory == 0 {
		opts.JetStreamMaxMemory = 1 << 30
	}
	if o.ClusterPort == 0 {
		return opts, nil
	}
	if o.Name == "" || len(o.Routes) == 0 {
		return nil, errors.New("wsmig: embedded NATS: a member of a cluster needs a Name, and Routes to the others")
	}
	if o.Port == 0 {
		opts.DontListen, opts.Host, opts.Port = false, "127.0.0.1", server.RANDOM_PORT
	}
	opts.Cluster = server.ClusterOpts{
		Name: o.Cluster, Host: o.ClusterHost, Port: o.ClusterPort, Username: o.User, Password: o.Password, TLSConfig: o.TLS,
	}
	if o.Cluster == "" {
		opts.Cluster.Name = "wsmig"
	}
	for _, r := range o.Routes {
		u, err := url.Parse(r)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("wsmig: embedded NATS: route %q is not a URL like nats-route://host:6222", r)
		}
		if o.User != "" && u.User == nil {
			u.User = url.UserPassword(o.User, o.Password)
		}
		opts.Routes = append(opts.Routes, u)
	}
	return opts, nil
}

// Connect is for natsbus.Options.NATS: the bus talks to this server through memory.
func (s *Server) Connect() nats.Option { return nats.InProcessServer(s.ns) }

// URL is where clients from outside connect, empty when it does not listen.
func (s *Server) URL() string {
	if s.ns.Addr() == nil {
		return ""
	}
	return s.ns.ClientURL()
}

// Route is what other members put into their Routes, empty for a server that stands alone.
func (s *Server) Route() string {
	addr := s.ns.ClusterAddr()
	if addr == nil {
		return ""
	}
	return "nats-route://" + strings.Replace(addr.String(), "[::]", "127.0.0.1", 1)
}

// Server is the server itself, for what this package does not cover.
func (s *Server) Server() *server.Server { return s.ns }

// Shutdown hands over what this server leads, lets its clients go and ends it.
func (s *Server) Shutdown() {
	s.ns.Shutdown()
	s.ns.WaitForShutdown()
}
