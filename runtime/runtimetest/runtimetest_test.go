package runtimetest_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPipe(t *testing.T) {
	f := runtimetest.New(t, nil)
	ws := runtimetest.Pipe(t, f, "alice")
	em, err := f.Emitter(t.Context(), "alice")
	require.NoError(t, err)
	defer em.Close()
	_, ready, err := ws.ReadMessage()
	require.NoError(t, err)
	require.Equal(t, "wsmig.ready", runtimetest.Parse(ready).Type)
	require.NoError(t, em.Emit(t.Context(), wsruntime.Event{Type: "t", Data: 1}))
	require.NoError(t, em.Flush(t.Context()), "it may be written before it is read")
	_, p, err := ws.ReadMessage()
	require.NoError(t, err)
	require.EqualValues(t, 1, runtimetest.Parse(p).Seq)
}

func TestPipeInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := runtimetest.New(t, nil)
		r := runtimetest.Record(t, f, "alice")
		synctest.Wait()
		require.Len(t, r.Frames(), 1)
		<-time.After(5 * time.Minute)
		require.NoError(t, r.Err(), "the recorder answers pings")
	})
}

func TestRecorder(t *testing.T) {
	f := runtimetest.New(t, nil)
	r := runtimetest.Record(t, f, "alice")
	em, err := f.Emitter(t.Context(), "alice")
	require.NoError(t, err)
	defer em.Close()
	require.NoError(t, em.For("t1").Emit(t.Context(), wsruntime.Event{Type: "first", Data: "x"}))
	require.NoError(t, em.EmitRaw(t.Context(), wsruntime.BinaryMessage, []byte{1}))
	got := r.Wait(2)
	require.Equal(t, "first", got[0].Type)
	require.Equal(t, wsruntime.ThreadID("t1"), got[0].Thread)
	require.False(t, got[0].Control())
	require.Equal(t, wsruntime.BinaryMessage, got[1].MT)
	require.Equal(t, []byte{1}, got[1].Raw)
	require.True(t, r.WaitType("wsmig.ready").Control())
	require.Len(t, r.Frames(), 3)
	require.Len(t, r.Events(), 2)
	require.NoError(t, f.Revoke(t.Context(), "alice"))
	require.Equal(t, websocket.ClosePolicyViolation, r.WaitClosed())
	require.Error(t, r.Err())
}

// failing notes that a test failed and ends its goroutine, as testing.T would.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Helper()                           {}
func (f *failing) Cleanup(func())                    {}
func (f *failing) Logf(string, ...any)               {}
func (f *failing) Error(args ...any)                 { f.said = fmt.Sprint(args...) }
func (f *failing) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (f *failing) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// TestFailures: the helpers fail a test that deserves it, and say why, in bounded time.
func TestFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := runtimetest.New(t, &wsruntime.Options{MaxConnsPerUser: 1})
		tb := &failing{}
		r := runtimetest.NewRecorder(tb, runtimetest.Pipe(t, f, "alice"))
		begun := time.Now()
		for want, call := range map[string]func(){
			`runtimetest: connect "alice": websocket: bad handshake`:       func() { runtimetest.Pipe(tb, f, "alice") },
			`runtimetest: wsmig: QueueEvents is -1, it can't be unbounded`: func() { runtimetest.New(tb, &wsruntime.Options{QueueEvents: -1}) },
			`runtimetest: 0 events came, 1 were waited for (<nil>)`:        func() { r.Wait(1) },
			`runtimetest: no frame of type "never" came (<nil>)`:           func() { r.WaitType("never") },
			`runtimetest: the connection is still open`:                    func() { r.WaitClosed() },
		} {
			require.PanicsWithValue(t, want, call)
		}
		require.Equal(t, 3*time.Minute, time.Since(begun))
	})
}

func TestResidueAndConserved(t *testing.T) {
	f := runtimetest.New(t, nil)
	require.NoError(t, runtimetest.Residue(f))
	em, err := f.Emitter(t.Context(), "alice")
	require.NoError(t, err)
	require.ErrorContains(t, runtimetest.Residue(f), "1 users")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.Error(t, runtimetest.WaitResidue(ctx, f))
	require.ErrorIs(t, em.Emit(t.Context(), wsruntime.Event{Type: "t"}), wsruntime.ErrNoConnection)
	require.NoError(t, runtimetest.Conserved(f))
	require.NoError(t, em.Close())
	require.NoError(t, runtimetest.WaitResidue(t.Context(), f))
}

func TestDialHandler(t *testing.T) {
	_, resp, err := runtimetest.DialHandler(http.NotFoundHandler(), "/x", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	_, _, err = runtimetest.DialHandler(http.NotFoundHandler(), "/%zz", nil)
	require.Error(t, err, "a target that is no target")
	_, resp, err = runtimetest.DialHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "/", nil)
	require.Error(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "as net/http answers for a handler that says nothing")
}
