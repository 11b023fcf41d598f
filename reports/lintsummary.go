package reports

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
	"github.com/wsmig/wsmig/reports/internal/grid"
)

// LintSummary writes how far the migration is, by package and by stage: what is left,
// how much of it fix can do, and what the baseline and suppressions hold.
func LintSummary(w io.Writer, r *findings.Result, o *Options) error {
	var b bytes.Buffer
	t := grid.Table{
		Width:  o.width(),
		Header: []string{"package", "to do", "fixable", "info", "baseline", "ignored"},
		Right:  map[int]bool{1: true, 2: true, 3: true, 4: true, 5: true},
	}
	list := progress(r)
	above := commonPath(list)
	if above != "" {
		paragraph(&b, o, "Packages below "+above+":")
	}
	for _, p := range list {
		if above != "" {
			p.Name = strings.TrimPrefix(p.Name, above+"/")
		}
		t.Rows = append(t.Rows, progressCells(p))
	}
	if len(t.Rows) > 1 {
		t.Rows = append(t.Rows, progressCells(digest.Total(r)))
	}
	if err := t.Write(&b); err != nil {
		return err
	}
	if err := stageTable(&b, r, o); err != nil {
		return err
	}
	for _, s := range r.Singletons {
		paragraph(&b, o, fmt.Sprintf("%s.%s (%s, %s:%d): %s", s.Package, s.Name, s.Form, s.File, s.Line, usesOf(&s)))
	}
	paragraph(&b, o, digest.LintCoverage(r))
	_, err := w.Write(b.Bytes())
	return err
}

func stageTable(b *bytes.Buffer, r *findings.Result, o *Options) error {
	if len(r.Singletons) == 0 {
		return nil
	}
	t := grid.Table{
		Width:  o.width(),
		Header: []string{"stage", "takes away", "to do", "fixable", "info", "baseline", "ignored"},
		Right:  map[int]bool{2: true, 3: true, 4: true, 5: true, 6: true},
	}
	for i, p := range digest.ProgressByStage(r) {
		cells := progressCells(p)
		t.Rows = append(t.Rows, append([]string{cells[0], digest.Stages[i].What}, cells[1:]...))
	}
	return t.Write(b)
}

// commonPath is the import path that all packages lie below, so that a table
// need not repeat it; "" when there is none, or a single package.
func commonPath(list []digest.Progress) string {
	if len(list) < 2 {
		return ""
	}
	above := strings.Split(path.Dir(list[0].Name), "/")
	for _, p := range list[1:] {
		parts := strings.Split(path.Dir(p.Name), "/")
		for i := range above {
			if i >= len(parts) || parts[i] != above[i] {
				above = above[:i]
				break
			}
		}
	}
	return strings.TrimPrefix(strings.Join(above, "/"), ".")
}

func progress(r *findings.Result) []digest.Progress {
	return digest.ProgressBy(r, func(f *findings.Finding) string { return f.Package })
}

func progressCells(p digest.Progress) []string {
	return []string{
		escape.Visible(p.Name), digest.Count(p.Todo), digest.Count(p.Fixable),
		digest.Count(p.Info), digest.Count(p.Baseline), digest.Count(p.Ignored),
	}
}

// usesOf lists what a singleton is used for: "9 user-send, 2 broadcast".
func usesOf(s *findings.Singleton) string {
	var b bytes.Buffer
	for _, role := range digest.Roles {
		if n := s.Uses[role]; n > 0 {
			if b.Len() > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%d %s", n, role)
		}
	}
	if b.Len() == 0 {
		return "no uses"
	}
	return b.String()
}
