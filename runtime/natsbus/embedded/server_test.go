package embedded_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/natsbus"
	"github.com/wsmig/wsmig/runtime/natsbus/embedded"
)

// TestStart: a server that nobody can reach from outside is enough for the bus of its own process; with a port, others
// need what they are asked for.
func TestStart(t *testing.T) {
	s, err := embedded.Start(t.Context(), &embedded.Options{StoreDir: t.TempDir()})
	require.NoError(t, err)
	defer s.Shutdown()
	require.Empty(t, s.URL())
	require.Empty(t, s.Route())
	bus, err := natsbus.New(t.Context(), &natsbus.Options{Logger: logger, NATS: []nats.Option{s.Connect()}})
	require.NoError(t, err)
	f, err := wsruntime.NewFactory(&wsruntime.Options{Bus: bus, Logger: logger})
	require.NoError(t, err)
	require.NoError(t, f.Shutdown(t.Context()))
	require.NoError(t, bus.Close())

	guarded, err := embedded.Start(t.Context(), &embedded.Options{StoreDir: t.TempDir(), Host: "127.0.0.1", Port: -1, User: "u", Password: "p"})
	require.NoError(t, err)
	defer guarded.Shutdown()
	_, err = nats.Connect(guarded.URL())
	require.ErrorIs(t, err, nats.ErrAuthorization)
	nc, err := nats.Connect(guarded.URL(), nats.UserInfo("u", "p"))
	require.NoError(t, err)
	nc.Close()
}

// TestStartRefuses: what can't be meant is refused before anything runs.
func TestStartRefuses(t *testing.T) {
	for want, o := range map[string]*embedded.Options{
		"StoreDir":     nil,
		"needs a Name": {StoreDir: t.TempDir(), ClusterPort: 1},
		"route":        {StoreDir: t.TempDir(), Name: "a", ClusterPort: 1, Routes: []string{"elsewhere"}},
	} {
		_, err := embedded.Start(t.Context(), o)
		require.ErrorContains(t, err, want)
	}
}

// TestCluster: members that name each other form one cluster, also when none listens for clients.
func TestCluster(t *testing.T) {
	var ports []int
	for range 2 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ports = append(ports, ln.Addr().(*net.TCPAddr).Port)
		require.NoError(t, ln.Close())
	}
	member := func(name string, own, other int) *embedded.Server {
		s, err := embedded.Start(t.Context(), &embedded.Options{Name: name, StoreDir: t.TempDir(), ClusterHost: "127.0.0.1",
			ClusterPort: own, Routes: []string{fmt.Sprintf("nats-route://127.0.0.1:%d", other)}})
		require.NoError(t, err)
		t.Cleanup(s.Shutdown)
		return s
	}
	first, second := member("a", ports[0], ports[1]), member("b", ports[1], ports[0])
	until(t, "a route", func() bool { return first.Server().NumRoutes() > 0 && second.Server().NumRoutes() > 0 })
}
