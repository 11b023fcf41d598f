package chart

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func runsOf(r *result.Result) (runs []*result.Run, titles []string) {
	for i := range r.Runs {
		runs = append(runs, &r.Runs[i])
		titles = append(titles, r.Runs[i].Name)
	}
	return runs, titles
}

func TestUsersAreCompleteAndInOrder(t *testing.T) {
	r := &result.Run{Users: 4, Matrix: []result.Cell{{Owner: "u00003", Receiver: "u00001"}}}
	names, usual, hidden := users([]*result.Run{r})
	require.Equal(t, 4, usual)
	require.Equal(t, []string{"u00001", "u00002", "u00003", "u00004"}, names)
	require.Zero(t, hidden)

	r.Matrix = []result.Cell{{Owner: "zoe", Receiver: "al"}}
	names, usual, hidden = users([]*result.Run{r})
	require.Equal(t, []string{"al", "zoe"}, names)
	require.Zero(t, usual)
	require.Equal(t, 2, hidden, "users with names of their own are only known when they leak")

	r.Matrix = []result.Cell{{Owner: "u000001", Receiver: "u00005"}, {Owner: "u00004", Receiver: "U00001"}}
	names, usual, _ = users([]*result.Run{r})
	require.Equal(t, []string{"u00001", "u00002", "u00003", "u00004", "U00001", "u00005", "u000001"}, names)
	require.Equal(t, 4, usual, "look-alikes and users beyond the plan are made up")

	names, _, _ = users([]*result.Run{{Users: math.MaxInt}})
	require.Len(t, names, maxUsers, "a malformed file gets no matrix without end")
}

func TestMatricesShareOneScale(t *testing.T) {
	loud := &result.Run{Users: 3, Matrix: []result.Cell{{Owner: "u00001", Receiver: "u00002", Count: 1000}}}
	quiet := &result.Run{Users: 3, Matrix: []result.Cell{{Owner: "u00002", Receiver: "u00003", Count: 1}}}
	figures, _ := Matrices([]*result.Run{loud, quiet}, []string{"loud", "quiet"})
	require.Contains(t, string(figures[0].SVG), `class="f5"`)
	require.Contains(t, string(figures[1].SVG), `class="f1"`)
	require.NotContains(t, string(figures[1].SVG), `class="f5"`)
	require.Equal(t, figures[0].Legend, figures[1].Legend)
	require.Equal(t, "1,000 receipts outside the audience, between 1 pair.", figures[0].Note)
	require.Equal(t, [][]string{{"u00001", "u00002", "1,000"}}, figures[0].Table.Rows)
}

func TestManyUsersShareCells(t *testing.T) {
	runs, titles := runsOf(sample.Result(1, 1000))
	figures, _ := Matrices(runs, titles)
	require.Contains(t, figures[0].Note, "Each cell stands for 10 by 10 users.")
	require.Less(t, len(figures[0].SVG), 80_000)
	require.Len(t, figures[0].Table.Rows, pairsListed+1)
}

func TestMadeUpIdsHaveAPictureOfTheirOwn(t *testing.T) {
	r := &result.Run{Users: 3, Matrix: []result.Cell{{Owner: "u00001", Receiver: "u00002", Count: 5}, {Owner: "U00001 ", Receiver: "u00001", Count: 2}}}
	usual, all := Matrices([]*result.Run{r}, []string{"chat"})
	require.Contains(t, usual[0].Note, "7 receipts outside the audience, between 2 pairs. 2 of them concern ids that a schedule made up")
	require.NotContains(t, string(usual[0].SVG), "U00001")
	require.Contains(t, string(all[0].SVG), "U00001")
	require.Contains(t, all[0].Table.Rows, []string{`"U00001 "`, "u00001", "2"}, "a space at the end can be seen")
	require.NotContains(t, all[0].Note, "made up")

	_, all = Matrices([]*result.Run{{Users: 3}}, []string{"clean"})
	require.Nil(t, all)
}

