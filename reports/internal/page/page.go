// Package page assembles the HTML reports: one file each, without script and
// without a single request, so that a report opens anywhere and stays what it is.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"regexp"
	"sync"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

//go:embed style.css
var style string

//go:embed parts.tmpl
var parts string

//go:embed loadtest.tmpl
var loadTestPage string

//go:embed lint.tmpl
var lintPage string

// templates are parsed on first use: every start of the program would pay
// otherwise, and most never render a page.
var templates = sync.OnceValue(func() *template.Template {
	funcs := template.FuncMap{
		"v":    escape.Visible,
		"cut":  func(limit int, s string) string { return escape.Visible(escape.Cut(s, limit)) },
		"icon": icon,
		"mark": marked,
		"word": wordOf,
		"seq":  func(i int) int { return i + 1 },
	}
	t := template.New("page").Funcs(funcs)
	for _, text := range []string{parts, loadTestPage, lintPage} {
		template.Must(t.Parse(text))
	}
	return t
})

// frame is what every page has.
type frame struct {
	Title string
	CSS   template.CSS
	CSP   string
	Live  *live // nil in a report of what is over
}

func newFrame(title string) frame {
	return frame{Title: title, CSS: template.CSS(style), CSP: policy("style-src " + source(style))} //nolint:gosec // our own style sheet
}

// policy allows what is given and pictures inside the page, and nothing else.
func policy(allowed string) string {
	return "default-src 'none'; " + allowed + "; img-src data:; base-uri 'none'; form-action 'none'"
}

// source names one style sheet or script by its hash.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func render(w io.Writer, name string, data any) error {
	return templates().ExecuteTemplate(w, name, data)
}

// icon is the shape that goes with a verdict's word.
func icon(v result.Verdict) template.HTML {
	d := map[result.Verdict]string{
		result.Pass:         "M15 27l8 8l15 -18",
		result.Violated:     "M17 17l18 18m0 -18l-18 18",
		result.Inconclusive: "M19 20q0 -7 7 -7t7 7q0 4 -4 6t-3 5m0 6v1",
	}[v]
	return template.HTML(`<svg viewBox="0 0 52 52" aria-hidden="true"><circle cx="26" cy="26" r="24" fill="none" stroke="currentColor" stroke-width="3"/><path d="` + d + `" fill="none" stroke="currentColor" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>`) //nolint:gosec // constants only
}

// canary is compiled on first use, for the same reason as the templates.
var canary = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)~w1\.[0-9a-z]{1,40}~?`) })

// piece is a stretch of a frame; Canary ones are marked.
type piece struct {
	Text   string
	Canary bool
}

// frameAtMost is how many runes of a frame a page shows.
const frameAtMost = 700

// marked splits a frame at its canaries.
func marked(frame string) []piece {
	frame = escape.Visible(escape.Cut(frame, frameAtMost))
	var out []piece
	last := 0
	for _, at := range canary().FindAllStringIndex(frame, -1) {
		out = append(out, piece{frame[last:at[0]], false}, piece{frame[at[0]:at[1]], true})
		last = at[1]
	}
	return append(out, piece{frame[last:], false})
}

// change is a judgement as the page shows it: a shape, a word, a class.
type change struct{ Sign, Text, Class string }

func wordOf(c digest.Change) change {
	switch c.Word {
	case digest.Better:
		return change{"▲", c.String(), "better"}
	case digest.Worse:
		return change{"▼", c.String(), "worse"}
	case digest.Same:
		return change{"=", c.String(), "same"}
	case digest.NoEvidence:
		return change{"?", c.String(), "no"}
	}
	return change{}
}

// fact is a name and a value.
type fact struct{ Name, Value string }
