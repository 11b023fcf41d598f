package embedded_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/natsbus"
)

// patience is how long a test waits for what must come: long, since the machine may be busy with other things.
const patience = 60 * time.Second

var logger = slog.New(slog.NewTextHandler(logWriter(), nil))

func logWriter() io.Writer {
	if os.Getenv("WSMIG_TEST_LOG") != "" {
		return os.Stderr
	}
	return io.Discard
}

// cluster is some NATS servers in this process with ways between them that can be cut.
type cluster struct {
	t       *testing.T
	opts    []*server.Options
	mu      sync.Mutex // for who connects while a member is restarted
	servers []*server.Server
	ways    map[[2]int]*proxy // from, to
}

func newCluster(t *testing.T, n int) *cluster {
	t.Helper()
	c := &cluster{t: t, ways: map[[2]int]*proxy{}, servers: make([]*server.Server, n)}
	for from := range n {
		for to := range n {
			if from != to {
				c.ways[[2]int{from, to}] = newProxy(t)
			}
		}
	}
	for i := range n {
		o := &server.Options{
			ServerName: "n" + strconv.Itoa(i), Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true,
			JetStream: true, StoreDir: t.TempDir(), JetStreamMaxMemory: 1 << 30,
		}
		if n > 1 {
			// The advertised address leads nowhere: members know each other by the ways alone.
			o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: -1, Advertise: "127.0.0.1:1", PoolSize: 1}
			var routes []string
			for to := range n {
				if to != i {
					routes = append(routes, "nats-route://"+c.ways[[2]int{i, to}].addr())
				}
			}
			o.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		}
		c.opts = append(c.opts, o)
	}
	for i := range n {
		c.start(i)
	}
	t.Cleanup(func() {
		for _, s := range c.servers {
			s.Shutdown()
		}
		for _, s := range c.servers {
			s.WaitForShutdown()
		}
	})
	c.settled()
	return c
}

// start runs a member, again after a stop with what it had on disk.
func (c *cluster) start(i int) {
	c.t.Helper()
	opts := c.opts[i].Clone()
	s, err := server.NewServer(opts)
	require.NoError(c.t, err)
	c.mu.Lock()
	c.servers[i] = s
	c.mu.Unlock()
	go s.Start()
	require.True(c.t, s.ReadyForConnections(patience))
	if len(c.opts) > 1 {
		for from := range c.opts {
			if from != i {
				c.ways[[2]int{from, i}].point(s.ClusterAddr().String())
			}
		}
	}
}

func (c *cluster) port(i int) int { return c.servers[i].Addr().(*net.TCPAddr).Port }

// settled waits until the members that run have a leader for JetStream.
func (c *cluster) settled() {
	c.t.Helper()
	if len(c.opts) == 1 {
		return
	}
	until(c.t, "a JetStream leader", func() bool {
		return slices.ContainsFunc(c.servers, func(s *server.Server) bool { return s.Running() && s.JetStreamIsLeader() }) &&
			!slices.ContainsFunc(c.servers, func(s *server.Server) bool { return s.Running() && !s.JetStreamIsCurrent() })
	})
}

// stop ends a member; kill it is when nothing is handed over first.
func (c *cluster) stop(i int) {
	c.servers[i].Shutdown()
	c.servers[i].WaitForShutdown()
}

// isolate cuts one member off from the others, or mends that.
func (c *cluster) isolate(i int, cut bool) {
	for way, p := range c.ways {
		if way[0] == i || way[1] == i {
			p.set(cut)
		}
	}
}

// leader finds the member that leads the history.
func (c *cluster) leader(stream string) int {
	c.t.Helper()
	found := -1
	until(c.t, "a leader of the history", func() bool {
		found = slices.IndexFunc(c.servers, func(s *server.Server) bool {
			return s.Running() && s.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream)
		})
		return found >= 0
	})
	return found
}

