package reports_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

// shard gives a sample the identity of one of several load machines.
func shard(seed uint64, name string) *result.Result {
	r := sample.Result(seed, 10)
	r.Seed, r.Shard = "1", name
	r.Command = append(r.Command, "--shard", name)
	r.Replay = "wsmig loadtest --users 10 --seed 1 --shard " + name
	return r
}

func TestMergeAddsUp(t *testing.T) {
	a, b := shard(1, "1/2"), shard(2, "2/2")
	merged, missing, err := reports.Merge([]*result.Result{b, a})
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Equal(t, result.Pass, merged.Verdict)
	require.Zero(t, merged.ExitCode)
	require.Equal(t, "wsmig loadtest --users 10 --seed 1", merged.Replay)
	require.Equal(t, []string{"loadtest", "--users", "10"}, merged.Command)
	for i := range merged.Runs {
		m, x, y := merged.Runs[i], a.Runs[i], b.Runs[i]
		require.Equal(t, x.Delivered+y.Delivered, m.Delivered)
		require.Equal(t, x.Anomalies["X0"]+y.Anomalies["X0"], m.Anomalies["X0"])
		require.Len(t, m.Evidence, len(x.Evidence)+len(y.Evidence))
		require.Equal(t, cells(x)+cells(y), cells(m))
		require.Equal(t, max(x.Latency.Max, y.Latency.Max), m.Latency.Max)
		require.Equal(t, total(x.Latency.Buckets)+total(y.Latency.Buckets), total(m.Latency.Buckets))
		low, high := min(x.Latency.P99, y.Latency.P99), max(x.Latency.P99, y.Latency.P99)
		require.True(t, m.Latency.P99 >= low*0.95 && m.Latency.P99 <= high*1.05, "p99 %v lies between %v and %v", m.Latency.P99, low, high)
		require.Len(t, m.Schedules, len(x.Schedules))
		require.Less(t, m.Bound95.PerDelivery, max(x.Bound95.PerDelivery, y.Bound95.PerDelivery)*1.2)
		require.Len(t, m.Series, len(x.Series))
	}
	require.InDelta(t, 3/float64(merged.Runs[1].Delivered), merged.Runs[1].Bound95.PerDelivery, 1e-5)
	require.InDelta(t, 6/float64(merged.Runs[1].Delivered), merged.Runs[1].Bound95.PerOpportunity, 1e-4)
}

func cells(r result.Run) (n uint64) {
	for _, c := range r.Matrix {
		n += c.Count
	}
	return n
}

func total(buckets []result.Bucket) (n uint64) {
	for _, b := range buckets {
		n += b.Count
	}
	return n
}

func TestMergeWithoutDistributionsTakesTheLargestPercentile(t *testing.T) {
	a, b := shard(1, "1/2"), shard(2, "2/2")
	a.Runs[1].Latency.Buckets, a.Runs[1].Latency.RawBuckets = nil, nil
	merged, _, err := reports.Merge([]*result.Result{a, b})
	require.NoError(t, err)
	require.Equal(t, max(a.Runs[1].Latency.P99, b.Runs[1].Latency.P99), merged.Runs[1].Latency.P99)
	require.Empty(t, merged.Runs[1].Latency.Buckets)
}

func TestMissingShardIsInconclusive(t *testing.T) {
	merged, missing, err := reports.Merge([]*result.Result{shard(1, "1/3"), shard(2, "3/3")})
	require.NoError(t, err)
	require.Equal(t, []string{"2/3"}, missing)
	require.Equal(t, result.Inconclusive, merged.Verdict)
	require.Equal(t, 3, merged.ExitCode)
	require.Contains(t, merged.Reason, "shard 2/3 is missing")
}

func TestMergeKeepsTheWorstVerdict(t *testing.T) {
	leaky := shard(2, "2/2")
	leaky.Verdict, leaky.Runs[1].Verdict, leaky.Runs[1].Level = result.Violated, result.Violated, "none"
	merged, _, err := reports.Merge([]*result.Result{shard(1, "1/2"), leaky})
	require.NoError(t, err)
	require.Equal(t, result.Violated, merged.Verdict)
	require.Equal(t, 1, merged.ExitCode)
	require.Equal(t, "none", merged.Runs[1].Level)

	alone, _, err := reports.Merge([]*result.Result{leaky})
	require.NoError(t, err)
	require.Equal(t, result.Violated, alone.Verdict, "a leak stays one, whatever is missing")

	unsure := shard(2, "2/2")
	unsure.Verdict, unsure.Reason = result.Inconclusive, []string{"no fence"}
	merged, _, err = reports.Merge([]*result.Result{shard(1, "1/2"), unsure})
	require.NoError(t, err)
	require.Equal(t, result.Inconclusive, merged.Verdict)
	require.Equal(t, []string{"no fence"}, merged.Reason)

	cut := shard(2, "2/2")
	cut.ExitCode = 130
	merged, _, err = reports.Merge([]*result.Result{shard(1, "1/2"), cut})
	require.NoError(t, err)
	require.Equal(t, 130, merged.ExitCode)
}

func TestMergeRefusesWhatDoesNotBelongTogether(t *testing.T) {
	otherSeed := shard(2, "2/2")
	otherSeed.Seed = "7"
	fromCommand := shard(2, "")
	fromCommand.Command = []string{"loadtest", "--shard=1/2"}
	odd := shard(2, "two of three")
	otherServer := shard(2, "2/2")
	otherServer.Runs[1].Name = "chat"
	tests := map[string]struct {
		parts []*result.Result
		want  string
	}{
		"nothing":            {nil, "nothing to merge"},
		"another seed":       {[]*result.Result{shard(1, "1/2"), otherSeed}, `shards of different seeds, "1" and "7"`},
		"another number":     {[]*result.Result{shard(1, "1/2"), shard(2, "2/3")}, "shards of different tests: one is of 2, one of 3 (0 means not sharded)"},
		"with a whole one":   {[]*result.Result{shard(1, "1/2"), sample.Result(1, 10)}, "shards of different tests: one is of 2, one of 0 (0 means not sharded)"},
		"twice":              {[]*result.Result{shard(1, "1/2"), shard(2, "1/2")}, "shard 1/2 is given twice"},
		"twice, by command":  {[]*result.Result{shard(1, "1/2"), fromCommand}, "shard 1/2 is given twice"},
		"malformed":          {[]*result.Result{odd}, `shard is "two of three", not like 2/3`},
		"another server":     {[]*result.Result{shard(1, "1/2"), otherServer}, "results of different servers: singleton, factory, and singleton, chat"},
		"the same whole one": {[]*result.Result{sample.Result(1, 10), sample.Result(1, 10)}, "the same result is given twice"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := reports.Merge(test.parts)
			var merge *reports.MergeError
			require.ErrorAs(t, err, &merge)
			require.Equal(t, test.want, err.Error())
		})
	}
}

func TestRepeatsMergeToo(t *testing.T) {
	a, b := sample.Result(1, 10), sample.Result(2, 10)
	merged, missing, err := reports.Merge([]*result.Result{a, b})
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Equal(t, a.Runs[1].Delivered+b.Runs[1].Delivered, merged.Runs[1].Delivered)
}
