// Package check type-checks a program with some of its files replaced in memory:
// the packages that contain them, their tests, and every first-party package
// that imports one of those.
package check

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
)

// Problem is one type or syntax error in a first-party package.
type Problem struct {
	Package  string // id as the go command writes it, "p [p.test]" for the variant with tests
	Position token.Position
	Message  string
	Syntax   bool // the file does not parse; what else is said of it follows from that
}

// Checker holds a loaded program. It is not safe for concurrent use.
type Checker struct {
	units    []*unit // dependencies first
	byTypes  map[*types.Package]*unit
	baseline map[Problem]bool
}

// unit is one package that is checked from source.
type unit struct {
	*driver.Package
	fset  *token.FileSet
	files map[string]*ast.File // by path
}

// New prepares a checker for a program. All packages of the build that need
// checking must be in it, and whatever edited files may import anew must be
// imported by one of them. The errors that they have already are no problems
// later.
func New(program *driver.Program) *Checker {
	c := &Checker{byTypes: map[*types.Package]*unit{}, baseline: map[Problem]bool{}}
	for _, pkg := range program.All() {
		if pkg.Types == nil || len(pkg.Files) == 0 {
			continue
		}
		u := &unit{pkg, program.Fset, map[string]*ast.File{}}
		for i, file := range pkg.Files {
			u.files[pkg.FileNames[i]] = file
		}
		c.units = append(c.units, u)
		c.byTypes[pkg.Types] = u
		for _, err := range pkg.Errors {
			for _, p := range problems(u, err) {
				c.baseline[p] = true
			}
		}
	}
	return c
}

// Check returns the problems that the overlay (path to new content, nil for a
// deleted file) causes, in file order, each once although a file may belong to a
// package and its variant with tests.
func (c *Checker) Check(overlay map[string][]byte) []Problem {
	r := &run{Checker: c, overlay: overlay, fresh: map[*unit]*types.Package{}}
	for _, u := range c.units {
		if r.affected(u) {
			r.check(u)
		}
	}
	slices.SortFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Position.Filename, b.Position.Filename), cmp.Compare(a.Position.Offset, b.Position.Offset), cmp.Compare(a.Message, b.Message))
	})
	r.problems = withoutEchoes(r.problems)
	return slices.CompactFunc(r.problems, func(a, b Problem) bool { return a.Position == b.Position && a.Message == b.Message })
}

type run struct {
	*Checker
	overlay  map[string][]byte
	fresh    map[*unit]*types.Package
	problems []Problem
}

func (r *run) affected(u *unit) bool {
	for _, imported := range u.Types.Imports() {
		if dep := r.byTypes[imported]; dep != nil && r.fresh[dep] != nil {
			return true
		}
	}
	for path := range r.overlay {
		if u.files[path] != nil || r.adds(u, path) {
			return true
		}
	}
	return false
}

// adds reports whether path is a new file of the package, by folder and package
// clause.
func (r *run) adds(u *unit, path string) bool {
	content := r.overlay[path]
	if content == nil || u.files[path] != nil || filepath.Ext(path) != ".go" || filepath.Dir(path) != u.Dir {
		return false
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.PackageClauseOnly)
	if err != nil || file.Name.Name != u.Name {
		return false
	}
	return !strings.HasSuffix(path, "_test.go") || u.ForTest != ""
}

func (r *run) check(u *unit) {
	files := r.parse(u)
	config := &types.Config{
		Importer:  &importer{r, u},
		Sizes:     u.Sizes,
		GoVersion: goVersion(u.Package),
		Error:     func(err error) { r.problem(u, err) },

		IgnoreFuncBodies: u.Bodiless, // they are those of the original
	}
	pkg, err := config.Check(u.Types.Path(), u.fset, files, nil)
	if pkg == nil && err != nil {
		pkg = u.Types
	}
	r.fresh[u] = pkg
}

// parse returns the files of the package with the overlay in place.
func (r *run) parse(u *unit) []*ast.File {
	var files []*ast.File
	for i, file := range u.Files {
		path := u.FileNames[i]
		content, replaced := r.overlay[path]
		switch {
		case !replaced:
			files = append(files, file)
		case content != nil:
			files = append(files, r.parseFile(u, path, content))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(r.overlay)) {
		if r.adds(u, path) {
			files = append(files, r.parseFile(u, path, r.overlay[path]))
		}
	}
	return files
}

func (r *run) parseFile(u *unit, path string, content []byte) *ast.File {
	file, err := parser.ParseFile(u.fset, path, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		r.problem(u, err)
	}
	return file
}
