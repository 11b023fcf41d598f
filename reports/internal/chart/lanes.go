package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/svg"
)

const (
	lanesAtMost = 10
	lanesWide   = 1060.0
	laneLeft    = 150.0
	laneHeight  = 34.0
	laneTop     = 30.0
	windowMS    = 50.0
)

// Lanes draws the connections involved in the 50 ms around the first leak of a
// run, to scale.
func Lanes(r *result.Run) Figure {
	f := Figure{Title: r.Name}
	first := firstLeak(r)
	if first == nil {
		f.Missing = "No leak was kept as evidence, so there is no moment to show."
		return f
	}
	steps := stepsAround(r, first)
	lanes := lanesOf(steps, first)
	window := span(steps, first.AtMS)
	f.Note = fmt.Sprintf("Milliseconds from the receipt of %s's event by %s at %.1f ms into the run.", user(first.Owner, 24), user(first.Receiver, 24), first.AtMS)
	bottom := laneTop + laneHeight*float64(len(lanes))
	c := svg.New(lanesWide, bottom+26, "lanes", f.Title+". "+f.Note)
	x := func(at float64) float64 {
		return laneLeft + 14 + (lanesWide-laneLeft-40)*(at-first.AtMS-window[0])/(window[1]-window[0])
	}
	for _, v := range around(window) {
		c.Line("grid", x(first.AtMS+v), 16, x(first.AtMS+v), bottom)
		c.Text("tick mid", x(first.AtMS+v), bottom+18, svg.Num(v)+" ms")
	}
	for i, lane := range lanes {
		y := laneTop + laneHeight*(float64(i)+0.5)
		c.Text("tick end", laneLeft-6, y+4, lane.title())
		c.Line("life", laneLeft, y, lanesWide-right, y)
	}
	f.Table = &Table{Head: []string{"time", "connection", "what"}, Words: 3}
	for _, foreign := range []bool{false, true} { // the leaks on top
		for _, step := range steps {
			at := slices.IndexFunc(lanes, func(l lane) bool { return l.holds(step) })
			if at < 0 || isForeign(step) != foreign {
				continue
			}
			class, d := look(step, x(step.AtMS), laneTop+laneHeight*(float64(at)+0.5))
			c.Mark(class, d, fmt.Sprintf("%+.2f ms: %s", step.AtMS-first.AtMS, lanes[at].tell(step)))
		}
	}
	for _, step := range steps {
		if at := slices.IndexFunc(lanes, func(l lane) bool { return l.holds(step) }); at >= 0 {
			f.Table.Rows = append(f.Table.Rows, []string{fmt.Sprintf("%+.2f ms", step.AtMS-first.AtMS), lanes[at].title(), lanes[at].tell(step)})
		}
	}
	f.SVG = c.HTML()
	f.Legend = []Key{{"mark emit", "emits"}, {"mark recv", "receives its own"}, {"mark hit", "receives somebody else's"}, {"mark life", "opens, binds, closes"}}
	return f
}

func firstLeak(r *result.Run) *result.Evidence {
	var first *result.Evidence
	for i := range r.Evidence {
		e := &r.Evidence[i]
		if digest.CodeOf(e.Code).Leak && (first == nil || e.AtMS < first.AtMS) {
			first = e
		}
	}
	return first
}

// stepsAround gathers the records that any evidence kept of that window, each
// once.
func stepsAround(r *result.Run, first *result.Evidence) []result.Step {
	seen := map[result.Step]bool{}
	var steps []result.Step
	add := func(s result.Step) {
		if !seen[s] && s.AtMS >= first.AtMS-windowMS && s.AtMS <= first.AtMS+windowMS {
			seen[s] = true
			steps = append(steps, s)
		}
	}
	for i := range r.Evidence {
		for _, s := range r.Evidence[i].Around {
			add(s)
		}
	}
	if len(steps) == 0 {
		add(result.Step{AtMS: first.EmittedMS, Kind: "emit", User: first.Owner, Owner: first.Owner})
		add(result.Step{AtMS: first.AtMS, Kind: "recv", User: first.Receiver, Connection: first.Connection, Owner: first.Owner})
	}
	slices.SortStableFunc(steps, func(a, b result.Step) int { return cmp.Compare(a.AtMS, b.AtMS) })
	return steps
}

// lane is one connection, or a user without one.
type lane struct{ connection, user string }

func (l lane) holds(s result.Step) bool {
	if l.connection != "" {
		return s.Connection == l.connection
	}
	return s.Connection == "" && s.User == l.user
}

func (l lane) title() string {
	return strings.TrimSpace(short(l.connection, 8) + " " + short(l.user, 12))
}

func (l lane) tell(s result.Step) string {
	switch s.Kind {
	case "emit":
		return "emits " + event(s)
	case "recv":
		return user(s.User, 12) + " " + received(s)
	}
	return word(s)
}

// lanesOf orders connections by their first record; those of the evidence are
// always among them.
func lanesOf(steps []result.Step, first *result.Evidence) []lane {
	var lanes []lane
	for _, s := range steps {
		at := slices.IndexFunc(lanes, func(l lane) bool { return l.holds(s) })
		if at < 0 {
			lanes = append(lanes, lane{s.Connection, s.User})
			continue
		}
		if lanes[at].user == "" {
			lanes[at].user = s.User
		}
	}
	rank := func(l lane) int {
		if l.connection == first.Connection || l.user == first.Owner || l.user == first.Receiver {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(lanes, func(a, b lane) int { return rank(a) - rank(b) })
	return lanes[:min(len(lanes), lanesAtMost)]
}

// span is the window that the records fill, relative to the receipt.
func span(steps []result.Step, receipt float64) [2]float64 {
	lo, hi := steps[0].AtMS-receipt, steps[len(steps)-1].AtMS-receipt
	pad := max((hi-lo)*0.04, 0.2)
	return [2]float64{lo - pad, hi + pad}
}

func around(window [2]float64) []float64 {
	var out []float64
	for _, v := range ticks(-window[0], 5) {
		if v > 0 && -v >= window[0] {
			out = append(out, -v)
		}
	}
	out = append(out, 0)
	for _, v := range ticks(-window[0], 5) {
		if v > 0 && v <= window[1] {
			out = append(out, v)
		}
	}
	return out
}

func look(s result.Step, x, y float64) (class, d string) {
	at := "M" + svg.Num(x) + " "
	switch {
	case s.Kind == "emit":
		return "mark emit", at + svg.Num(y-7) + "l7 12h-14z"
	case isForeign(s):
		return "mark hit", at + svg.Num(y-8) + "l8 8l-8 8l-8 -8z"
	case s.Kind == "recv":
		return "mark recv", dot(x, y, 5)
	}
	return "mark life", svg.Box(x-1.5, y-8, 3, 16)
}

func isForeign(s result.Step) bool {
	return s.Kind == "recv" && s.Owner != "" && s.Owner != s.User
}
