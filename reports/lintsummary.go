package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
	"github.com/wsmig/wsmig/reports/internal/grid"
)

// LintSummary writes how far the migration is, by package: what is left, how
// much of it fix can do, and what the baseline and suppressions hold.
func LintSummary(w io.Writer, r *findings.Result, o *Options) error {
	var b bytes.Buffer
	t := grid.Table{
		Width:  o.width(),
		Header: []string{"package", "to do", "fixable", "info", "baseline", "ignored"},
		Right:  map[int]bool{1: true, 2: true, 3: true, 4: true, 5: true},
	}
	total := packageProgress{Package: "all"}
	for _, p := range progress(r) {
		t.Rows = append(t.Rows, p.cells())
		total.add(p)
	}
	if len(t.Rows) > 1 {
		t.Rows = append(t.Rows, total.cells())
	}
	if err := t.Write(&b); err != nil {
		return err
	}
	for _, s := range r.Singletons {
		paragraph(&b, o, fmt.Sprintf("%s.%s (%s, %s:%d): %s", s.Package, s.Name, s.Form, s.File, s.Line, usesOf(&s)))
	}
	paragraph(&b, o, lintCoverage(r))
	_, err := w.Write(b.Bytes())
	return err
}

type packageProgress struct {
	Package                                string
	Todo, Fixable, Info, Baseline, Ignored uint64
}

func (p packageProgress) cells() []string {
	return []string{
		escape.Visible(p.Package), digest.Count(p.Todo), digest.Count(p.Fixable),
		digest.Count(p.Info), digest.Count(p.Baseline), digest.Count(p.Ignored),
	}
}

func (p *packageProgress) add(other packageProgress) {
	p.Todo += other.Todo
	p.Fixable += other.Fixable
	p.Info += other.Info
	p.Baseline += other.Baseline
	p.Ignored += other.Ignored
}

func (p *packageProgress) count(f *findings.Finding) {
	switch {
	case f.Suppressed:
		p.Ignored++
	case f.Baseline:
		p.Baseline++
	case f.Severity == findings.Info:
		p.Info++
	default:
		p.Todo++
		if f.Fixable {
			p.Fixable++
		}
	}
}

// progress counts findings by package, the fullest first.
func progress(r *findings.Result) []packageProgress {
	at := map[string]int{}
	var list []packageProgress
	for i := range r.Findings {
		f := &r.Findings[i]
		if _, ok := at[f.Package]; !ok {
			at[f.Package] = len(list)
			list = append(list, packageProgress{Package: f.Package})
		}
		list[at[f.Package]].count(f)
	}
	slices.SortStableFunc(list, func(a, b packageProgress) int {
		return cmp.Or(cmp.Compare(b.Todo, a.Todo), cmp.Compare(a.Package, b.Package))
	})
	return list
}

// usesOf lists what a singleton is used for: "9 user-send, 2 broadcast".
func usesOf(s *findings.Singleton) string {
	var b bytes.Buffer
	for _, role := range roles {
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

// roles in the order of the danger that they are.
var roles = []findings.Role{
	findings.UserSend, findings.ConnSend, findings.RoomSend, findings.RoutedSend, findings.Broadcast, findings.Register,
	findings.Unregister, findings.Lifecycle, findings.Query, findings.Escape, findings.RoleDeclaration, findings.Other,
}

func lintCoverage(r *findings.Result) string {
	s := fmt.Sprintf("%s in %s read in %.1f s", digest.Plural(uint64(max(r.Stats.Files, 0)), "file"), digest.Plural(uint64(max(r.Stats.Packages, 0)), "package"), r.Stats.Seconds)
	if n := len(r.Stats.PackagesFailed); n > 0 {
		s += fmt.Sprintf("; %s could not be read in full", digest.Plural(uint64(n), "package"))
	}
	if n := len(r.Stats.FilesSkipped); n > 0 {
		s += fmt.Sprintf("; %s skipped", digest.Plural(uint64(n), "file"))
	}
	return s + "."
}
