package chart

import (
	"fmt"
	"math"
	"strconv"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/svg"
)

// The plane that line charts share.
const (
	wide, high               = 640.0, 290.0
	left, right, top, bottom = 62.0, 16.0, 14.0, 40.0
	plotWidth                = wide - left - right
	plotHeight               = high - top - bottom
	pointsAtMost             = 160 // more are beyond what a screen shows
	ninesAtMost              = 6.0
	quantileFrom             = 0.01 // the luckiest event says nothing and would take half the plane
)

// quantile is one point of a distribution.
type quantile struct{ q, micros float64 }

// LatencyCurve draws latency over the percentile, both axes logarithmic, so that
// the tail, where users suffer, has the room that the median has. Raw latencies,
// which hide a stalled sender, are thin.
func LatencyCurve(runs []*result.Run, titles []string) Figure {
	f := Figure{Title: "Latency by percentile", Table: latencyTable(runs, titles)}
	var drawn [][]quantile
	lo, hi, nines, whole := math.Inf(1), 0.0, 2.0, true
	for _, r := range runs {
		curve, complete := curveOf(&r.Latency, r.Delivered)
		whole = whole && complete
		drawn = append(drawn, curve)
		for _, p := range append(rawCurve(&r.Latency), curve...) {
			lo, hi = min(lo, p.micros), max(hi, p.micros)
			nines = max(nines, ninesOf(p.q))
		}
	}
	if hi == 0 {
		f.Missing = "No latency was measured."
		return f
	}
	f.Note = "From the intended emission to the receipt; thin lines count from the actual emission."
	if !whole {
		f.Note += " Drawn from the saved percentiles, since the distribution was not kept."
	}
	marks := logTicks(max(lo, 0.1), max(hi, 0.2))
	p := plane{nines: math.Min(nines*1.03, ninesAtMost), lo: math.Log10(marks[0]), hi: math.Log10(marks[len(marks)-1]), marks: marks}
	c := svg.New(wide, high, "chart", f.Title+". "+f.Note)
	p.axes(c)
	for i, r := range runs {
		class := classesOf(runs)[i]
		c.Path(class+" thin", p.line(rawCurve(&r.Latency)))
		c.Path(class, p.line(drawn[i]))
		f.Legend = append(f.Legend, Key{class, titles[i]})
	}
	f.SVG = c.HTML()
	return f
}

// curveOf is the distribution, or the saved percentiles where it was not kept.
func curveOf(l *result.Latency, n uint64) (curve []quantile, complete bool) {
	if len(l.Buckets) > 0 {
		return cumulate(l.Buckets), true
	}
	for _, p := range []quantile{{0.5, l.P50}, {0.99, l.P99}, {0.999, l.P999}, {1 - 0.5/float64(max(n, 1000)), l.Max}} {
		if p.micros > 0 {
			curve = append(curve, p)
		}
	}
	return curve, false
}

func rawCurve(l *result.Latency) []quantile {
	if len(l.RawBuckets) > 0 {
		return cumulate(l.RawBuckets)
	}
	if l.RawP50 > 0 && l.RawP99 > 0 {
		return []quantile{{0.5, l.RawP50}, {0.99, l.RawP99}}
	}
	return nil
}

func cumulate(buckets []result.Bucket) []quantile {
	var total, below uint64
	for _, b := range buckets {
		total += b.Count
	}
	if total == 0 {
		return nil
	}
	var curve []quantile
	every := len(buckets)/pointsAtMost + 1
	for i, b := range buckets {
		below += b.Count
		q := min(float64(below)/float64(total), 1-0.5/float64(total))
		if b.Micros > 0 && q >= quantileFrom && (i%every == 0 || i == len(buckets)-1) {
			curve = append(curve, quantile{q, b.Micros})
		}
	}
	return curve
}

func ninesOf(q float64) float64 { return -math.Log10(max(1-q, 1e-12)) }

// plane maps nines and decades of microseconds to the picture.
type plane struct {
	nines, lo, hi float64
	marks         []float64 // of the vertical axis, in microseconds
}

func (p plane) at(q quantile) (x, y float64) {
	x = left + plotWidth*min(ninesOf(q.q), p.nines)/p.nines
	y = top + plotHeight*(p.hi-math.Log10(max(q.micros, 0.1)))/(p.hi-p.lo)
	return x, y
}

func (p plane) line(curve []quantile) string {
	var xy []float64
	for _, q := range curve {
		x, y := p.at(q)
		xy = append(xy, x, y)
	}
	return svg.Poly(xy...)
}

func (p plane) axes(c *svg.Canvas) {
	for n := 0.0; n <= p.nines; n++ {
		x := left + plotWidth*n/p.nines
		c.Line("grid", x, top, x, top+plotHeight)
		label := "0 %"
		if n > 0 {
			label = strconv.FormatFloat(100-100*math.Pow(10, -n), 'f', max(0, int(n)-2), 64) + " %"
		}
		c.Text("tick mid", x, top+plotHeight+18, label)
	}
	for _, micros := range p.marks {
		_, y := p.at(quantile{0, micros})
		c.Line("grid", left, y, wide-right, y)
		c.Text("tick end", left-8, y+4, digest.Micros(micros))
	}
	c.Text("axis mid", left+plotWidth/2, high-4, "percentile of deliveries")
}

func latencyTable(runs []*result.Run, titles []string) *Table {
	t := &Table{Head: []string{"server", "p50", "p99", "p99.9", "max", "raw p50", "raw p99"}, Words: 1}
	for i, r := range runs {
		l := r.Latency
		row := []string{titles[i]}
		for _, us := range []float64{l.P50, l.P99, l.P999, l.Max, l.RawP50, l.RawP99} {
			row = append(row, digest.Micros(us))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// LeakRate draws the share of deliveries that leaked over the number of users,
// with the 95 % limit, where a test ran with several.
func LeakRate(r *result.Result) Figure {
	f := Figure{Title: "Leak rate over users", Table: &Table{Head: []string{"server", "users", "leak rate", "at most (95 %)"}, Words: 1}}
	for i := range r.Runs {
		run := &r.Runs[i]
		f.Table.Rows = append(f.Table.Rows, []string{run.Name, fmt.Sprint(run.Users), digest.Percent(leakRate(run)), digest.Percent(run.Bound95.PerDelivery)})
	}
	series := byServer(r)
	if !severalUsers(r) {
		f.Missing = "The test ran with one number of users only; --users 1,10,100 shows whether leaks grow with them."
		return f
	}
	f.Note = "Bars reach up to the 95 % limit of the rate."
	drawRates(&f, series)
	return f
}

func leakRate(r *result.Run) float64 {
	leaks := digest.Leaks(r.Anomalies)
	if r.Delivered+leaks == 0 {
		return 0
	}
	return float64(leaks) / float64(r.Delivered+leaks)
}
