package check

import (
	"errors"
	"go/scanner"
	"go/types"
	"regexp"
	"strings"

	"golang.org/x/tools/go/packages"
)

// SetGoVersion has packages checked under the language version that want returns
// for them, "1.26.0" for example; "" leaves a package its own.
func (c *Checker) SetGoVersion(want func(*packages.Package) string) { c.goOf = want }

func (c *Checker) goVersion(pkg *packages.Package) string {
	if c.goOf != nil {
		if version := c.goOf(pkg); version != "" {
			return "go" + version
		}
	}
	if pkg.Module != nil && pkg.Module.GoVersion != "" {
		return "go" + pkg.Module.GoVersion
	}
	return ""
}

// problem records an error unless the program had it before.
func (r *run) problem(u *unit, err error) {
	var list scanner.ErrorList
	var typeErr types.Error
	switch {
	case errors.As(err, &list):
		for _, e := range list {
			r.problems = append(r.problems, Problem{u.pkg.ID, e.Pos, e.Msg})
		}
	case errors.As(err, &typeErr):
		p := Problem{u.pkg.ID, typeErr.Fset.Position(typeErr.Pos), typeErr.Msg}
		if !r.baseline[p] && !r.known(p) {
			r.problems = append(r.problems, p)
		}
	}
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

var unusedImport = regexp.MustCompile(`^"([^"]+)" imported (?:as (\S+) )?and not used$`)

// UnusedImport tells whether the problem is an import that nothing uses any more,
// and which. The name is that of the import line only when it differs from the
// package's; explicit names that repeat it are left to the caller.
func (p Problem) UnusedImport() (path, name string, ok bool) {
	m := unusedImport.FindStringSubmatch(strings.TrimSpace(p.Message))
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
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
	if dep := i.unit.pkg.Imports[path]; dep != nil {
		return i.of(dep)
	}
	// An edited file may import what its package did not import before.
	for _, u := range i.run.units {
		if u.pkg.PkgPath == path && u.pkg.ForTest == "" {
			return i.of(u.pkg)
		}
	}
	var found *packages.Package
	packages.Visit(i.run.loaded(), func(pkg *packages.Package) bool {
		if pkg.PkgPath == path && pkg.Types != nil && pkg.ForTest == "" {
			found = pkg
		}
		return found == nil
	}, nil)
	if found == nil {
		return nil, errors.New("not part of the program")
	}
	return i.of(found)
}

func (i *importer) of(pkg *packages.Package) (*types.Package, error) {
	for u, fresh := range i.run.fresh {
		if u.pkg.ID == pkg.ID {
			return fresh, nil
		}
	}
	if pkg.Types == nil {
		return nil, errors.New("has no types")
	}
	return pkg.Types, nil
}

func (c *Checker) loaded() []*packages.Package {
	all := make([]*packages.Package, len(c.units))
	for i, u := range c.units {
		all[i] = u.pkg
	}
	return all
}
