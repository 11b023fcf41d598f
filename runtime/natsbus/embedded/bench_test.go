package embedded_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/natsbus"
	"github.com/wsmig/wsmig/runtime/natsbus/embedded"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// stamped is an event of about 128 bytes that knows when it was emitted.
type stamped struct {
	At   int64  `json:"at"`
	Fill string `json:"fill"`
}

// BenchmarkEmit: 64 goroutines emit to 100 users over real sockets, until the clients have everything. With more than
// one node the users are spread, and each event is emitted on another node than its user's. All of it, clients and NATS
// servers included, runs in this process.
func BenchmarkEmit(b *testing.B) {
	for _, c := range []struct {
		name           string
		nodes, servers int
	}{{"alone", 1, 0}, {"bus-1-node", 1, 1}, {"bus-3-nodes", 3, 1}, {"bus-3-nodes-3-replicas", 3, 3}} {
		b.Run(c.name, func(b *testing.B) { benchEmit(b, c.nodes, c.servers) })
	}
}

func benchFactories(b *testing.B, nodes, servers int) (all []*wsruntime.Factory) {
	var up []*embedded.Server
	for i := range servers {
		o := &embedded.Options{Name: "n" + strconv.Itoa(i), StoreDir: b.TempDir()}
		for j := range servers {
			if servers > 1 && j != i {
				o.ClusterHost, o.ClusterPort = "127.0.0.1", 17222+i
				o.Routes = append(o.Routes, "nats-route://127.0.0.1:"+strconv.Itoa(17222+j))
			}
		}
		s, err := embedded.Start(b.Context(), o)
		require.NoError(b, err)
		b.Cleanup(s.Shutdown)
		up = append(up, s)
	}
	for i := range nodes {
		o := &wsruntime.Options{Logger: logger, QueueEvents: 1 << 20, QueueBytes: 1 << 28, Overflow: wsruntime.Block}
		if servers > 0 {
			bus, err := natsbus.New(b.Context(), &natsbus.Options{Replicas: servers, Logger: logger, StartTimeout: patience, NATS: []nats.Option{up[i%servers].Connect()}})
			require.NoError(b, err)
			b.Cleanup(func() { _ = bus.Close() })
			o.Bus = bus
		}
		all = append(all, runtimetest.New(b, o))
	}
	return all
}

func benchEmit(b *testing.B, nodes, servers int) {
	const users, emitters = 100, 64
	factories := benchFactories(b, nodes, servers)
	var got atomic.Int64
	var mu sync.Mutex
	var late []time.Duration
	ems := make([]*wsruntime.Emitter, users)
	for i := range users {
		user := wsruntime.UserID("u" + strconv.Itoa(i))
		ws := runtimetest.Pipe(b, factories[i%nodes], user)
		em, err := factories[(i+1)%nodes].Emitter(b.Context(), user)
		require.NoError(b, err)
		ems[i] = em
		go readStamped(ws, &got, &mu, &late)
	}
	fill := strings.Repeat("x", 60)
	var turn atomic.Int64
	b.ResetTimer()
	var wg sync.WaitGroup
	for range emitters {
		wg.Go(func() {
			for i := turn.Add(1); i <= int64(b.N); i = turn.Add(1) {
				if err := ems[i%users].Emit(b.Context(), wsruntime.Event{Type: "bench", Data: stamped{time.Now().UnixNano(), fill}}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	for late := time.Now().Add(patience); got.Load() < int64(b.N) && time.Now().Before(late); {
		<-time.After(100 * time.Microsecond)
	}
	b.StopTimer()
	require.Equal(b, int64(b.N), got.Load())
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2].Microseconds()), "p50-us")
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds()), "p99-us")
}

func readStamped(ws *websocket.Conn, got *atomic.Int64, mu *sync.Mutex, late *[]time.Duration) {
	for {
		_, p, err := ws.ReadMessage()
		if err != nil {
			return
		}
		if f := runtimetest.Parse(p); f.Type == "bench" {
			var s stamped
			_ = json.Unmarshal(f.Data, &s)
			mu.Lock()
			*late = append(*late, time.Duration(time.Now().UnixNano()-s.At))
			mu.Unlock()
			got.Add(1)
		}
	}
}
