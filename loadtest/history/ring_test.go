package history

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
)

func TestAConnectionRemembersItsLatestRecordsInOrder(t *testing.T) {
	c := newConn(1, canary.NewKey([16]byte{1}))
	for n := 1; n <= 3*ringLen; n++ {
		c.note(record{at: time.Duration(n), seq: uint32(n)})
		steps := c.recent(0)
		require.Len(t, steps, min(n, ringLen))
		for i, s := range steps {
			require.Equal(t, uint64(n-len(steps)+1+i), s.Seq, "after %d", n)
		}
	}
	require.Len(t, c.recent(3*ringLen-4), 5)
	require.Equal(t, ringLen, cap(c.ring), "not a record more than is kept")
}
