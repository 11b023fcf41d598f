package digest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/result"
)

// Row is one line of a comparison: a measure of each run, and what the
// difference between the first two is worth.
type Row struct {
	Measure string
	Values  []string
	Change  Change
}

// Change is the judgement of a difference, with a number where one helps.
type Change struct {
	Word   Word
	Detail string // "2.1x", "" when the values speak for themselves
}

// String is the word with its detail.
func (c Change) String() string {
	if c.Detail == "" {
		return string(c.Word)
	}
	return string(c.Word) + ", " + c.Detail
}

type measure struct {
	name string
	show func(*result.Run) string
	// judge is nil for measures of which neither more nor less is better.
	judge func(before, after *result.Run, noise float64) Change
}

var measures = []measure{
	{"verdict", func(r *result.Run) string { return Verdict(r.Verdict) }, judgeVerdict},
	{"isolation held", func(r *result.Run) string { return level(r.Level) }, judgeLevel},
	{"deliveries judged", func(r *result.Run) string { return Count(r.Delivered) }, nil},
	{"leaks", leaksOf, counted(func(r *result.Run) uint64 { return Leaks(r.Anomalies) })},
	{"lost", func(r *result.Run) string { return Count(r.Lost) }, counted(func(r *result.Run) uint64 { return r.Lost })},
	{"duplicates", func(r *result.Run) string { return Count(r.Duplicates) }, counted(func(r *result.Run) uint64 { return r.Duplicates })},
	{"reordered", func(r *result.Run) string { return Count(r.Reordered) }, counted(func(r *result.Run) uint64 { return r.Reordered })},
	{"latency p50", func(r *result.Run) string { return Micros(r.Latency.P50) }, quantile(100, func(r *result.Run) float64 { return r.Latency.P50 })},
	{"latency p99", func(r *result.Run) string { return Micros(r.Latency.P99) }, quantile(1_000, func(r *result.Run) float64 { return r.Latency.P99 })},
	{"latency p99.9", func(r *result.Run) string { return Micros(r.Latency.P999) }, quantile(10_000, func(r *result.Run) float64 { return r.Latency.P999 })},
	{"events per second", func(r *result.Run) string { return Rate(r.EventsPerSecond) }, judgeRate},
}

// inner are the figures that only a server can give which tells of itself.
var inner = []measure{
	{"memory per user", func(r *result.Run) string { return Bytes(r.RSSBytesPerUser) }, judgeMemory},
	{"emitters created", func(r *result.Run) string { return Count(r.Lifecycle.Created) }, nil},
	{"emitters active", func(r *result.Run) string { return Count(r.Lifecycle.Active) }, nil},
	{"emitters after close", func(r *result.Run) string { return Count(r.Lifecycle.AfterClose) }, leftOver(func(r *result.Run) uint64 { return r.Lifecycle.AfterClose })},
	{"goroutines after close", func(r *result.Run) string { return signed(r.GoroutinesAfterStop) }, leftOver(func(r *result.Run) uint64 { return uint64(max(r.GoroutinesAfterStop, 0)) })},
}

// Compare lays runs side by side. The change is judged between before and after;
// either may be nil, and then nothing is judged. Noise is the factor by which a
// single measurement must change to count.
func Compare(runs []*result.Run, before, after *result.Run, noise float64) []Row {
	shown := measures
	if slices.ContainsFunc(runs, toldOfItself) {
		shown = slices.Concat(measures, inner)
	}
	rows := make([]Row, 0, len(shown))
	for _, m := range shown {
		row := Row{Measure: m.name}
		for _, run := range runs {
			row.Values = append(row.Values, m.show(run))
		}
		if m.judge != nil && before != nil && after != nil {
			row.Change = m.judge(before, after, noise)
		}
		rows = append(rows, row)
	}
	return rows
}

// toldOfItself reports whether a server gave figures of its own: the built-in ones and
// those of a Go test do, a server behind an address does not.
func toldOfItself(r *result.Run) bool {
	return r.RSSBytesPerUser > 0 || r.Lifecycle != result.Lifecycle{} || r.GoroutinesAfterStop != 0
}

