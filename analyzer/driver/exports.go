package driver

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"go/version"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/gcexportdata"
	"golang.org/x/tools/go/packages"
)

// exports gives the types of packages that are not read from source.
type exports struct {
	fset     *token.FileSet
	listed   map[string]*packages.Package
	imported map[string]*types.Package
	busy     map[string]bool
	withoutC map[string]bool // names of packages whose declarations miss what is C in them
}

func newExports(fset *token.FileSet, listed map[string]*packages.Package) *exports {
	return &exports{fset: fset, listed: listed, imported: map[string]*types.Package{}, busy: map[string]bool{}, withoutC: map[string]bool{}}
}

// put makes a package from source known to export data that refers to it.
func (e *exports) put(path string, pkg *types.Package) {
	if pkg != nil {
		e.imported[path] = pkg
	}
}

// load reads the export data of a package, or its declarations from source when
// it did not compile.
func (e *exports) load(dep *packages.Package) (*types.Package, error) {
	if pkg := e.imported[dep.PkgPath]; pkg != nil && pkg.Complete() {
		return pkg, nil
	}
	if dep.ExportFile != "" {
		pkg, err := e.read(dep)
		if err == nil {
			return pkg, nil
		}
	}
	return e.declarations(dep)
}

func (e *exports) read(dep *packages.Package) (*types.Package, error) {
	f, err := os.Open(dep.ExportFile)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	//lint:ignore SA1019 what the go command of today names are archives, which Read does not open
	r, err := gcexportdata.NewReader(f)
	if err != nil {
		return nil, err
	}
	return gcexportdata.Read(r, e.fset, e.imported, dep.PkgPath)
}

// declarations types the declarations of a dependency that has no export data,
// leaving function bodies out.
func (e *exports) declarations(dep *packages.Package) (*types.Package, error) {
	if e.busy[dep.ID] || len(dep.GoFiles) == 0 {
		return e.missing(dep.PkgPath)
	}
	e.busy[dep.ID] = true
	defer delete(e.busy, dep.ID)
	var files []*ast.File
	for _, name := range dep.GoFiles {
		if file, _ := parser.ParseFile(e.fset, name, nil, parser.SkipObjectResolution); file != nil {
			files = append(files, file)
		}
	}
	conf := &types.Config{
		IgnoreFuncBodies: true,
		FakeImportC:      true,
		Sizes:            sizes(dep.TypesSizes),
		Error:            func(error) {},
		Importer: importerFunc(func(path string) (*types.Package, error) {
			if path == "unsafe" {
				return types.Unsafe, nil
			}
			if next := dep.Imports[path]; next != nil {
				return e.load(next)
			}
			return e.missing(path)
		}),
	}
	pkg, _ := conf.Check(dep.PkgPath, e.fset, files, nil)
	e.put(dep.PkgPath, pkg)
	if slices.ContainsFunc(files, usesC) {
		e.withoutC[dep.Name] = true
	}
	return pkg, nil
}

func usesC(file *ast.File) bool {
	return slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool { return spec.Path.Value == `"C"` })
}

// excuses reports whether a type error may only come from a dependency's C, of which
// nothing is known: constants and types made of it are invalid where they are used.
func (e *exports) excuses(err error) bool {
	if len(e.withoutC) == 0 {
		return false
	}
	text := err.Error()
	if strings.Contains(text, types.Typ[types.Invalid].String()) {
		return true
	}
	return slices.ContainsFunc(qualified().FindAllStringSubmatch(text, -1), func(m []string) bool { return e.withoutC[m[1]] })
}

// qualified is a name of another package in a type error.
var qualified = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b(\w+)\.[A-Z]`) })

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

func (e *exports) missing(path string) (*types.Package, error) {
	return nil, errors.New("the go command does not find it")
}

// goVersion is the language version of a module, "" when this toolchain is older.
func goVersion(m *analysis.Module) string {
	if m == nil || m.GoVersion == "" {
		return ""
	}
	want := "go" + strings.TrimPrefix(m.GoVersion, "go")
	if !version.IsValid(want) || version.Compare(version.Lang(want), version.Lang(runtime.Version())) > 0 {
		return ""
	}
	return want
}
