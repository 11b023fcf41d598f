package digest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// Progress counts the findings of one package, role or rule.
type Progress struct {
	Name                                   string
	Todo, Fixable, Info, Baseline, Ignored uint64 // Fixable is part of Todo
}

// All is every finding, whatever became of it.
func (p Progress) All() uint64 { return p.Todo + p.Info + p.Baseline + p.Ignored }

func (p *Progress) count(f *findings.Finding) {
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

// Total counts all findings of an analysis.
func Total(r *findings.Result) Progress {
	p := Progress{Name: "all"}
	for i := range r.Findings {
		p.count(&r.Findings[i])
	}
	return p
}

// ProgressBy counts findings by a name of theirs, the fullest first.
func ProgressBy(r *findings.Result, name func(*findings.Finding) string) []Progress {
	at := map[string]int{}
	var list []Progress
	for i := range r.Findings {
		f := &r.Findings[i]
		key := name(f)
		if _, ok := at[key]; !ok {
			at[key] = len(list)
			list = append(list, Progress{Name: key})
		}
		list[at[key]].count(f)
	}
	slices.SortStableFunc(list, func(a, b Progress) int {
		return cmp.Or(cmp.Compare(b.Todo, a.Todo), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// Stages are the steps of a migration in their order, and what each takes away.
var Stages = []struct {
	Name, What string
	Roles      []findings.Role
}{
	{"bind", "sends to users", []findings.Role{findings.UserSend, findings.ConnSend, findings.RoomSend, findings.RoutedSend}},
	{"move", "connections, queries", []findings.Role{findings.Register, findings.Unregister, findings.Lifecycle, findings.Query, findings.Broadcast}},
	{"remove", "the manager itself", []findings.Role{findings.RoleDeclaration, findings.Escape, findings.Other}},
}

// ProgressByStage counts the findings that each stage takes away, every stage in its
// order. Findings that are no singleton's belong to none.
func ProgressByStage(r *findings.Result) []Progress {
	list := make([]Progress, len(Stages))
	for i, stage := range Stages {
		list[i].Name = stage.Name
		for j := range r.Findings {
			if f := &r.Findings[j]; f.Rule == "singleton" && slices.Contains(stage.Roles, f.Role) {
				list[i].count(f)
			}
		}
	}
	return list
}

// Roles are in the order of the danger that they are.
var Roles = []findings.Role{
	findings.UserSend, findings.ConnSend, findings.RoomSend, findings.RoutedSend, findings.Broadcast, findings.Register,
	findings.Unregister, findings.Lifecycle, findings.Query, findings.Escape, findings.RoleDeclaration, findings.Other,
}

// LintCoverage says in a sentence what an analysis read and what it could not.
func LintCoverage(r *findings.Result) string {
	s := fmt.Sprintf("%s in %s read in %.1f s", Plural(uint64(max(r.Stats.Files, 0)), "file"), Plural(uint64(max(r.Stats.Packages, 0)), "package"), r.Stats.Seconds)
	if n := len(r.Stats.PackagesFailed); n > 0 {
		s += fmt.Sprintf("; %s could not be read in full", Plural(uint64(n), "package"))
	}
	if n := len(r.Stats.FilesSkipped); n > 0 {
		s += fmt.Sprintf("; %s skipped", Plural(uint64(n), "file"))
	}
	return s + "."
}
