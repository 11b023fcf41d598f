package fixer

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/driver"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/patch"
	"github.com/wsmig/wsmig/analyzer/suppress"
)

// wanted reports whether --only lets a site through.
func (e *engine) wanted(s *site) bool {
	if len(e.Only) == 0 {
		return true
	}
	for _, only := range e.Only {
		if only == "singleton" || only == "widecast" && e.wide[e.spotOf(s)] || e.names(s, only) || e.below(s.at.Filename, only) {
			return true
		}
	}
	return false
}

// names reports whether a symbol is the one at the site, its singleton, or what
// the site calls: "ws.GetManager", "GetManager" or with the whole import path.
func (e *engine) names(s *site, symbolic string) bool {
	candidates := []string{symbol(s.Site), s.Singleton.ID, s.Singleton.Package + "." + s.Singleton.Name}
	for _, accessor := range s.Singleton.Accessors {
		candidates = append(candidates, s.Singleton.Package+"."+accessor)
	}
	if s.Callee != nil && s.Callee.Pkg() != nil {
		candidates = append(candidates, s.Callee.Pkg().Path()+"."+s.Callee.Name())
	}
	for _, c := range candidates {
		if c == symbolic || strings.HasSuffix(c, "/"+symbolic) || strings.HasSuffix(c, "."+symbolic) {
			return true
		}
	}
	return false
}

// below reports whether a file is the one that a path names, or in that folder.
func (e *engine) below(file, path string) bool {
	if !strings.ContainsAny(path, "/.\\") {
		return false
	}
	want := filepath.Clean(strings.TrimSuffix(path, "/..."))
	if !filepath.IsAbs(want) {
		want = filepath.Join(e.place.dir, want)
	}
	rel, err := filepath.Rel(want, file)
	return err == nil && filepath.IsLocal(rel)
}

// askGroup shows what one group would change.
func (e *engine) askGroup(w *work, g *group) (bool, error) {
	src, err := e.read(g.file)
	if err != nil {
		return false, err
	}
	after, err := edit.Apply(src, g.edits)
	if err != nil {
		return false, err
	}
	var diff strings.Builder
	if err := patch.Write(&diff, e.place.dir, []patch.File{{Path: g.file, Before: src, After: after}}); err != nil {
		return false, err
	}
	at := g.sites[0]
	return e.Ask(Question{Singleton: at.Singleton.ID, File: e.rel(g.file), Line: at.at.Line, Diff: diff.String()})
}

// checkOnly refuses a value of --only that names nothing at all.
func (e *engine) checkOnly() error {
	if len(e.Only) == 0 {
		return nil
	}
	w := &work{}
	e.collect(w)
	for _, only := range e.Only {
		if slices.Contains(analyzer.Rules(), only) || e.isPath(only) || e.isSymbol(w, only) {
			continue
		}
		return &driver.InputError{
			Message: "--only " + only + ": nothing here is called that",
			Hint:    "give a rule (" + strings.Join(analyzer.Rules(), ", ") + "), a symbol such as ws.GetManager, or a path",
		}
	}
	return nil
}

func (e *engine) isPath(only string) bool {
	path := strings.TrimSuffix(only, "/...")
	if !filepath.IsAbs(path) {
		path = filepath.Join(e.place.dir, path)
	}
	_, err := os.Stat(path)
	return err == nil
}

func (e *engine) isSymbol(w *work, only string) bool {
	if slices.ContainsFunc(w.sites, func(s *site) bool { return e.names(s, only) }) {
		return true
	}
	for _, have := range e.layer {
		if strings.TrimSuffix(have.Symbol, "()") == only || only == "compat.GetManager" {
			return true
		}
	}
	for _, pkg := range e.program.Packages {
		if pkg.Result == nil {
			continue
		}
		for _, s := range pkg.Result.Singletons {
			if s.ID == only || strings.HasSuffix(s.ID, "/"+only) {
				return true
			}
		}
	}
	return false
}

// silenced reports whether a comment keeps lint quiet about a site: someone
// decided about it.
func (e *engine) silenced(s *site) bool {
	if e.comments == nil {
		e.comments = map[*ast.File]*suppress.Index{}
	}
	index := e.comments[s.File]
	if index == nil {
		index = suppress.New(e.program.Fset, []*ast.File{s.File}, analyzer.Rules())
		e.comments[s.File] = index
	}
	return index.Silences("singleton", s.Node.Pos())
}
