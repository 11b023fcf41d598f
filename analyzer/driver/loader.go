package driver

import (
	"context"
	"go/ast"
	"go/parser"
	"go/types"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/go/packages"

	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// loader turns the go command's listing into typed syntax.
type loader struct {
	program *Program
	listed  map[string]*packages.Package // by ID
	order   []*packages.Package          // first-party, dependencies first
	byID    map[string]*Package
	roots   map[string]bool
	deps    *exports
	reach   map[string]bool
	// accessors are declared managers, whose packages must be read.
	accessors []string
	syntax    map[string]*ast.File // by path, what intermediate variants share
}

func newLoader(p *Program, roots []*packages.Package) *loader {
	l := &loader{
		program:   p,
		listed:    map[string]*packages.Package{},
		byID:      map[string]*Package{},
		roots:     map[string]bool{},
		reach:     map[string]bool{},
		accessors: p.config.accessors(),
		syntax:    map[string]*ast.File{},
	}
	l.deps = newExports(p.Fset, l.listed)
	for _, r := range roots {
		l.roots[r.ID] = true
	}
	packages.Visit(roots, nil, func(pkg *packages.Package) {
		l.listed[pkg.ID] = pkg
		if l.firstParty(pkg) && !testMain(pkg) && (l.roots[pkg.ID] || l.matters(pkg)) {
			l.order = append(l.order, pkg)
		}
	})
	return l
}

// matters reports whether a package that was not asked for has to be read for the
// sake of those that were: it leads to a socket library, or keeps things in
// containers, and people wrote it, or an accessor is declared there. Variants that the
// go command builds for the tests of another package always are: an external test that
// imports one sees the types of the package with its test files, not those of export
// data.
func (l *loader) matters(pkg *packages.Package) bool {
	if pkg.ForTest != "" {
		return true
	}
	declared := func(accessor string) bool { return declaredIn(accessor, pkg.PkgPath) }
	return l.reaches(pkg) || slices.ContainsFunc(l.accessors, declared) || singleton.MayKeep(pkg.CompiledGoFiles)
}

// reaches reports whether a package imports a socket library, directly or not.
func (l *loader) reaches(pkg *packages.Package) bool {
	if known, ok := l.reach[pkg.ID]; ok {
		return known
	}
	l.reach[pkg.ID] = false
	found := singleton.KnownLibrary(pkg.PkgPath)
	for _, dep := range pkg.Imports {
		if found {
			break
		}
		found = l.reaches(dep)
	}
	l.reach[pkg.ID] = found
	return found
}

// testMain recognises the main package that go test writes.
func testMain(pkg *packages.Package) bool {
	return pkg.Name == "main" && strings.HasSuffix(pkg.PkgPath, ".test") || strings.HasSuffix(pkg.ID, ".test")
}

// firstParty reports whether the package is read from source: it is of the main
// module or workspace, or was asked for by name.
func (l *loader) firstParty(pkg *packages.Package) bool {
	if pkg.Module != nil {
		return pkg.Module.Main
	}
	return l.roots[pkg.ID]
}

func (l *loader) load(ctx context.Context) error {
	if err := l.parse(ctx); err != nil {
		return err
	}
	for _, listed := range l.order {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pkg := l.byID[listed.ID]
		l.check(pkg, listed)
		l.program.order = append(l.program.order, pkg)
		if pkg.Bodiless {
			l.program.Intermediate = append(l.program.Intermediate, pkg)
		} else {
			l.program.Packages = append(l.program.Packages, pkg)
		}
	}
	l.syntax = nil
	return nil
}

// parse reads the files of all packages, in parallel, and then hands them to the
// intermediate variants.
func (l *loader) parse(ctx context.Context) error {
	g, group := errgroup.WithContext(ctx)
	g.SetLimit(max(runtime.GOMAXPROCS(0), 2))
	for _, listed := range l.order {
		pkg := &Package{
			ID: listed.ID, Path: cleanPath(listed.PkgPath), Name: listed.Name, Dir: listed.Dir, ForTest: listed.ForTest,
			Module: module(listed.Module), Root: l.roots[listed.ID], Sizes: sizes(listed.TypesSizes), imports: map[string]*Package{},
		}
		l.byID[listed.ID] = pkg
		if pkg.Bodiless = listed.ForTest != "" && !pkg.Root; pkg.Bodiless {
			continue
		}
		g.Go(func() error {
			l.parseFiles(pkg, listed.CompiledGoFiles)
			return group.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	l.shareSyntax()
	return ctx.Err()
}

// shareSyntax gives the intermediate variants the files of their originals; nothing
// is noted by syntax for them, so it can be the same.
func (l *loader) shareSyntax() {
	for _, listed := range l.order {
		if pkg := l.byID[listed.ID]; !pkg.Bodiless && pkg.ForTest == "" {
			l.keep(pkg)
		}
	}
	for _, listed := range l.order {
		pkg := l.byID[listed.ID]
		if !pkg.Bodiless {
			continue
		}
		var missing []string
		for _, name := range listed.CompiledGoFiles {
			if file := l.syntax[name]; file != nil {
				pkg.Files, pkg.FileNames = append(pkg.Files, file), append(pkg.FileNames, name)
			} else {
				missing = append(missing, name)
			}
		}
		l.parseFiles(pkg, missing)
		l.keep(pkg)
	}
}

func (l *loader) keep(pkg *Package) {
	for i, name := range pkg.FileNames {
		l.syntax[name] = pkg.Files[i]
	}
}

func (l *loader) parseFiles(pkg *Package, names []string) {
	for _, name := range names {
		if ext := filepath.Ext(name); ext != ".go" && ext != "" { // cgo's cached output has none
			continue
		}
		src, ok := l.program.config.Overlay[name]
		if !ok {
			data, err := os.ReadFile(name)
			if err != nil {
				pkg.Errors = append(pkg.Errors, err)
				continue
			}
			src = data
		}
		file, err := parser.ParseFile(l.program.Fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			pkg.Errors = append(pkg.Errors, err)
		}
		if file != nil {
			pkg.Files = append(pkg.Files, file)
			pkg.FileNames = append(pkg.FileNames, name)
		}
	}
}

// check types a package whose dependencies have been typed.
func (l *loader) check(pkg *Package, listed *packages.Package) {
	if !pkg.Bodiless {
		pkg.Info = &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Instances: map[*ast.Ident]types.Instance{},
			Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{}, FileVersions: map[*ast.File]string{},
		}
	}
	conf := &types.Config{
		Importer:    &importer{loader: l, pkg: pkg, listed: listed},
		FakeImportC: true, // without a C compiler files come as they were written
		Sizes:       pkg.Sizes,
		GoVersion:   goVersion(pkg.Module),

		IgnoreFuncBodies: pkg.Bodiless,
		Error: func(err error) {
			if !l.deps.excuses(err) {
				pkg.Errors = append(pkg.Errors, err)
			}
		},
	}
	pkg.Types, _ = conf.Check(listed.PkgPath, l.program.Fset, pkg.Files, pkg.Info)
	if pkg.ForTest == "" {
		l.deps.put(listed.PkgPath, pkg.Types)
	}
}

// importer resolves the imports of one package: first-party ones to the syntax
// just typed, the rest to export data.
type importer struct {
	loader *loader
	pkg    *Package
	listed *packages.Package
}

func (i *importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	dep := i.listed.Imports[path]
	if dep == nil {
		return i.loader.deps.missing(path)
	}
	if own := i.loader.byID[dep.ID]; own != nil && own.Types != nil {
		i.pkg.imports[path] = own
		i.pkg.deps = append(i.pkg.deps, own)
		return own.Types, nil
	}
	return i.loader.deps.load(dep)
}

// ByPath returns the packages from source with the import path, test variants
// last.
func (p *Program) ByPath(path string) []*Package {
	var out []*Package
	for _, pkg := range p.Packages {
		if pkg.Path == path {
			out = append(out, pkg)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].ForTest < out[j].ForTest })
	return out
}

// Imports returns the first-party packages that pkg imports.
func (pkg *Package) Imports() []*Package { return pkg.deps }
