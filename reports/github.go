package reports

import (
	"bytes"
	"fmt"
	"io"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// LintGitHub writes findings as workflow commands, which GitHub shows beside the
// changed lines of a pull request. Suppressed findings and those of the baseline
// are left out.
func LintGitHub(w io.Writer, r *findings.Result, _ *Options) error {
	var b bytes.Buffer
	for i := range r.Findings {
		f := &r.Findings[i]
		if !shown(f) {
			continue
		}
		fmt.Fprintf(&b, "::%s file=%s,line=%d,col=%d", annotationLevel(f.Severity), escape.AnnotationProperty(f.File), f.Line, f.Column)
		if f.EndLine >= f.Line {
			fmt.Fprintf(&b, ",endLine=%d", f.EndLine)
		}
		if f.EndLine == f.Line && f.EndColumn > f.Column {
			fmt.Fprintf(&b, ",endColumn=%d", f.EndColumn)
		}
		fmt.Fprintf(&b, ",title=%s::%s\n", escape.AnnotationProperty("wsmig "+f.Rule), escape.Annotation(lintMessage(f)))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func annotationLevel(s findings.Severity) string {
	switch s {
	case findings.Error:
		return "error"
	case findings.Info:
		return "notice"
	}
	return "warning"
}
