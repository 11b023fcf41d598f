package unit

import (
	"encoding/gob"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"go/version"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/gcexportdata"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// job is the analysis of one package.
type job struct {
	cfg            *order
	opts           *options
	stdout, stderr io.Writer

	fset    *token.FileSet
	files   []*ast.File
	pkg     *types.Package
	info    *types.Info
	sizes   types.Sizes
	vetx    map[string]entry
	imports map[string]*types.Package
	facts   *facts
	suite   []*analysis.Analyzer
	reports []report
	result  *singleton.Result // nil when that analyzer failed

	settings *config.Config
	sockets  bool // the package leads to a socket library
}

// report is what one analyzer said.
type report struct {
	analyzer    *analysis.Analyzer
	diagnostics []analysis.Diagnostic
	err         error
}

func (j *job) run() (int, error) {
	j.sockets = j.reaches()
	if j.skips() {
		return 0, j.nothing()
	}
	if err := j.load(); err != nil {
		if j.cfg.SucceedOnTypecheckFailure {
			return 0, j.nothing()
		}
		return 1, err
	}
	if j.cfg.foreign() {
		return 0, j.finish()
	}
	settings, err := config.Load(j.cfg.Dir, analyzer.Rules())
	if err != nil {
		return 1, err
	}
	j.settings = settings
	opts := settings.Options()
	opts.Accessors = append(opts.Accessors, j.opts.accessors...)
	opts.Conns = append(opts.Conns, j.opts.conns...)
	j.suite = analyzer.NewSuite(opts)
	j.decodeFacts()
	j.analyze()
	if err := j.finish(); err != nil || !j.speaks() {
		return 0, err
	}
	return j.print()
}

// speaks reports whether diagnostics are printed. The go command files what a tool
// prints under one key, whether the package was asked for or only a dependency: a
// tool that is silent about dependencies is silent about them for good (Go 1.26).
// That is only so for packages without tests of their own; with them it asks for
// the test variant instead.
func (j *job) speaks() bool {
	if !j.cfg.VetxOnly {
		return true
	}
	entries, err := os.ReadDir(j.cfg.Dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(j.cfg.Dir, e.Name()), nil, parser.PackageClauseOnly)
		if err == nil && file.Name.Name == j.pkg.Name() {
			return false
		}
	}
	return true
}

// nothing writes what a package without findings and facts amounts to. Every file
// that the go command asks for must exist, or it will ask again each time.
func (j *job) nothing() error {
	var errs []error
	if j.cfg.VetxOutput != "" {
		errs = append(errs, os.WriteFile(j.cfg.VetxOutput, j.marked(nil), 0o666))
	}
	if !j.cfg.VetxOnly && j.opts.json {
		_, err := io.WriteString(j.stdout, "{}\n")
		errs = append(errs, err)
	}
	if j.cfg.FixArchive != "" {
		errs = append(errs, archive(j.cfg.FixArchive, j.cfg.ID, nil))
	}
	return errors.Join(errs...)
}

// finish writes the facts.
func (j *job) finish() error {
	if j.cfg.VetxOutput == "" {
		return nil
	}
	var data []byte
	if j.facts != nil {
		var err error
		if data, err = j.facts.encode(); err != nil {
			return err
		}
	}
	return writeVetx(j.cfg.VetxOutput, j.fset, j.pkg, j.marked(data), j.cfg.typesInFacts())
}

// load parses and types the package. Bodies of packages that are not ours are
// left out: only their declarations matter, and only where types travel in facts.
func (j *job) load() error {
	j.fset = token.NewFileSet()
	mode := parser.SkipObjectResolution
	if !j.cfg.foreign() {
		mode |= parser.ParseComments
	}
	for _, name := range j.cfg.GoFiles {
		file, err := parser.ParseFile(j.fset, name, nil, mode)
		if err != nil {
			return err
		}
		j.files = append(j.files, file)
	}
	if err := j.readFacts(); err != nil {
		return err
	}
	j.imports = map[string]*types.Package{}
	j.sizes = types.SizesFor("gc", buildArch())
	conf := &types.Config{
		Importer: importer(j.load1), Sizes: j.sizes, GoVersion: languageVersion(j.cfg.GoVersion),
		IgnoreFuncBodies: j.cfg.foreign(), Error: func(error) {},
	}
	if !j.cfg.foreign() {
		j.info = &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{}, Instances: map[*ast.Ident]types.Instance{},
			Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Implicits: map[ast.Node]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{}, FileVersions: map[*ast.File]string{},
		}
	}
	var err error
	j.pkg, err = conf.Check(j.cfg.ImportPath, j.fset, j.files, j.info)
	if j.pkg == nil {
		return err
	}
	return nil
}

func buildArch() string {
	if arch := os.Getenv("GOARCH"); arch != "" {
		return arch
	}
	return runtime.GOARCH
}

// languageVersion is the version to check against, "" when this tool is older than
// the code asks for.
func languageVersion(v string) string {
	if !version.IsValid(v) || version.Compare(version.Lang(v), version.Lang(runtime.Version())) > 0 {
		return ""
	}
	return v
}

func (j *job) readFacts() error {
	j.vetx = map[string]entry{}
	for path, name := range j.cfg.PackageVetx {
		e, err := readVetx(name)
		if err != nil {
			return err
		}
		j.vetx[path] = e
	}
	return nil
}

type importer func(path string) (*types.Package, error)

// Import implements types.Importer.
func (i importer) Import(path string) (*types.Package, error) { return i(path) }

// load1 imports one package: from export data, or from the types in a fact file.
func (j *job) load1(written string) (*types.Package, error) {
	if written == "unsafe" {
		return types.Unsafe, nil
	}
	path := written
	if mapped, ok := j.cfg.ImportMap[written]; ok {
		path = mapped
	}
	if pkg := j.imports[path]; pkg != nil && pkg.Complete() {
		return pkg, nil
	}
	if name := j.cfg.PackageFile[path]; name != "" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		//lint:ignore SA1019 what the go command of today names are archives, which Read does not open
		r, err := gcexportdata.NewReader(f)
		if err != nil {
			return nil, err
		}
		return gcexportdata.Read(r, j.fset, j.imports, path)
	}
	if e := j.vetx[path]; len(e.types) > 0 {
		return gcexportdata.Read(reader(e.types), j.fset, j.imports, path)
	}
	return nil, fmt.Errorf("no export data for %q", path)
}

// decodeFacts reads the facts of direct imports.
func (j *job) decodeFacts() {
	for _, a := range flatten(j.suite) {
		for _, f := range a.FactTypes {
			gob.Register(f)
		}
	}
	j.facts = &facts{pkg: j.pkg, m: map[factKey]analysis.Fact{}}
	find := func(path string) *types.Package {
		if pkg := j.imports[path]; pkg != nil {
			return pkg
		}
		return nil
	}
	for _, imp := range j.pkg.Imports() {
		j.facts.decode(j.vetx[imp.Path()].facts, find)
	}
}
