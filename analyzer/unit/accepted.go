package unit

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/baseline"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/fingerprint"
	"github.com/wsmig/wsmig/analyzer/suppress"
)

// accept takes out what the baseline accepts, as wsmig lint does. That an entry is
// stale only shows once every package was looked at, so that is left to lint.
func (j *job) accept() error {
	name := config.Above(j.cfg.Dir, baseline.Name)
	if name == "" {
		return nil
	}
	file, err := baseline.Load(name)
	if err != nil || file == nil {
		return err
	}
	left := file.Counts()
	singletons := j.places()
	for i := range j.reports {
		r := &j.reports[i]
		places := map[token.Pos]place{}
		if r.analyzer == j.suite[0] {
			places = singletons
		}
		r.diagnostics = slices.DeleteFunc(r.diagnostics, func(d analysis.Diagnostic) bool {
			print := j.fingerprint(r.analyzer.Name, d, places)
			if left[print] == 0 {
				return false
			}
			left[print]--
			return true
		})
	}
	return nil
}

// place is what a finding is known by.
type place struct {
	node     ast.Node
	function string
}

// places are those of the declarations and uses of singletons: what counts there is
// what is done, which is more than the name that the diagnostic points at.
func (j *job) places() map[token.Pos]place {
	out := map[token.Pos]place{}
	if j.result == nil {
		return out
	}
	for _, s := range j.result.Singletons {
		out[s.Node.Pos()] = place{s.Node, ""}
	}
	for _, site := range j.result.Sites {
		if _, ok := out[site.Node.Pos()]; !ok {
			out[site.Node.Pos()] = place{site.Action, site.Function()}
		}
	}
	return out
}

func (j *job) fingerprint(rule string, d analysis.Diagnostic, places map[token.Pos]place) string {
	p, ok := places[d.Pos]
	if !ok {
		p.node, p.function = fingerprint.Around(j.files, d.Pos, d.End)
	}
	if d.Category == suppress.Rule {
		p = place{suppress.Node(strings.TrimSuffix(d.Message, complaint)), ""}
		rule = suppress.Rule
	}
	return fingerprint.Of(j.fset, rule, fingerprint.Path(j.cfg.ImportPath), p.function, p.node)
}
