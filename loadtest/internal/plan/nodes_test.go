package plan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

func TestNodesMovesUsersWhileEventsGoOn(t *testing.T) {
	c := everything(6)
	s := plan.Find("nodes")
	require.Contains(t, s.Needs(c), "--url twice")
	c.Nodes = 2
	require.Empty(t, s.Needs(c))
	count, waves := map[plan.Op]int{}, 0
	for w := range s.Waves(c) {
		for _, st := range w.Steps {
			count[st.Op]++
		}
		if waves++; w.Last {
			break
		}
	}
	require.Equal(t, 6, waves)
	require.Equal(t, count[plan.Close], count[plan.Connect], "everybody is where he was")
	require.Positive(t, count[plan.Connect])
	require.Positive(t, count[plan.Emit])
}
