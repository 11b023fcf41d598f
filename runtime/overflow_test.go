package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// stuffed connects a user whose client reads nothing and emits until the socket takes no more: from then on events
// wait in the queue, of which the test knows the bound.
func stuffed(t *testing.T, f *wsruntime.Factory) (*websocket.Conn, *wsruntime.Emitter, int) {
	t.Helper()
	ws := runtimetest.Pipe(t, f, "alice")
	em := emitter(t, f, "alice")
	filler := strings.Repeat("f", 70<<10) // more than the pipe holds
	require.NoError(t, em.Emit(t.Context(), event(filler)))
	synctest.Wait()
	require.EqualValues(t, 1, f.Stats().InFlight)
	return ws, em, 1
}

func TestLaw06DropOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{QueueEvents: 4, WriteTimeout: time.Hour, PingInterval: -1})
		ws, em, _ := stuffed(t, f)
		for i := range 10 {
			require.NoError(t, em.Emit(t.Context(), event(i)))
		}
		s := f.Stats()
		require.EqualValues(t, 6, s.Dropped[wsruntime.ReasonOverflow])
		require.EqualValues(t, 4, s.Queued)
		r := runtimetest.NewRecorder(t, ws)
		require.Equal(t, []string{"6", "7", "8", "9"}, datas(r.Wait(5))[1:])
		gap := r.WaitType("wsmig.gap")
		require.EqualValues(t, 2, gap.From)
		require.EqualValues(t, 7, gap.To)
		require.Equal(t, "overflow", gap.Reason)
		require.Equal(t, []string{"wsmig.ready", "test", "wsmig.gap", "test", "test", "test", "test"}, types(r.Frames()), "the gap stands where the events would have been")
	})
}

func types(frames []runtimetest.Frame) []string {
	var all []string
	for _, f := range frames {
		all = append(all, f.Type)
	}
	return all
}

func TestLaw06DropNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{QueueEvents: 4, Overflow: wsruntime.DropNewest, WriteTimeout: time.Hour, PingInterval: -1})
		ws, em, _ := stuffed(t, f)
		for i := range 10 {
			err := em.Emit(t.Context(), event(i))
			if i < 4 {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, wsruntime.ErrOverflow)
			}
		}
		require.EqualValues(t, 6, f.Stats().Dropped[wsruntime.ReasonOverflow])
		r := runtimetest.NewRecorder(t, ws)
		require.Equal(t, []string{"0", "1", "2", "3"}, datas(r.Wait(5))[1:])
		gap := r.WaitType("wsmig.gap")
		require.EqualValues(t, 6, gap.From)
		require.EqualValues(t, 11, gap.To)
		require.NoError(t, em.Emit(t.Context(), event("after")))
		r.Wait(6)
		require.Equal(t, "test", r.Frames()[len(r.Frames())-1].Type, "the gap came before what follows it")
	})
}

func TestLaw06Block(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{QueueEvents: 4, Overflow: wsruntime.Block, WriteTimeout: time.Hour, PingInterval: -1})
		ws, em, _ := stuffed(t, f)
		for i := range 4 {
			require.NoError(t, em.Emit(t.Context(), event(i)))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		err := em.Emit(ctx, event("too late"))
		require.ErrorIs(t, err, wsruntime.ErrOverflow)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begun))
		require.EqualValues(t, 1, f.Stats().Dropped[wsruntime.ReasonCanceled])

		emitted := make(chan error)
		go func() { emitted <- em.Emit(t.Context(), event(4)) }()
		synctest.Wait()
		require.EqualValues(t, 4, f.Stats().Queued, "it waits")
		r := runtimetest.NewRecorder(t, ws)
		require.NoError(t, <-emitted)
		require.Equal(t, []string{"0", "1", "2", "3", "4"}, datas(r.Wait(6))[1:], "nothing is lost")
		for i, fr := range r.Events() {
			require.EqualValues(t, i+1, fr.Seq, "what was given up took no number")
		}
	})
}

func TestLaw06BlockEndsWithTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{QueueEvents: 1, Overflow: wsruntime.Block, WriteTimeout: time.Hour, PingInterval: -1})
		_, em, _ := stuffed(t, f)
		require.NoError(t, em.Emit(t.Context(), event(0)))
		emitted := make(chan error)
		go func() { emitted <- em.Emit(t.Context(), event(1)) }()
		synctest.Wait()
		require.NoError(t, f.Revoke(t.Context(), "alice"))
		require.ErrorIs(t, <-emitted, wsruntime.ErrRevoked)
	})
}

func TestLaw06Disconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{QueueEvents: 4, Overflow: wsruntime.Disconnect, WriteTimeout: time.Hour, PingInterval: -1})
		ws, em, _ := stuffed(t, f)
		for i := range 4 {
			require.NoError(t, em.Emit(t.Context(), event(i)))
		}
		require.ErrorIs(t, em.Emit(t.Context(), event("too much")), wsruntime.ErrOverflow)
		require.ErrorIs(t, em.Emit(t.Context(), event("nobody there")), wsruntime.ErrNoConnection)
		r := runtimetest.NewRecorder(t, ws)
		require.Equal(t, 1013, r.WaitClosed())
		require.EqualValues(t, 5, f.Stats().Dropped[wsruntime.ReasonOverflow])
		require.EqualValues(t, 1, f.Stats().Dropped[wsruntime.ReasonNoConnection])
	})
}

func TestLaw06QueueBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{QueueBytes: 200 << 10, Framing: wsruntime.Raw, Overflow: wsruntime.DropNewest, WriteTimeout: time.Hour, PingInterval: -1})
		_, em, _ := stuffed(t, f)
		kib := []byte(strings.Repeat("k", 1020)) // 1024 with its header
		n := 0
		for ; em.EmitRaw(t.Context(), wsruntime.TextMessage, kib) == nil; n++ {
			require.Less(t, n, 1000)
		}
		require.Equal(t, 200, n)
	})
}

// TestRawGapIsSilent: with Raw framing a client gets no byte that the application did not send, not even about a gap.
func TestRawGapIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{Framing: wsruntime.Raw, QueueEvents: 2, WriteTimeout: time.Hour, PingInterval: -1})
		ws, em, _ := stuffed(t, f)
		for i := range 5 {
			require.NoError(t, em.EmitRaw(t.Context(), wsruntime.TextMessage, fmt.Append(nil, i)))
		}
		r := runtimetest.NewRecorder(t, ws)
		r.Wait(3)
		require.NoError(t, em.EmitRaw(t.Context(), wsruntime.TextMessage, []byte("end")))
		var got []string
		for _, fr := range r.Wait(4)[1:] {
			got = append(got, string(fr.Raw))
		}
		require.Equal(t, []string{"3", "4", "end"}, got)
	})
}
