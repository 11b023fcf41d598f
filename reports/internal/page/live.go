package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
)

//go:embed live.js
var liveScript string

//go:embed live.css
var liveStyle string

// live is what the page of a run under way has beside the report.
type live struct {
	Script template.JS
	CSS    template.CSS
}

// Live writes the page of a load test that is still going on: the report so far
// under a strip that a socket at host, relative to the page, keeps up to date. It
// is the one page with a script, which its policy names by hash, and the socket is
// the one thing that it may ask for. Without JavaScript it asks for itself again.
func Live(w io.Writer, r *result.Result, noise float64, host string) error {
	p := newLoadTest(r, nil, noise)
	p.Title = "wsmig: load test under way"
	p.Live = &live{template.JS(liveScript), template.CSS(liveStyle)} //nolint:gosec // our own
	p.CSP = policy("style-src " + source(style) + " " + source(liveStyle) + "; script-src " + source(liveScript) + "; connect-src ws://" + host)
	p.Story.Word, p.Story.Headline, p.Story.Reasons = "UNDER WAY", liveHeadline(r), nil
	return render(w, "loadtest", p)
}

func liveHeadline(r *result.Result) string {
	if len(r.Runs) == 0 {
		return "The first users are connecting; nothing has been judged yet."
	}
	run := &r.Runs[len(r.Runs)-1]
	leaks := digest.Leaks(run.Anomalies)
	if leaks == 0 {
		return fmt.Sprintf("%s: nobody received anything of somebody else's so far, in %s.", run.Name, digest.Plural(run.Delivered, "delivery"))
	}
	return fmt.Sprintf("%s: %s outside the audience so far, beside %s.", run.Name, digest.Plural(leaks, "receipt"), digest.Plural(run.Delivered, "delivery"))
}
