package chart

import (
	"html/template"
	"strings"

	"github.com/wsmig/wsmig/reports/internal/svg"
)

// Swatch draws the look that a key explains. It is decoration beside its words,
// hidden from readers of the page's text.
func (k Key) Swatch() template.HTML {
	d := "M4 1h14v10h-14z"
	switch {
	case strings.HasPrefix(k.Class, "ln"):
		d = "M1 6h20"
	case k.Class == "mark emit":
		d = "M11 1l5 10h-10z"
	case k.Class == "mark hit":
		d = "M11 0l6 6l-6 6l-6 -6z"
	case k.Class == "mark recv":
		d = dot(11, 6, 5)
	case k.Class == "mark life":
		d = svg.Box(9.5, 0, 3, 12)
	}
	return template.HTML(`<svg viewBox="0 0 22 12" aria-hidden="true"><path class="` + k.Class + `" d="` + d + `"/></svg>`) //nolint:gosec // constants only
}