func TestMatrixOfNobodySaysSo(t *testing.T) {
	figures, _ := Matrices([]*result.Run{{}}, []string{"empty"})
	require.Empty(t, figures[0].SVG)
	require.Equal(t, "The result names no users.", figures[0].Missing)
}

// TestLegendNamesEveryCount holds for any top: the ranges follow each other from
// 1 to the top, and each count has the look that the legend gives it.
func TestLegendNamesEveryCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &matrix{top: rapid.Uint64().Draw(t, "top")}
		for _, n := range []uint64{1, 2, m.top / 2, m.top} {
			if n == 0 || n > m.top {
				continue
			}
			if shade := m.shade(n); shade < 1 || shade > shades {
				t.Fatalf("shade of %d is %d", n, shade)
			}
		}
		keys := m.legend()
		if len(keys) == 0 != (m.top == 0) || len(keys) > shades {
			t.Fatalf("%d keys for %d", len(keys), m.top)
		}
	})
}

func TestTicks(t *testing.T) {
	require.Equal(t, []float64{0, 20, 40, 60}, ticks(47, 3))
	require.Equal(t, []float64{0, 1}, ticks(0, 3))
	require.Equal(t, []float64{0, 1}, ticks(math.Inf(1), 3))
	require.Equal(t, []float64{50, 100, 200, 500, 1000, 2000, 5000}, logTicks(85, 2100))
	require.LessOrEqual(t, len(logTicks(0.1, 1e9)), 12)
	rapid.Check(t, func(t *rapid.T) {
		top := rapid.Float64Range(1e-6, 1e12).Draw(t, "top")
		marks := ticks(top, 4)
		if last := marks[len(marks)-1]; last < top*(1-1e-6) || len(marks) > 7 {
			t.Fatalf("%v for %v", marks, top)
		}
		lo := rapid.Float64Range(0.1, 1e6).Draw(t, "lo")
		hi := rapid.Float64Range(lo, 1e9).Draw(t, "hi")
		marks = logTicks(lo, hi)
		if marks[0] > lo*1.0001 || marks[len(marks)-1] < hi*0.9999 {
			t.Fatalf("%v for %v to %v", marks, lo, hi)
		}
	})
}

func TestLatencyCurve(t *testing.T) {
	runs, titles := runsOf(sample.Result(1, 10))
	f := LatencyCurve(runs, titles)
	require.Equal(t, 4, strings.Count(string(f.SVG), `<path class="ln `), "two servers, corrected and raw")
	require.NotContains(t, f.Note, "Drawn from the saved percentiles")
	require.Equal(t, "ln bad", f.Legend[0].Class)
	require.Equal(t, "ln good", f.Legend[1].Class)

	for _, r := range runs {
		r.Latency.Buckets, r.Latency.RawBuckets = nil, nil
	}
	f = LatencyCurve(runs, titles)
	require.Contains(t, f.Note, "Drawn from the saved percentiles")
	require.NotEmpty(t, f.SVG)

	f = LatencyCurve([]*result.Run{{Latency: result.Latency{Buckets: []result.Bucket{{Micros: 1}}}}}, []string{"empty"})
	require.Equal(t, "No latency was measured.", f.Missing)
}

func TestOverTime(t *testing.T) {
	r := &result.Run{Series: []result.Point{{AtMS: 500, Events: 50, Leaks: 1}, {AtMS: 1000, Events: 100}, {AtMS: 1000, Events: 100}}}
	require.Equal(t, []rate{{0.5, 100, 2, 0}, {1, 200, 0, 0}}, ratesOf(r), "no time passed before the last sample")
	require.Equal(t, "The result has no time line.", OverTime([]*result.Run{{}}, []string{"a"}).Missing)

	long := &result.Run{}
	for i := range 5000 {
		long.Series = append(long.Series, result.Point{AtMS: float64(i+1) * 100, Events: 10})
	}
	require.LessOrEqual(t, len(ratesOf(long)), pointsAtMost)
	require.LessOrEqual(t, len(OverTime([]*result.Run{long}, []string{"long"}).Table.Rows), rowsAtMost)
}

