// Package svg writes pictures for a page that has no script: paths, text and
// shapes whose look comes from the page's style sheet by class. Every text is
// escaped here and nowhere else, so no caller can forget it; classes and path
// data are the callers' own constants and numbers.
package svg

import (
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/wsmig/wsmig/reports/internal/escape"
)

// Canvas is a picture in the making. It is not safe for concurrent use.
type Canvas struct {
	b strings.Builder
}

// New starts a picture of w by h units, which the page scales to its width. The
// label says what there is to see to somebody who can't see it.
func New(w, h float64, class, label string) *Canvas {
	return start(w, h, class, label, "")
}

// Stretched is New for a picture without text that fills whatever box the page
// gives it, such as a bar.
func Stretched(w, h float64, class, label string) *Canvas {
	return start(w, h, class, label, ` preserveAspectRatio="none"`)
}

func start(w, h float64, class, label, attributes string) *Canvas {
	c := &Canvas{}
	c.b.WriteString(`<svg class="` + class + `" viewBox="0 0 ` + Num(w) + ` ` + Num(h) + `"` + attributes + ` role="img" aria-label="` + text(label) + `">`)
	return c
}

// HTML is the finished picture.
func (c *Canvas) HTML() template.HTML {
	return template.HTML(c.b.String() + "</svg>") //nolint:gosec // built from constants, numbers and escaped text
}

// Path draws d; nothing is drawn for an empty d.
func (c *Canvas) Path(class, d string) {
	if d != "" {
		c.b.WriteString(`<path class="` + class + `" d="` + d + `"/>`)
	}
}

// Line draws a straight line.
func (c *Canvas) Line(class string, x1, y1, x2, y2 float64) {
	c.Path(class, "M"+Num(x1)+" "+Num(y1)+"L"+Num(x2)+" "+Num(y2))
}

// Rect draws a rectangle. A tip, when not empty, shows on hover.
func (c *Canvas) Rect(class string, x, y, w, h float64, tip string) {
	c.shape(`<rect class="`+class+`" x="`+Num(x)+`" y="`+Num(y)+`" width="`+Num(w)+`" height="`+Num(h)+`"`, "rect", tip)
}

// Mark draws a path that stands for one thing, with a tip.
func (c *Canvas) Mark(class, d, tip string) {
	c.shape(`<path class="`+class+`" d="`+d+`"`, "path", tip)
}

func (c *Canvas) shape(open, name, tip string) {
	if tip == "" {
		c.b.WriteString(open + "/>")
		return
	}
	c.b.WriteString(open + "><title>" + text(tip) + "</title></" + name + ">")
}

// Scaled draws in units of scale from (x, y) on, which keeps the coordinates of
// thousands of cells short.
func (c *Canvas) Scaled(x, y, scale float64, draw func()) {
	c.b.WriteString(`<g transform="translate(` + Num(x) + " " + Num(y) + `) scale(` + strconv.FormatFloat(scale, 'f', 5, 64) + `)">`)
	draw()
	c.b.WriteString("</g>")
}

// Text writes s from (x, y) on; the class anchors it.
func (c *Canvas) Text(class string, x, y float64, s string) {
	c.b.WriteString(`<text class="` + class + `" x="` + Num(x) + `" y="` + Num(y) + `">` + text(s) + `</text>`)
}

// Turned writes s rotated by degrees around its start.
func (c *Canvas) Turned(class string, x, y, degrees float64, s string) {
	at := Num(x) + " " + Num(y)
	c.b.WriteString(`<text class="` + class + `" transform="translate(` + at + `) rotate(` + Num(degrees) + `)">` + text(s) + `</text>`)
}

func text(s string) string { return template.HTMLEscapeString(escape.Visible(s)) }

// Num writes a coordinate with at most one decimal, which is finer than any
// screen. What is not a number becomes 0, and what lies beyond any screen ends at
// a billion, so that no picture breaks.
func Num(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	v = min(max(v, -1e9), 1e9)
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// Box is the path of a square cell, for drawing many in one path.
func Box(x, y, w, h float64) string {
	return "M" + Num(x) + " " + Num(y) + "h" + Num(w) + "v" + Num(h) + "h" + Num(-w) + "z"
}

// Poly is the path of an open line through points given as x and y in turn.
func Poly(xy ...float64) string {
	var b strings.Builder
	for i := 0; i+1 < len(xy); i += 2 {
		b.WriteByte("ML"[min(i, 1)])
		b.WriteString(Num(xy[i]) + " " + Num(xy[i+1]))
	}
	return b.String()
}
