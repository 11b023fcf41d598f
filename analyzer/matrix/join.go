package matrix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/suppress"
)

// join is the union of what was found on the platforms so far.
type join struct {
	result   *findings.Result
	at       map[string]int // findings by place
	idle     map[string]int // on how many platforms a comment silenced nothing
	reads    map[string]int // on how many platforms a file was read
	skipped  map[string]string
	packages map[string]bool
	declared []string
}

func newJoin() *join {
	return &join{
		result: &findings.Result{Schema: findings.Schema, Findings: []findings.Finding{}, Singletons: []findings.Singleton{}, Stats: findings.Stats{PackagesFailed: []findings.FailedPackage{}, FilesSkipped: []findings.SkippedFile{}}},
		at:     map[string]int{}, idle: map[string]int{}, reads: map[string]int{}, skipped: map[string]string{}, packages: map[string]bool{},
	}
}

func (j *join) add(p Platform, r *findings.Result, scope *driver.Scope) {
	for _, name := range scope.Packages {
		j.packages[name] = true
	}
	for _, name := range scope.Files {
		j.reads[name]++
	}
	j.declared = append(j.declared, scope.Accessors...)
	for _, s := range r.Stats.FilesSkipped {
		j.skipped[s.File] = s.Reason
	}
	for i := range r.Findings {
		j.finding(&r.Findings[i])
	}
	for i := range r.Singletons {
		j.singleton(&r.Singletons[i])
	}
	for _, f := range r.Stats.PackagesFailed {
		if !slices.ContainsFunc(j.result.Stats.PackagesFailed, func(known findings.FailedPackage) bool { return known.Package == f.Package }) {
			if p.String() != "host" {
				f.Error = p.String() + ": " + f.Error
			}
			j.result.Stats.PackagesFailed = append(j.result.Stats.PackagesFailed, f)
		}
	}
	j.result.Shard = r.Shard
	j.result.Stats.Seconds += r.Stats.Seconds
}

// finding adds a finding, or what this platform knows better about one that is
// there: a role where the body was not to be seen before.
func (j *join) finding(f *findings.Finding) {
	key := fmt.Sprintf("%s %s:%d:%d %s", f.Rule, f.File, f.Line, f.Column, f.Singleton)
	if f.Rule != "singleton" {
		key += " " + strings.TrimPrefix(f.Message, "info: ")
	}
	if f.Rule == suppress.Rule {
		j.idle[key]++
	}
	i, ok := j.at[key]
	if !ok {
		j.at[key] = len(j.result.Findings)
		j.result.Findings = append(j.result.Findings, *f)
		return
	}
	known := &j.result.Findings[i]
	better := known.Role == findings.Other && f.Role != findings.Other || known.Role == f.Role && known.Addressee == "" && f.Addressee != ""
	if better || heavier(f.Severity, known.Severity) {
		*known = *f
	}
}

func heavier(a, b findings.Severity) bool { return weight[a] > weight[b] }

var weight = map[findings.Severity]int{findings.Info: 0, findings.Warning: 1, findings.Error: 2}

func (j *join) singleton(s *findings.Singleton) {
	for i := range j.result.Singletons {
		known := &j.result.Singletons[i]
		if known.Package != s.Package || known.Name != s.Name {
			continue
		}
		for _, a := range s.Accessors {
			if !slices.Contains(known.Accessors, a) {
				known.Accessors = append(known.Accessors, a)
			}
		}
		if heavier(s.Severity, known.Severity) {
			s.Accessors = known.Accessors
			*known = *s
		}
		return
	}
	j.result.Singletons = append(j.result.Singletons, *s)
}

// finish accounts for the files: skipped is what no platform read.
func (j *join) finish() (*findings.Result, *driver.Scope, error) {
	r := j.result
	r.Findings = slices.DeleteFunc(r.Findings, func(f findings.Finding) bool {
		if f.Rule != suppress.Rule {
			return false
		}
		key := fmt.Sprintf("%s %s:%d:%d %s %s", f.Rule, f.File, f.Line, f.Column, f.Singleton, strings.TrimPrefix(f.Message, "info: "))
		return j.idle[key] < j.reads[f.File]
	})
	scope := &driver.Scope{Accessors: j.declared}
	for name := range j.packages {
		scope.Packages = append(scope.Packages, name)
	}
	for name := range j.reads {
		scope.Files = append(scope.Files, name)
	}
	for name, reason := range j.skipped {
		if reason == "excluded" || j.reads[name] == 0 {
			r.Stats.FilesSkipped = append(r.Stats.FilesSkipped, findings.SkippedFile{File: name, Reason: reason})
		}
	}
	slices.Sort(scope.Packages)
	slices.Sort(scope.Files)
	r.Stats.Packages, r.Stats.Files = len(scope.Packages), len(scope.Files)
	r.Sort()
	r.Count()
	return r, scope, nil
}
