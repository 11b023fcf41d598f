package runtime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// TestPause: what a worker makes of a round. A few single events are never held back.
func TestPause(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	for name, tc := range map[string]struct {
		writes, events int
		took, want     time.Duration
	}{
		"one event":                        {1, 1, 8 * us, 0},
		"a burst of single events":         {100, 100, 900 * us, 0},
		"several events a write":           {100, 200, 700 * us, 700 * us},
		"just under several":               {100, 199, 700 * us, 0},
		"one write of several events":      {1, 2, 8 * us, 50 * us},
		"single events for many users":     {5000, 5000, 30 * ms, 20 * ms},
		"a long round":                     {150, 150, ms, ms},
		"not quite long":                   {150, 150, ms - 1, 0},
		"full writes":                      {100, 2400, 5 * ms, 0},
		"nearly full":                      {100, 2399, 5 * ms, 5 * ms},
		"control frames alone, soon done":  {100, 0, 700 * us, 0},
		"control frames alone, in a flood": {1000, 0, 7 * ms, 7 * ms},
	} {
		require.Equal(t, tc.want, wsruntime.Pause(tc.writes, tc.events, tc.took), name)
	}
}

// TestInlineBudget: emitting goroutines write themselves a bounded number of times per millisecond, then for some
// milliseconds not at all, so that a flood comes to be batched.
func TestInlineBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, nil)
		<-time.After(20 * time.Millisecond)
		synctest.Wait() // the workers are idle
		for range 3 {
			n := 0
			for ; wsruntime.Inline(f); n++ {
				require.Less(t, n, 1000)
			}
			require.Equal(t, 40, n)
			<-time.After(2 * time.Millisecond)
			require.False(t, wsruntime.Inline(f), "a flood is on")
			<-time.After(8 * time.Millisecond)
		}
		for range 100 { // 20 events per millisecond, as they come: none is handed over
			for range 20 {
				require.True(t, wsruntime.Inline(f))
			}
			<-time.After(time.Millisecond)
		}
	})
}
