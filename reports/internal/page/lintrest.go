package page

import (
	"fmt"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/chart"
	"github.com/wsmig/wsmig/reports/internal/digest"
)

func (p *lintReport) singletons(r *findings.Result) {
	for i := range r.Singletons {
		s := &r.Singletons[i]
		view := singleton{
			Name: s.Package + "." + s.Name, Form: string(s.Form), Type: s.Type, Library: s.Library, Info: s.Severity == findings.Info,
			Place: fmt.Sprintf("%s:%d", s.File, s.Line), Accessors: strings.Join(s.Accessors, ", "),
		}
		var top int
		for _, n := range s.Uses {
			top = max(top, n)
		}
		for _, role := range digest.Roles {
			if n := uint64(max(s.Uses[role], 0)); n > 0 {
				view.Uses = append(view.Uses, use{string(role), digest.Count(n), chart.Bar(uint64(top), chart.Segment{Class: "seg-fix", Name: string(role), N: n})})
			}
		}
		p.Singletons = append(p.Singletons, view)
	}
}

// findings lists what is open, by file, in the order of the analysis.
func (p *lintReport) findings(r *findings.Result) {
	at := map[string]int{}
	listed, left := 0, uint64(0)
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Suppressed || f.Baseline {
			continue
		}
		if listed == findingsAtMost {
			left++
			continue
		}
		listed++
		if _, ok := at[f.File]; !ok {
			at[f.File] = len(p.Files)
			p.Files = append(p.Files, fileFindings{File: f.File})
		}
		file := &p.Files[at[f.File]]
		file.Rows = append(file.Rows, findingRow{fmt.Sprintf("%d:%d", f.Line, f.Column), string(f.Role), message(f), fixOf(f)})
	}
	if left > 0 {
		p.More = digest.Plural(left, "more finding") + " in the JSON."
	}
}

func message(f *findings.Finding) string {
	if f.Addressee != "" && !strings.Contains(f.Message, f.Addressee) {
		return f.Message + ", addressed by " + f.Addressee
	}
	return f.Message
}

func fixOf(f *findings.Finding) string {
	switch {
	case f.Severity == findings.Info:
		return "informational"
	case f.Fixable:
		return "wsmig fix"
	case f.Reason != "":
		return "by hand: " + f.Reason
	}
	return "by hand"
}

func failed(r *findings.Result) *chart.Table {
	if len(r.Stats.PackagesFailed) == 0 {
		return nil
	}
	t := &chart.Table{Head: []string{"package", "first error"}, Words: 2}
	for _, f := range r.Stats.PackagesFailed {
		t.Rows = append(t.Rows, []string{f.Package, f.Error})
	}
	return t
}

func skipped(r *findings.Result) *chart.Table {
	if len(r.Stats.FilesSkipped) == 0 {
		return nil
	}
	t := &chart.Table{Head: []string{"file", "reason"}, Words: 2}
	for i, f := range r.Stats.FilesSkipped {
		if i == findingsAtMost {
			break
		}
		t.Rows = append(t.Rows, []string{f.File, f.Reason})
	}
	return t
}
