// Package chart draws what a saved load test holds: pure functions from data to
// figures. A figure always comes with the same numbers as a table, and a figure
// that can't be drawn says why.
package chart

import (
	"html/template"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// Figure is one picture with everything that belongs to it.
type Figure struct {
	Title   string
	Note    string // what to see in it, or what to know about it
	SVG     template.HTML
	Legend  []Key
	Table   *Table
	Missing string // why there is no picture; SVG is empty then
}

// Key explains one look in a picture.
type Key struct{ Class, Text string }

// Table is the numbers behind a picture.
type Table struct {
	Head  []string
	Rows  [][]string
	Words int // columns from the left that are text; the others are numbers
}

// lineClasses tells servers apart by colour and by dash: controls are always in
// the colour of danger, the first server under test in that of a sound one.
func lineClasses(controls []bool) []string {
	classes := make([]string, len(controls))
	tested := 0
	for i, control := range controls {
		if control {
			classes[i] = "ln bad"
			continue
		}
		classes[i] = "ln " + []string{"good", "third", "fourth"}[tested%3]
		tested++
	}
	return classes
}

func classesOf(runs []*result.Run) []string {
	controls := make([]bool, len(runs))
	for i, r := range runs {
		controls[i] = r.Control
	}
	return lineClasses(controls)
}

// user shows a name that may be empty or end in spaces, as odd ones do.
func user(name string, limit int) string {
	if name == "" || strings.TrimSpace(name) != name {
		return short(`"`+name+`"`, limit)
	}
	return short(name, limit)
}

func short(s string, limit int) string { return escape.Cut(escape.Visible(s), limit) }