// Judge lists the measures that tell better from worse, with what the difference
// is worth.
func Judge(before, after *result.Run, noise float64) []Row {
	var rows []Row
	for _, m := range slices.Concat(measures, inner) {
		if m.judge != nil {
			rows = append(rows, Row{m.name, []string{m.show(before), m.show(after)}, m.judge(before, after, noise)})
		}
	}
	return rows
}

// Verdict is the word for a verdict; a violated one is in capitals, since the
// word must carry without colour.
func Verdict(v result.Verdict) string {
	if v == result.Violated {
		return "VIOLATED"
	}
	return string(v)
}

// signed is Count for a number that may fall below zero, as a difference of two
// samples does.
func signed(n int) string {
	if n < 0 {
		return fmt.Sprint(n)
	}
	return Count(uint64(n))
}

func leaksOf(r *result.Run) string { return Count(Leaks(r.Anomalies)) }

func level(name string) string {
	if name == "" {
		return "-"
	}
	return name
}

func judgeVerdict(before, after *result.Run, _ float64) Change {
	switch {
	case before.Verdict == after.Verdict && after.Verdict != result.Inconclusive:
		return Change{Word: Same}
	case after.Verdict == result.Violated:
		return Change{Word: Worse}
	case before.Verdict == result.Violated && after.Verdict == result.Pass:
		return Change{Word: Better}
	}
	return Change{Word: NoEvidence}
}

// judgeLevel trusts a level only where the run behind it was decided: the level
// of an inconclusive run is what happened not to be violated.
func judgeLevel(before, after *result.Run, _ float64) Change {
	b, errBefore := history.ParseLevel(before.Level)
	a, errAfter := history.ParseLevel(after.Level)
	switch {
	case errBefore != nil || errAfter != nil:
		return Change{Word: NoEvidence}
	case a < b && before.Verdict != result.Inconclusive:
		return Change{Word: Worse}
	case a > b && after.Verdict != result.Inconclusive:
		return Change{Word: Better}
	case a == b && after.Verdict != result.Inconclusive:
		return Change{Word: Same}
	}
	return Change{Word: NoEvidence}
}

func counted(of func(*result.Run) uint64) func(before, after *result.Run, _ float64) Change {
	return func(before, after *result.Run, _ float64) Change {
		b, a := of(before), of(after)
		return Change{Word: fewer(b, before.Delivered+b, a, after.Delivered+a)}
	}
}

// quantile needs enough deliveries for ten of them to lie beyond the quantile,
// and, as every measure of speed, the same load on both sides.
func quantile(needs uint64, of func(*result.Run) float64) func(before, after *result.Run, noise float64) Change {
	return func(before, after *result.Run, noise float64) Change {
		b, a := of(before), of(after)
		if before.Delivered < needs || after.Delivered < needs || before.Users != after.Users {
			return Change{Word: unlessEqual(b, a)}
		}
		return factor(smaller(b, a, noise), b, a)
	}
}

func judgeRate(before, after *result.Run, noise float64) Change {
	b, a := before.EventsPerSecond, after.EventsPerSecond
	if before.Users != after.Users {
		return Change{Word: unlessEqual(b, a)}
	}
	return factor(smaller(a, b, noise), a, b)
}

// judgeMemory wants a hundred users: below that the figure is mostly the process
// itself, divided by a few.
func judgeMemory(before, after *result.Run, noise float64) Change {
	b, a := float64(before.RSSBytesPerUser), float64(after.RSSBytesPerUser)
	if before.Users < 100 || after.Users != before.Users {
		return Change{Word: unlessEqual(b, a)}
	}
	return factor(smaller(b, a, noise), b, a)
}

// unlessEqual is the word where the data can't tell.
func unlessEqual(before, after float64) Word {
	if before == after && before > 0 {
		return Same
	}
	return NoEvidence
}

func leftOver(of func(*result.Run) uint64) func(before, after *result.Run, _ float64) Change {
	return func(before, after *result.Run, _ float64) Change {
		return Change{Word: exactly(of(before), of(after))}
	}
}

func factor(word Word, before, after float64) Change {
	if word == NoEvidence || word == Same {
		return Change{Word: word}
	}
	ratio := max(before/after, after/before)
	return Change{Word: word, Detail: strings.TrimSuffix(plainFloat(ratio, 2), ".0") + "x"}
}
