package chart

import (
	"fmt"
	"math"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/svg"
)

// server is the runs of one server, by the order of the file.
type server struct {
	name    string
	control bool
	runs    []*result.Run
}

func byServer(r *result.Result) []server {
	var list []server
	at := map[string]int{}
	for i := range r.Runs {
		run := &r.Runs[i]
		if _, ok := at[run.Name]; !ok {
			at[run.Name] = len(list)
			list = append(list, server{name: run.Name, control: run.Control})
		}
		s := &list[at[run.Name]]
		s.runs = append(s.runs, run)
	}
	return list
}

func severalUsers(r *result.Result) bool {
	for i := range r.Runs {
		if r.Runs[i].Users != r.Runs[0].Users {
			return true
		}
	}
	return false
}

func drawRates(f *Figure, servers []server) {
	peak, lo, hi := 0.0, math.Inf(1), 1.0
	for _, s := range servers {
		for _, r := range s.runs {
			peak = max(peak, leakRate(r), min(r.Bound95.PerDelivery, 1))
			lo, hi = min(lo, float64(max(r.Users, 1))), max(hi, float64(r.Users))
		}
	}
	scale := ticks(peak, 4)
	limit := scale[len(scale)-1]
	span := max(math.Log(hi/lo), 1e-9)
	x := func(r *result.Run) float64 {
		return left + 30 + (plotWidth-60)*math.Log(float64(max(r.Users, 1))/lo)/span
	}
	y := func(rate float64) float64 { return top + plotHeight*(1-min(rate, limit)/limit) }
	c := svg.New(wide, high, "chart", f.Title+". "+f.Note)
	for _, v := range scale {
		c.Line("grid", left, y(v), wide-right, y(v))
		c.Text("tick end", left-8, y(v)+4, digest.Percent(v))
	}
	controls := make([]bool, len(servers))
	for i, s := range servers {
		controls[i] = s.control
	}
	for i, s := range servers {
		class := lineClasses(controls)[i]
		var xy []float64
		for _, r := range s.runs {
			c.Line(class+" thin", x(r), y(leakRate(r)), x(r), y(min(r.Bound95.PerDelivery, 1)))
			c.Mark(class+" dot", dot(x(r), y(leakRate(r)), 4), fmt.Sprintf("%s, %d users: %s", s.name, r.Users, digest.Percent(leakRate(r))))
			c.Text("tick mid", x(r), top+plotHeight+18, fmt.Sprint(r.Users))
			xy = append(xy, x(r), y(leakRate(r)))
		}
		c.Path(class, svg.Poly(xy...))
		f.Legend = append(f.Legend, Key{class, s.name})
	}
	c.Text("axis mid", left+plotWidth/2, high-4, "users")
	f.SVG = c.HTML()
}

func dot(x, y, r float64) string {
	n := svg.Num(r)
	return "M" + svg.Num(x-r) + " " + svg.Num(y) + "a" + n + " " + n + " 0 1 0 " + svg.Num(2*r) + " 0a" + n + " " + n + " 0 1 0 " + svg.Num(-2*r) + " 0z"
}

// OverTime draws events per second and, below on the same clock, leaks per
// second and open connections.
func OverTime(runs []*result.Run, titles []string) Figure {
	f := Figure{Title: "Over time", Note: "Each server ran by itself; both clocks start with its run.", Table: timeTable(runs, titles)}
	var all [][]rate
	var end, events, leaks float64
	for _, r := range runs {
		list := ratesOf(r)
		all = append(all, list)
		for _, p := range list {
			end, events, leaks = max(end, p.at), max(events, p.events), max(leaks, p.leaks)
		}
	}
	if end == 0 {
		f.Missing = "The result has no time line."
		return f
	}
	const panel, gap = 130.0, 34.0
	c := svg.New(wide, 2*panel+gap+54, "chart", f.Title+". Events per second, and leaks per second below.")
	classes := classesOf(runs)
	drawPanel(c, 14, panel, "events/s", end, events, all, classes, func(p rate) float64 { return p.events })
	drawPanel(c, 14+panel+gap, panel, "leaks/s", end, leaks, all, classes, func(p rate) float64 { return p.leaks })
	for _, v := range ticks(end, 8) {
		if v <= end {
			c.Text("tick mid", left+plotWidth*v/end, 2*panel+gap+32, svg.Num(v)+" s")
		}
	}
	for i := range runs {
		f.Legend = append(f.Legend, Key{classes[i], titles[i]})
	}
	f.SVG = c.HTML()
	return f
}

func drawPanel(c *svg.Canvas, y0, height float64, name string, end, peak float64, all [][]rate, classes []string, of func(rate) float64) {
	scale := ticks(peak, 3)
	limit := scale[len(scale)-1]
	for _, v := range scale {
		y := y0 + height*(1-v/limit)
		c.Line("grid", left, y, wide-right, y)
		c.Text("tick end", left-8, y+4, compact(v))
	}
	c.Text("axis", left+6, y0+12, name)
	for i, list := range all {
		var xy []float64
		for _, p := range list {
			xy = append(xy, left+plotWidth*p.at/end, y0+height*(1-of(p)/limit))
		}
		c.Path(classes[i], svg.Poly(xy...))
	}
}

func compact(v float64) string {
	if v >= 1e6 {
		return strings.TrimSuffix(svg.Num(v/1e6), ".0") + "M"
	}
	if v >= 10_000 {
		return svg.Num(v/1e3) + "k"
	}
	return svg.Num(v)
}

// rate is one stretch of a run: seconds, and counts per second.
type rate struct {
	at, events, leaks float64
	connections       int
}

// ratesOf turns samples into rates, several samples into one where there are more
// than a screen shows.
func ratesOf(r *result.Run) []rate {
	every := len(r.Series)/pointsAtMost + 1
	var out []rate
	var events, leaks uint64
	since := 0.0
	for i, p := range r.Series {
		events += p.Events
		leaks += p.Leaks
		if span := (p.AtMS - since) / 1000; (i+1)%every == 0 && span > 0 {
			out = append(out, rate{p.AtMS / 1000, float64(events) / span, float64(leaks) / span, p.Connections})
			events, leaks, since = 0, 0, p.AtMS
		}
	}
	return out
}

// rowsAtMost keeps the table under a long run readable.
const rowsAtMost = 20

func timeTable(runs []*result.Run, titles []string) *Table {
	t := &Table{Head: []string{"server", "until", "events/s", "leaks/s", "connections"}, Words: 1}
	for i, r := range runs {
		list := ratesOf(r)
		every := (len(list) + rowsAtMost - 1) / rowsAtMost
		for from := 0; every > 0 && from < len(list); from += every {
			part := list[from:min(from+every, len(list))]
			last := part[len(part)-1]
			var events, leaks float64
			for _, p := range part {
				events += p.events / float64(len(part))
				leaks += p.leaks / float64(len(part))
			}
			t.Rows = append(t.Rows, []string{titles[i], svg.Num(last.at) + " s", digest.Count(uint64(events)), svg.Num(leaks), fmt.Sprint(last.connections)})
		}
	}
	return t
}
