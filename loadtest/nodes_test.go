package loadtest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest"
)

// cluster is a service of several nodes behind one broker. A node hands on what
// the broker gives it; how a node subscribes is the broker's bug, if there is one:
// wide, a node that hears of an event sends it to whoever has its slot.
type cluster struct {
	wide  bool
	mu    sync.Mutex
	conns []map[*websocket.Conn]string // of each node: who is there
}

func (c *cluster) start(t *testing.T, nodes int) (addresses []string) {
	for i := range nodes {
		c.conns = append(c.conns, map[*websocket.Conn]string{})
		var upgrader websocket.Upgrader
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
				c.serve(i, r.URL.Query().Get("user"), conn)
			}
		}))
		t.Cleanup(server.Close)
		addresses = append(addresses, "ws"+strings.TrimPrefix(server.URL, "http"))
	}
	return addresses
}

func (c *cluster) serve(node int, user string, conn *websocket.Conn) {
	c.mu.Lock()
	c.conns[node][conn] = user
	c.mu.Unlock()
	for {
		var message struct{ To string }
		_, data, err := conn.ReadMessage()
		if err != nil {
			break
		}
		if json.Unmarshal(data, &message) == nil {
			c.publish(node, message.To, data)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns[node], conn)
	_ = conn.Close()
}

func (c *cluster) publish(from int, to string, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for node, conns := range c.conns {
		for conn, user := range conns {
			// The broker's subject is the user's id, and a wide subscription takes all
			// ids that begin alike.
			if user == to || c.wide && node != from && len(to) > 4 && strings.HasPrefix(user, to[:4]) {
				_ = conn.WriteMessage(websocket.TextMessage, data)
			}
		}
	}
}

func TestASubscriptionThatIsTooWideShowsBetweenNodes(t *testing.T) {
	for _, test := range []struct {
		name  string
		wide  bool
		nodes int
		code  int
	}{
		{"wide, two nodes", true, 2, loadtest.ExitViolated},
		{"exact, two nodes", false, 2, loadtest.ExitPass},
		{"wide, one node", true, 1, loadtest.ExitPass},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			addresses := (&cluster{wide: test.wide}).start(t, test.nodes)
			r := run(t, "target: ["+strings.Join(addresses, ", ")+"]", func(c *loadtest.Config) {
				c.Users, c.Schedules, c.Duration = []int{6}, []string{"spread", "nodes"}, 5*time.Second
			})
			require.Equal(t, test.code, r.ExitCode, r.Reason)
			ran := r.Runs[0].Schedules[1]
			require.Equal(t, "nodes", ran.Name)
			require.Equal(t, test.nodes > 1, ran.Ran, ran.Reason)
		})
	}
}