// node is one machine of a deployment: a factory with its bus behind a real listener.
type node struct {
	f    *wsruntime.Factory
	bus  *natsbus.Bus
	srv  *httptest.Server
	url  string
	wire *wires
	dead context.Context // ends with the process that the node stands for
	die  context.CancelFunc
}

// wires are all sockets of a node, so that they can be torn at once, as by the death of the process.
type wires struct {
	mu    sync.Mutex
	torn  bool
	conns []net.Conn
}

func (w *wires) add(c net.Conn) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.torn {
		_ = c.Close()
		return net.ErrClosed
	}
	w.conns = append(w.conns, c)
	return nil
}

// kill tears everything: no good-bye to clients, to NATS, to other nodes.
func (n *node) kill() {
	n.die()
	n.wire.mu.Lock()
	defer n.wire.mu.Unlock()
	n.wire.torn = true
	for _, c := range n.wire.conns {
		_ = c.Close()
	}
}

// wiredListener notes the sockets of clients.
type wiredListener struct {
	net.Listener
	w *wires
}

func (l wiredListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.w.add(c) == nil {
			return c, err
		}
	}
}

func byQuery(r *http.Request) (wsruntime.UserID, error) {
	return wsruntime.UserID(r.URL.Query().Get("user")), nil
}

// settings of a node that differ between tests.
type settings struct {
	bus     natsbus.Options
	factory wsruntime.Options
}

// node starts a node that is connected to member i, in this process' memory.
func (c *cluster) node(i int, change ...func(*settings)) *node {
	c.t.Helper()
	wire := &wires{}
	within := func(s *settings) {
		s.bus.Replicas, s.bus.NATS = min(len(c.opts), 3), []nats.Option{nats.InProcessServer(inside{c, i, wire})}
	}
	return startNode(c.t, wire, append([]func(*settings){within}, change...)...)
}

// startNode starts a node behind a listener. Its settings wait long for whatever must come.
func startNode(t *testing.T, wire *wires, change ...func(*settings)) *node {
	t.Helper()
	s := settings{
		bus:     natsbus.Options{Logger: logger, StartTimeout: patience, PublishTimeout: 20 * time.Second, ControlTimeout: 20 * time.Second, CutOff: patience},
		factory: wsruntime.Options{Logger: logger, ResumeEvents: 2000, ResumeBytes: 16 << 20, QueueEvents: 20_000, QueueBytes: 16 << 20, PingInterval: -1, HandshakeTimeout: patience},
	}
	for _, f := range change {
		f(&s)
	}
	bus, err := natsbus.New(t.Context(), &s.bus)
	require.NoError(t, err)
	s.factory.Bus = bus
	f, err := wsruntime.NewFactory(&s.factory)
	require.NoError(t, err)
	n := &node{f: f, bus: bus, wire: wire}
	n.dead, n.die = context.WithCancel(context.Background())
	n.srv = httptest.NewUnstartedServer(f.Handler(byQuery))
	n.srv.Listener = wiredListener{n.srv.Listener, wire}
	n.srv.Start()
	n.url = "ws" + strings.TrimPrefix(n.srv.URL, "http")
	t.Cleanup(n.close)
	return n
}

// inside connects to whatever server a member has at the time: it may have been restarted.
type inside struct {
	c    *cluster
	i    int
	wire *wires
}

func (in inside) InProcessConn() (net.Conn, error) {
	in.c.mu.Lock()
	s := in.c.servers[in.i]
	in.c.mu.Unlock()
	conn, err := s.InProcessConn()
	if err == nil {
		err = in.wire.add(conn)
	}
	return conn, err
}

func (n *node) close() {
	if n.srv == nil {
		return
	}
	n.die()
	n.srv.Close()
	n.srv = nil
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = n.f.Shutdown(ctx)
	_ = n.bus.Close()
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for late := time.Now().Add(patience); !ok(); <-time.After(5 * time.Millisecond) {
		require.False(t, time.Now().After(late), "waited for "+what)
	}
}
