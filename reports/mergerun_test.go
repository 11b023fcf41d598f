package reports

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/result"
)

func TestPercentile(t *testing.T) {
	buckets := []result.Bucket{{Micros: 10, Count: 50}, {Micros: 20, Count: 49}, {Micros: 30, Count: 1}}
	require.Equal(t, 10.0, percentile(buckets, 0.5))
	require.Equal(t, 20.0, percentile(buckets, 0.51))
	require.Equal(t, 20.0, percentile(buckets, 0.99))
	require.Equal(t, 30.0, percentile(buckets, 0.999))
	require.Zero(t, percentile(nil, 0.5))
}

// TestMergedPercentilesAreThoseOfTheWhole splits a distribution at random: put
// together again it has the percentiles that it had.
func TestMergedPercentilesAreThoseOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(1, 50), 2, 300).Draw(t, "values")
		cut := rapid.IntRange(1, len(values)-1).Draw(t, "cut")
		whole := latencyOf(values)
		merged := mergeLatency([]*result.Run{{Latency: latencyOf(values[:cut])}, {Latency: latencyOf(values[cut:])}})
		for _, pair := range [][2]float64{{whole.P50, merged.P50}, {whole.P99, merged.P99}, {whole.P999, merged.P999}} {
			if pair[0] != pair[1] {
				t.Fatalf("%v became %v", pair[0], pair[1])
			}
		}
	})
}

func latencyOf(values []int) result.Latency {
	counts := make([]uint64, 51)
	for _, v := range values {
		counts[v]++
	}
	var l result.Latency
	for v, n := range counts {
		if n > 0 {
			l.Buckets = append(l.Buckets, result.Bucket{Micros: float64(v), Count: n})
		}
	}
	l.P50, l.P99, l.P999 = percentile(l.Buckets, 0.5), percentile(l.Buckets, 0.99), percentile(l.Buckets, 0.999)
	return l
}

// TestMergedBoundIsThatOfTheSum compares with the limit computed at once.
func TestMergedBoundIsThatOfTheSum(t *testing.T) {
	clean := func(n, opportunities uint64) *result.Run {
		return &result.Run{Delivered: n, Bound95: result.Bound{PerDelivery: history.UpperBound(0, n, 0.95), PerOpportunity: history.UpperBound(0, opportunities, 0.95)}}
	}
	b := mergeBounds([]*result.Run{clean(10_000, 2_000), clean(30_000, 6_000)}, 0, 40_000)
	require.Equal(t, history.UpperBound(0, 40_000, 0.95), b.PerDelivery)
	require.InEpsilon(t, history.UpperBound(0, 8_000, 0.95), b.PerOpportunity, 0.01)

	unknown := mergeBounds([]*result.Run{{Delivered: 10}}, 0, 10)
	require.Equal(t, 1.0, unknown.PerOpportunity, "of no known opportunity nothing is claimed")
}

func TestWorseAndWeaker(t *testing.T) {
	require.Equal(t, result.Violated, worse(result.Violated, result.Pass))
	require.Equal(t, result.Inconclusive, worse(result.Pass, result.Inconclusive))
	require.Equal(t, result.Pass, worse(result.Pass, result.Pass))
	require.Equal(t, "none", weaker("session-isolated", "none"))
	require.Equal(t, "user-isolated", weaker("user-isolated", "session-isolated"))
	require.Equal(t, "user-isolated", weaker("", "user-isolated"))
	require.Equal(t, "user-isolated", weaker("user-isolated", "unheard-of"))
}

func TestSchedulesThatRanAnywhereRan(t *testing.T) {
	merged := mergeSchedules([]*result.Run{
		{Schedules: []result.Schedule{{Name: "swap", Reason: "budget"}, {Name: "churn", Reason: "budget"}}},
		{Schedules: []result.Schedule{{Name: "swap", Ran: true, Emitted: 5, Anomalies: map[string]uint64{"X0": 1}}}},
	})
	require.Equal(t, []result.Schedule{
		{Name: "swap", Ran: true, Emitted: 5, Anomalies: map[string]uint64{"X0": 1}},
		{Name: "churn", Reason: "budget", Anomalies: map[string]uint64{}},
	}, merged)
}

func TestSeriesMeetAtTheTenthOfASecond(t *testing.T) {
	merged := mergeSeries([]*result.Run{
		{Series: []result.Point{{AtMS: 101, Events: 5, Leaks: 1, Connections: 10}, {AtMS: 199, Events: 6, Connections: 10}}},
		{Series: []result.Point{{AtMS: 98, Events: 7, Connections: 3}}},
	})
	require.Equal(t, []result.Point{{AtMS: 100, Events: 12, Leaks: 1, Connections: 13}, {AtMS: 200, Events: 6, Connections: 10}}, merged)
	require.Empty(t, mergeSeries([]*result.Run{{}}))
}

func TestJudgedShareIsWeighted(t *testing.T) {
	merged := mergeRuns([]*result.Run{{Name: "a", Verdict: result.Pass, Delivered: 900, JudgedShare: 1}, {Name: "a", Verdict: result.Pass, Delivered: 100, JudgedShare: 0.5}})
	require.InDelta(t, 0.95, merged.JudgedShare, 1e-9)
	require.False(t, math.IsNaN(mergeRuns([]*result.Run{{Verdict: result.Pass}}).JudgedShare))
}

func TestShardsAreReadFromOlderFilesToo(t *testing.T) {
	for _, test := range []struct {
		r            result.Result
		index, total int
	}{
		{result.Result{}, 0, 0},
		{result.Result{Shard: "2/3"}, 2, 3},
		{result.Result{Command: []string{"loadtest", "--shard", "2/3"}}, 2, 3},
		{result.Result{Command: []string{"loadtest", "--shard=3/3"}}, 3, 3},
		{result.Result{Command: []string{"loadtest", "--shard"}}, 0, 0},
	} {
		index, total, err := shardOf(&test.r)
		require.NoError(t, err)
		require.Equal(t, []int{test.index, test.total}, []int{index, total})
	}
	for _, text := range []string{"0/3", "4/3", "3", "a/b", "1/99999999", "-1/3"} {
		_, _, err := shardOf(&result.Result{Shard: text})
		require.Error(t, err, text)
	}
	require.Equal(t, []string{"loadtest", "--users", "5"}, withoutShard([]string{"loadtest", "--shard", "1/2", "--users", "5", "--shard=1/2"}))
}
