package runtime_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// number is data that appends itself, as an application would write it for its busiest event.
type number int64

func (n *number) AppendJSON(dst []byte) ([]byte, error) {
	return strconv.AppendInt(dst, int64(*n), 10), nil
}

// drain opens a bare socket and reads it away without allocating: gorilla's client would be what is measured.
func drain(t testing.TB, addr string, user wsruntime.UserID) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	_, err = fmt.Fprintf(nc, "GET /?user=%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", user)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64<<10)
		for {
			if _, err := nc.Read(buf); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = nc.Close()
		<-done
	})
	return nc
}

func drained(t testing.TB, o *wsruntime.Options, conns int) (*wsruntime.Factory, *wsruntime.Emitter) {
	t.Helper()
	f := newFactory(t, o)
	srv := httptest.NewServer(f.Handler(byQuery))
	t.Cleanup(srv.Close)
	for range conns {
		drain(t, srv.Listener.Addr().String(), "alice")
	}
	em := emitter(t, f, "alice")
	eventually(t, "connections", func() bool { return em.UserContext().Pool().Len() == conns })
	return f, em
}

// TestNoAllocations: in steady state an event costs no allocation, with either framing, to one device or three.
func TestNoAllocations(t *testing.T) {
	if raced {
		t.Skip("the race detector has sync.Pool throw things away")
	}
	for _, framing := range []wsruntime.Framing{wsruntime.Raw, wsruntime.Envelope} {
		for _, devices := range []int{1, 3} {
			t.Run(fmt.Sprint(framing, devices), func(t *testing.T) {
				_, em := drained(t, &wsruntime.Options{Framing: framing}, devices)
				ctx := context.Background()
				n := number(1 << 40)
				em = em.For("thread")
				payload := make([]byte, 128)
				emit := func() {
					for range 100 {
						if framing == wsruntime.Raw {
							_ = em.EmitRaw(ctx, wsruntime.BinaryMessage, payload)
						} else {
							_ = em.Emit(ctx, wsruntime.Event{Type: "number", Data: &n})
						}
					}
					_ = em.Flush(ctx)
				}
				for range 50 {
					emit() // the ring and the pools grow to their size
				}
				allocs := testing.AllocsPerRun(50, emit) / 100
				require.Less(t, allocs, 0.05, "per event; the flush and the pools' own upkeep are all there is")
			})
		}
	}
}

func BenchmarkEmitRaw(b *testing.B) {
	_, em := drained(b, &wsruntime.Options{Framing: wsruntime.Raw}, 1)
	payload := make([]byte, 128)
	b.ReportAllocs()
	for b.Loop() {
		if err := em.EmitRaw(context.Background(), wsruntime.BinaryMessage, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEmitEnvelope(b *testing.B) {
	_, em := drained(b, nil, 1)
	n := number(1 << 40)
	b.ReportAllocs()
	for b.Loop() {
		if err := em.Emit(context.Background(), wsruntime.Event{Type: "number", Data: &n}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEmitMarshal(b *testing.B) {
	_, em := drained(b, nil, 1)
	data := map[string]any{"id": 7, "text": "hello", "tags": []string{"a", "b"}}
	b.ReportAllocs()
	for b.Loop() {
		if err := em.Emit(context.Background(), event(data)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEmitOffline is the making of an event and its place in the ring alone. With thousands of users in turn each
// event goes to memory that is in no cache.
func BenchmarkEmitOffline(b *testing.B) {
	for _, users := range []int{1, 1000, 5000} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			f := newFactory(b, nil)
			var ems []*wsruntime.Emitter
			for i := range users {
				ems = append(ems, emitter(b, f, wsruntime.UserID(fmt.Sprint("nobody", i))))
			}
			n, next := number(1), 0
			emit := func() {
				_ = ems[next%users].Emit(context.Background(), wsruntime.Event{Type: "number", Data: &n}) // ErrNoConnection; the ring takes it
				next++
			}
			for range 300 * users {
				emit() // the rings are full then
			}
			b.ReportAllocs()
			for b.Loop() {
				emit()
			}
		})
	}
}

func BenchmarkEmitParallelUsers(b *testing.B) {
	f := newFactory(b, &wsruntime.Options{Framing: wsruntime.Raw})
	srv := httptest.NewServer(f.Handler(byQuery))
	defer srv.Close()
	for i := range 64 {
		drain(b, srv.Listener.Addr().String(), wsruntime.UserID(fmt.Sprint("u", i)))
	}
	eventually(b, "connections", func() bool { return f.Stats().ConnsReady == 64 })
	payload := make([]byte, 128)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var ems []*wsruntime.Emitter
		for i := range 64 {
			ems = append(ems, emitter(b, f, wsruntime.UserID(fmt.Sprint("u", i))))
		}
		for i := 0; pb.Next(); i++ {
			_ = ems[i%64].EmitRaw(context.Background(), wsruntime.BinaryMessage, payload) // DropOldest: always nil
		}
	})
}

func BenchmarkFanOut(b *testing.B) {
	for _, users := range []int{10, 100} {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			f := newFactory(b, nil)
			srv := httptest.NewServer(f.Handler(byQuery))
			defer srv.Close()
			for i := range users {
				user := wsruntime.UserID(fmt.Sprint("u", i))
				drain(b, srv.Listener.Addr().String(), user)
				require.NoError(b, f.Room("r").Join(b.Context(), user))
			}
			eventually(b, "connections", func() bool { return f.Stats().ConnsReady == users })
			n := number(1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Room("r").Emit(context.Background(), wsruntime.Event{Type: "number", Data: &n}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEmitterOpenClose(b *testing.B) {
	f := newFactory(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		em, err := f.Emitter(context.Background(), "alice")
		if err != nil {
			b.Fatal(err)
		}
		_ = em.Close()
	}
}

func BenchmarkAttachDetach(b *testing.B) {
	f := newFactory(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		ws, _, err := runtimetest.Dial(f, "alice", "")
		if err != nil {
			b.Fatal(err)
		}
		_ = ws.NetConn().Close()
	}
}

func BenchmarkResume(b *testing.B) {
	f := newFactory(b, nil)
	em := emitter(b, f, "alice")
	for i := range 100 {
		_ = em.Emit(b.Context(), event(i)) // into the ring
	}
	ws, _, err := runtimetest.Dial(f, "alice", "")
	require.NoError(b, err)
	_, p, err := ws.ReadMessage()
	require.NoError(b, err)
	epoch := runtimetest.Parse(p).Epoch
	require.NoError(b, ws.Close())
	b.ReportAllocs()
	for b.Loop() {
		ws, _, err := runtimetest.Dial(f, "alice", "resume="+epoch+":50")
		if err != nil {
			b.Fatal(err)
		}
		for range 51 {
			_, r, err := ws.NextReader()
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		_ = ws.NetConn().Close()
	}
}
