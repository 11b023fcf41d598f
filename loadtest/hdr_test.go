package loadtest_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest"
)

// A server that stops for a while may stop those who load it as well: what was not
// sent meanwhile is missing in the raw figures, and counts in the corrected ones,
// which are never the smaller.
func TestAStalledServerShowsInCorrectedLatency(t *testing.T) {
	const stall = 600 * time.Millisecond
	var mu sync.Mutex
	conns, n := map[string]*websocket.Conn{}, 0
	config, _ := serving(t, func(user string, conn *websocket.Conn) {
		mu.Lock()
		conns[user] = conn
		mu.Unlock()
		for {
			var m struct{ To string }
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			mu.Lock()
			if n++; n == 100 {
				held := time.NewTimer(stall)
				<-held.C
			}
			if json.Unmarshal(data, &m) == nil && conns[m.To] != nil {
				_ = conns[m.To].WriteMessage(websocket.TextMessage, data)
			}
			mu.Unlock()
		}
	})
	r := run(t, config, func(c *loadtest.Config) {
		c.Users, c.Schedules, c.Duration = []int{4}, []string{"spread"}, 2500*time.Millisecond
	})
	l := r.Runs[0].Latency
	require.GreaterOrEqual(t, l.Max, float64(stall.Microseconds())*0.9)
	require.Positive(t, l.RawMax)
	require.GreaterOrEqual(t, l.P999, l.P99)
	corrected, err := hdrhistogram.Decode([]byte(l.HDR))
	require.NoError(t, err)
	raw, err := hdrhistogram.Decode([]byte(l.RawHDR))
	require.NoError(t, err)
	require.Equal(t, corrected.TotalCount(), raw.TotalCount())
	require.GreaterOrEqual(t, corrected.Mean(), raw.Mean(), "an event is never sent before it is wanted")
}