func TestLeakRateNeedsSeveralNumbersOfUsers(t *testing.T) {
	r := sample.Result(1, 10)
	require.NotEmpty(t, LeakRate(r).Missing)
	r.Runs = append(r.Runs, sample.Result(1, 100).Runs...)
	f := LeakRate(r)
	require.Empty(t, f.Missing)
	require.Equal(t, 4, strings.Count(string(f.SVG), "dot"))
}

func TestBarNeverHidesASegment(t *testing.T) {
	bar := string(Bar(10_000, Segment{"a", "one", 1}, Segment{"b", "none", 0}, Segment{"c", "rest", 9_999}))
	require.Contains(t, bar, `class="a" x="0" y="0" width="2"`)
	require.NotContains(t, bar, `class="b"`)
	require.Contains(t, bar, `aria-label="1 one, 9,999 rest"`)
	require.NotContains(t, string(Bar(0, Segment{"a", "x", 0})), "<rect")
}

// TestPicturesSurviveAnything draws from random results: no panic, no number that
// a browser can't read.
func TestPicturesSurviveAnything(t *testing.T) {
	bad := regexp.MustCompile(`NaN|Inf|e[+-]\d`)
	rapid.Check(t, func(t *rapid.T) {
		run := &result.Run{
			Name: rapid.String().Draw(t, "name"), Users: rapid.IntRange(-1, 300).Draw(t, "users"), Delivered: rapid.Uint64().Draw(t, "delivered"),
			Bound95: result.Bound{PerDelivery: rapid.Float64().Draw(t, "bound")},
			Latency: result.Latency{P50: rapid.Float64().Draw(t, "p50"), Max: rapid.Float64().Draw(t, "max"),
				Buckets: rapid.SliceOf(rapid.Custom(func(t *rapid.T) result.Bucket {
					return result.Bucket{Micros: rapid.Float64().Draw(t, "micros"), Count: rapid.Uint64().Draw(t, "count")}
				})).Draw(t, "buckets")},
			Series: rapid.SliceOf(rapid.Custom(func(t *rapid.T) result.Point {
				return result.Point{AtMS: rapid.Float64().Draw(t, "at"), Events: rapid.Uint64().Draw(t, "events"), Leaks: rapid.Uint64().Draw(t, "leaks")}
			})).Draw(t, "series"),
			Matrix:    []result.Cell{{Owner: rapid.String().Draw(t, "owner"), Receiver: rapid.String().Draw(t, "receiver"), Count: rapid.Uint64().Draw(t, "n")}},
			Anomalies: map[string]uint64{"X0": rapid.Uint64().Draw(t, "x0")},
			Evidence: []result.Evidence{{Code: rapid.SampledFrom([]string{"X0", "X3", "D0", "?"}).Draw(t, "code"), Owner: "a", Receiver: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "to"),
				AtMS: rapid.Float64().Draw(t, "at"), EmittedMS: rapid.Float64().Draw(t, "emitted"), Around: []result.Step{{AtMS: rapid.Float64().Draw(t, "step"), Kind: "recv", User: "b", Owner: "a"}}}},
		}
		other := *run
		other.Users++
		runs, titles := []*result.Run{run, &other}, []string{"a", "b"}
		usual, all := Matrices(runs, titles)
		figures := append(append(usual, all...), LatencyCurve(runs, titles), OverTime(runs, titles), LeakRate(&result.Result{Runs: []result.Run{*run, other}}), Lanes(run), Sequence(&run.Evidence[0]))
		for _, f := range figures {
			drawn := regexp.MustCompile(`"[^"]*"`).FindAllString(regexp.MustCompile(`aria-label="[^"]*"|>[^<]*<`).ReplaceAllString(string(f.SVG), ""), -1)
			if at := bad.FindString(strings.Join(drawn, " ")); at != "" {
				t.Fatalf("%s holds %q", f.Title, at)
			}
			if f.SVG == "" && f.Missing == "" {
				t.Fatalf("%s is neither drawn nor explained", f.Title)
			}
		}
	})
}
