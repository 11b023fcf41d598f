package chart

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/svg"
)

// Segment is one part of a bar.
type Segment struct {
	Class string
	Name  string
	N     uint64
}

const barWidth = 300.0

// Bar draws segments to scale, top being the whole width. Segments that are not
// zero are at least a hair wide, so that none vanishes.
func Bar(top uint64, segments ...Segment) template.HTML {
	var parts []string
	for _, s := range segments {
		if s.N > 0 {
			parts = append(parts, digest.Count(s.N)+" "+s.Name)
		}
	}
	c := svg.Stretched(barWidth, 12, "bar", strings.Join(parts, ", "))
	x := 0.0
	for _, s := range segments {
		if s.N == 0 || top == 0 {
			continue
		}
		w := max(3, barWidth*float64(s.N)/float64(top))
		c.Rect(s.Class, x, 0, max(w-1, 2), 12, fmt.Sprintf("%s %s", digest.Count(s.N), s.Name))
		x += w
	}
	return c.HTML()
}
