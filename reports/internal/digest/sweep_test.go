package digest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
)

func TestGrowthIsSaidWithItsLimits(t *testing.T) {
	low, high, power := 18_000.0, 19_000.0, 0.98
	r := &result.Result{Sweep: []result.Sweep{{
		Name:   "factory",
		Points: []result.SweepPoint{{Users: 10, LeakRate: 0.25, RSSBytes: 200_000}, {Users: 100, CPUMicrosPerEvent: 9.5}},
		Slopes: []result.Slope{
			{Measure: "rss_bytes", Points: 3, PerUser: 18_500, Low: &low, High: &high, Exponent: &power},
			{Measure: "leak_rate", Points: 2, PerUser: -0.001},
			{Measure: "cpu_us_per_s", Points: 1},
			{Measure: "of a later version", Points: 3},
		},
	}}}
	g := Growths(r)
	require.Len(t, g, 1)
	require.Equal(t, "factory", g[0].Title)
	require.Len(t, g[0].Rows, 2)
	require.Equal(t, "not measured", g[0].Rows[1][2])
	require.Equal(t, []string{
		"memory: " + Bytes(18_500) + " for each further user (95 %: " + Bytes(18_000) + " to " + Bytes(19_000) + "); grows as users^0.98",
		"leak rate: -0.1 points for each further user",
	}, g[0].Words)
	require.Empty(t, Growths(&result.Result{}))
}
