package natsbus

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSeenForgets: that somebody listens is believed for a second, that nobody does never, and no number of users makes
// it grow without bounds.
func TestSeenForgets(t *testing.T) {
	var s seen
	now := time.Unix(1, 0)
	require.False(t, s.lately("a", now))
	s.note("a", true, now)
	require.True(t, s.lately("a", now.Add(seenFor-1)))
	require.False(t, s.lately("a", now.Add(seenFor)))
	s.note("a", false, now)
	require.False(t, s.lately("a", now))
	for i := range 3 * seenLimit {
		s.note(strconv.Itoa(i), true, now)
	}
	require.LessOrEqual(t, len(s.until), seenLimit)
	require.True(t, s.lately(strconv.Itoa(3*seenLimit-1), now))
}
