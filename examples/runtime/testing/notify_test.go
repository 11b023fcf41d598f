package notify

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestShipped(t *testing.T) {
	f := runtimetest.New(t, nil) // fails the test if anything is left at its end
	alice, bob := runtimetest.Record(t, f, "alice"), runtimetest.Record(t, f, "bob")
	alice.WaitType("wsmig.ready")
	bob.WaitType("wsmig.ready")
	orders := &Orders{f}
	require.NoError(t, orders.Shipped(t.Context(), "alice", 7))
	require.NoError(t, orders.Shipped(t.Context(), "carol", 8), "who is not online")
	require.ErrorIs(t, orders.Shipped(t.Context(), "", 9), wsruntime.ErrInvalidID)
	got := alice.Wait(1)[0]
	require.Equal(t, "order.shipped", got.Type)
	require.JSONEq(t, `{"order":7}`, string(got.Data))
	require.Empty(t, bob.Events())
	require.NoError(t, runtimetest.Conserved(f))
}

// TestAway waits for minutes in no time: connections in memory work in a synctest bubble.
func TestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := runtimetest.New(t, &wsruntime.Options{ResumeTTL: time.Minute})
		r := runtimetest.Record(t, f, "alice")
		ready := r.WaitType("wsmig.ready")
		require.NoError(t, r.Conn().Close())
		synctest.Wait()
		require.NoError(t, (&Orders{f}).Shipped(t.Context(), "alice", 7))
		<-time.After(30 * time.Second)
		back, _, err := runtimetest.Dial(f, "alice", "resume="+ready.Epoch+":0")
		require.NoError(t, err)
		require.Equal(t, "order.shipped", runtimetest.NewRecorder(t, back).Wait(1)[0].Type)
	})
}
