package reports

import (
	"bytes"
	"io"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/page"
)

// HTML writes a load test as one page that loads nothing and runs no script: the
// verdict in words, the comparison, who received whose events, the evidence with
// sequence diagrams, latencies, rates, schedules, and what was not judged. It
// follows the reader's light or dark theme, prints, and stays below 300 KB for a
// thousand users.
func HTML(w io.Writer, r *result.Result, o *Options) error {
	var b bytes.Buffer
	if err := page.LoadTest(&b, r, o.lint(), o.noise()); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// LiveHTML writes the page of a load test under way: the report so far, and a script
// that follows the run over the socket at ws://HOST/.../ws beside the page. See
// reports/dashboard, which serves it.
func LiveHTML(w io.Writer, r *result.Result, host string, o *Options) error {
	var b bytes.Buffer
	if err := page.Live(&b, r, o.noise(), host); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// LintHTML writes findings as one page of the same kind: progress of the
// migration by package, role and stage, the baseline, the singletons with their
// uses, and every open finding.
func LintHTML(w io.Writer, r *findings.Result, o *Options) error {
	var b bytes.Buffer
	if err := page.Lint(&b, r, o.ledger()); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
