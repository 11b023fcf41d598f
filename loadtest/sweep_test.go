package loadtest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
)

func tests(name string, points ...result.SweepPoint) (done []*tested) {
	for _, p := range points {
		done = append(done, &tested{run: &result.Run{Name: name}, point: p})
	}
	return done
}

func slopeOf(t *testing.T, s result.Sweep, measure string) result.Slope {
	t.Helper()
	for _, one := range s.Slopes {
		if one.Measure == measure {
			return one
		}
	}
	t.Fatalf("no slope of %s", measure)
	return result.Slope{}
}

func TestASweepSaysHowFiguresGrow(t *testing.T) {
	var points []result.SweepPoint
	for _, n := range []int{1, 10, 100, 1000} {
		points = append(points, result.SweepPoint{Users: n, RSSBytes: uint64(5000 * n), CPUMicrosPerSecond: 3 * float64(n*n), LeakRate: 0.1})
	}
	out := sweep(append(tests("a", points...), tests("b", points[:2]...)...))
	require.Len(t, out, 2)
	require.Equal(t, points, out[0].Points)

	memory := slopeOf(t, out[0], "rss_bytes")
	require.InDelta(t, 5000, memory.PerUser, 1e-6)
	require.InDelta(t, 5000, *memory.Low, 1)
	require.InDelta(t, 5000, *memory.High, 1)
	require.InDelta(t, 1, *memory.Exponent, 1e-9)
	require.InDelta(t, 2, *slopeOf(t, out[0], "cpu_us_per_s").Exponent, 1e-9, "quadratic growth shows")
	leaks := slopeOf(t, out[0], "leak_rate")
	require.InDelta(t, 0, leaks.PerUser, 1e-12)
	require.Equal(t, 4, leaks.Points)
	require.Zero(t, slopeOf(t, out[0], "cpu_us_per_event").Points, "what was not measured is left out")

	two := slopeOf(t, out[1], "rss_bytes")
	require.InDelta(t, 5000, two.PerUser, 1e-6)
	require.Nil(t, two.Low, "two points always lie on a line")
	require.Nil(t, sweep(tests("alone", points[0])))
}

// The limits are held against a textbook case: x 1 to 5, y 2, 4, 5, 4, 5 has slope
// 0.6 with standard error sqrt(2.4/3/10).
func TestLimitsOfASlope(t *testing.T) {
	l := fit([]float64{1, 2, 3, 4, 5}, []float64{2, 4, 5, 4, 5})
	require.InDelta(t, 0.6, l.slope, 1e-9)
	half := 3.182 * math.Sqrt(0.08)
	require.InDelta(t, 0.6-half, *l.low, 1e-3)
	require.InDelta(t, 0.6+half, *l.high, 1e-3)
	require.Nil(t, fit([]float64{3, 3}, []float64{1, 2}))
	require.InDelta(t, 1.984, student95(100), 0.003)
}

func TestOneUserAtTheLowerEndOfASweepIsNoDoubt(t *testing.T) {
	one := &tested{run: &result.Run{Name: "a", Users: 1}}
	many := &tested{run: &result.Run{Name: "a", Users: 10}}
	verdict := func(done ...*tested) result.Verdict {
		var out result.Result
		decide(&out, done, false)
		return out.Verdict
	}
	require.Equal(t, result.Inconclusive, verdict(one))
	require.Equal(t, result.Inconclusive, verdict(one, &tested{run: &result.Run{Name: "b", Users: 10}}), "another server proves nothing of this one")
	require.Equal(t, result.Pass, verdict(one, many))
	control := func(users int, leaks uint64) *tested {
		return &tested{run: &result.Run{Name: "c", Users: users}, control: true, leaks: leaks}
	}
	require.Equal(t, result.Pass, verdict(control(1, 0), one, control(10, 1), many))
	require.Equal(t, result.Inconclusive, verdict(control(1, 0), one))
	require.Equal(t, result.Inconclusive, verdict(control(1, 1), one, control(10, 0), many))
	one.inconclusive = append(one.inconclusive, "a: 3 calls got no answer")
	require.Equal(t, result.Inconclusive, verdict(one, many), "what else is in doubt stays so")
}
