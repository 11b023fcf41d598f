package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/escape"
	"github.com/wsmig/wsmig/reports/internal/grid"
)

// LintText writes findings one a line, as go vet prints them:
// `file:line:col: message (rule, role)`. Informational ones start their message
// with "info: ". Suppressed ones and those of the baseline are left out.
func LintText(w io.Writer, r *findings.Result, o *Options) error {
	var b bytes.Buffer
	p := grid.Painter(o.color())
	for i := range r.Findings {
		f := &r.Findings[i]
		if !shown(f) {
			continue
		}
		at := escape.Visible(place(f)) + ":"
		fmt.Fprintf(&b, "%s %s\n", p.Bold(at), escape.Visible(lintMessage(f)))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// shown reports whether a finding is for people: neither suppressed in the
// source nor accepted in the baseline.
func shown(f *findings.Finding) bool { return !f.Suppressed && !f.Baseline }

// lintMessage is the message with what go vet has no column for. A message that
// already ends or starts so stays as it is, since the vettool needs it there.
func lintMessage(f *findings.Finding) string {
	message := f.Message
	if f.Severity == findings.Info && !strings.HasPrefix(message, "info: ") {
		message = "info: " + message
	}
	if tail := lintTail(f); !strings.HasSuffix(message, tail) {
		message += tail
	}
	return message
}

func lintTail(f *findings.Finding) string {
	if f.Role == "" {
		return " (" + f.Rule + ")"
	}
	return " (" + f.Rule + ", " + string(f.Role) + ")"
}
