package natsbus

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestGivenUpForAsLongAsItLasts: a node that is cut off sends away at every look whoever came back meanwhile, and counts
// that once, until a fence comes back.
func TestGivenUpForAsLongAsItLasts(t *testing.T) {
	var sentAway atomic.Int32
	b := &Bus{log: slog.New(slog.DiscardHandler), opts: Options{CutOff: time.Second}}
	b.node.Reopen = func() { sentAway.Add(1) }
	w, proved := watcher{b: b}, time.Now()
	look := func(after time.Duration) (int32, uint64) {
		w.giveUp(proved.Add(after))
		b.life.Wait()
		return sentAway.Load(), b.stats.reopened.Load()
	}
	b.proved.Store(proved.UnixNano())
	for i, step := range []struct {
		after    time.Duration
		sentAway int32
		reopened uint64
	}{{time.Second, 0, 0}, {2 * time.Second, 1, 1}, {3 * time.Second, 2, 1}, {4 * time.Second, 3, 1}, {0, 3, 1}, {2 * time.Second, 4, 2}} {
		sent, counted := look(step.after)
		require.Equal(t, step.sentAway, sent, "look %d", i)
		require.Equal(t, step.reopened, counted, "look %d", i)
	}
}
