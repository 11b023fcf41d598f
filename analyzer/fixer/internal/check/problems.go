package check

import (
	"errors"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
	"strings"
	"sync"

	"github.com/wsmig/wsmig/analyzer/driver"
)

func goVersion(pkg *driver.Package) string {
	if pkg.Module == nil || pkg.Module.GoVersion == "" {
		return ""
	}
	return "go" + pkg.Module.GoVersion
}

// problem records an error unless the program had it before.
func (r *run) problem(u *unit, err error) {
	for _, p := range problems(u, err) {
		if !r.baseline[p] && !r.known(p) {
			r.problems = append(r.problems, p)
		}
	}
}

func problems(u *unit, err error) []Problem {
	var list scanner.ErrorList
	var typeErr types.Error
	switch {
	case errors.As(err, &list):
		var all []Problem
		for _, e := range list {
			all = append(all, Problem{u.ID, e.Pos, e.Msg, true})
		}
		return all
	case errors.As(err, &typeErr):
		return []Problem{{u.ID, typeErr.Fset.Position(typeErr.Pos), typeErr.Msg, false}}
	}
	return []Problem{{u.ID, token.Position{}, err.Error(), false}}
}

// withoutEchoes keeps the first problem of each file that does not parse, and
// nothing else of a program with such a file: the rest mostly follows from it.
func withoutEchoes(sorted []Problem) []Problem {
	var first []Problem
	for _, p := range sorted {
		if p.Syntax && (len(first) == 0 || first[len(first)-1].Position.Filename != p.Position.Filename) {
			first = append(first, p)
		}
	}
	if len(first) > 0 {
		return first
	}
	return sorted
}

// known finds an old error that an edit higher up in its file has moved.
func (r *run) known(p Problem) bool {
	if _, edited := r.overlay[p.Position.Filename]; !edited {
		return false
	}
	for old := range r.baseline {
		if old.Package == p.Package && old.Position.Filename == p.Position.Filename && old.Message == p.Message {
			return true
		}
	}
	return false
}

var unusedImport = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^"([^"]+)" imported (?:as (\S+) )?and not used$`) })

// UnusedImport tells whether the problem is an import that nothing uses any more,
// and which. The name is that of the import line only when it differs from the
// package's; explicit names that repeat it are left to the caller.
func (p Problem) UnusedImport() (path, name string, ok bool) {
	m := unusedImport().FindStringSubmatch(strings.TrimSpace(p.Message))
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// UnusedVariable tells whether the problem is a variable that nothing uses.
func (p Problem) UnusedVariable() bool {
	return strings.HasPrefix(p.Message, "declared and not used: ")
}

// importer hands out the packages of this run, and those of the load where
// nothing has changed.
type importer struct {
	run  *run
	unit *unit
}

func (i *importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	for _, imported := range i.unit.Types.Imports() {
		if clean(imported.Path()) == path {
			return i.current(imported), nil
		}
	}
	// An edited file may import what its package did not import before.
	if found := i.run.find(path); found != nil {
		return i.current(found), nil
	}
	return nil, errors.New("not part of the program")
}

func (i *importer) current(pkg *types.Package) *types.Package {
	if fresh := i.run.fresh[i.run.byTypes[pkg]]; fresh != nil {
		return fresh
	}
	return pkg
}

// find looks through everything that the program is made of, tests' variants of
// packages apart.
func (c *Checker) find(path string) *types.Package {
	seen := map[*types.Package]bool{}
	var visit func(pkg *types.Package) *types.Package
	visit = func(pkg *types.Package) *types.Package {
		if u := c.byTypes[pkg]; seen[pkg] {
			return nil
		} else if pkg.Path() == path && pkg.Complete() && (u == nil || u.ForTest == "") {
			return pkg
		}
		seen[pkg] = true
		for _, imported := range pkg.Imports() {
			if found := visit(imported); found != nil {
				return found
			}
		}
		return nil
	}
	for _, u := range c.units {
		if found := visit(u.Types); found != nil {
			return found
		}
	}
	return nil
}

// clean takes the decoration of test variants off an import path.
func clean(path string) string {
	path, _, _ = strings.Cut(path, " ")
	return path
}
