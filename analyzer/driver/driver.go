// Package driver analyses a program in one process: the packages of the modules
// at hand from source, everything else from export data, with facts between the
// former. It is the fast path of wsmig lint and the eyes of wsmig fix; the go
// command is served by package unit.
package driver

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/objectpath"

	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
	"github.com/wsmig/wsmig/analyzer/passes/widecast"
)

// Config says what to analyse. The zero value is the package in the current
// folder.
type Config struct {
	Dir      string   // folder that patterns start from and file names are relative to, default the current one
	Env      []string // environment of the go command, default that of the process
	Patterns []string // package patterns, default "."
	Tags     string   // build tags, as in go build -tags
	NoTests  bool     // leave _test.go files out

	// Overlay replaces the contents of files, by absolute path; a path that does
	// not exist is a new file.
	Overlay map[string][]byte

	// ToolExec is a command that the go command runs its tools through so that nothing
	// is compiled, see package toolexec; empty compiles what is not in the build cache.
	ToolExec string

	Accessors []string // "path.Func" or "path.Var": declared to be process-wide managers
	Conns     []string // "path.Type": further connection types

	// Fixable judges an analysed program for its findings: it says of a rule's finding
	// at a place whether wsmig fix rewrites that, else why not. Nil judges nothing.
	Fixable func(ctx context.Context, p *Program) (func(rule string, at token.Position) (fixable bool, reason string), error)

	// Settings reads the .wsmig.yaml that each folder is under; nil means that none
	// is looked for. See config.NewTree.
	Settings *config.Tree

	// Shard is the part of the matched packages whose findings are wanted; the zero
	// value is all of them.
	Shard Shard

	_ struct{}
}

// Program is a loaded program. Its methods are not safe for concurrent use.
type Program struct {
	Fset *token.FileSet
	// Packages are those of the modules at hand, in dependency order, test variants
	// after what they test. Those that the patterns match have Root set.
	Packages []*Package
	// Intermediate are the packages that the go command builds anew because a test of
	// something else has changed what they import: intermediate test variants. A large
	// program has ten times as many of them as packages, and each is the original but
	// for the identity of types. Only their declarations are typed: they share
	// syntax, have no Info and are not analysed; what is known of the original holds.
	Intermediate []*Package
	// Failed are packages that could not be loaded or typed in full.
	Failed []findings.FailedPackage
	// Skipped are files of matched packages that were not read, with the reason.
	Skipped []findings.SkippedFile

	config *Config
	order  []*Package // Packages and Intermediate, dependencies first
	judge  func(rule string, at token.Position) (fixable bool, reason string)
	dir    string
	source *loader

	originals map[*types.Package]*types.Package // see original
	paths     objectpath.Encoder
}

// Package is one package from source.
type Package struct {
	ID        string // distinguishes test variants
	Path      string // import path, without the decoration of test variants
	Name      string
	Dir       string
	Module    *analysis.Module // nil outside modules
	Root      bool             // matched by the patterns
	ForTest   string           // import path of the package that this variant is for
	Bodiless  bool             // function bodies are not typed, see Program.Intermediate
	Files     []*ast.File
	FileNames []string // absolute, parallel to Files
	Types     *types.Package
	Info      *types.Info
	Sizes     types.Sizes
	Errors    []error // of parsing and type-checking

	// Result is set by Program.Analyze.
	Result *singleton.Result
	// Wide are the broadcasts of one user's data, set by Program.Analyze.
	Wide []*widecast.Broadcast
	// Diagnostics are those of all analyzers, set by Program.Analyze.
	Diagnostics []Diagnostic

	imports map[string]*Package // first-party imports by path as written
	deps    []*Package
}

// Diagnostic is what an analyzer reported.
type Diagnostic struct {
	Analyzer *analysis.Analyzer
	analysis.Diagnostic
}

// All returns Packages and Intermediate, dependencies first.
func (p *Program) All() []*Package { return p.order }

// Dir is the folder that the program was loaded from.
func (p *Program) Dir() string { return p.dir }

// Env is the environment of the go command that it was loaded with, nil for that
// of the process.
func (p *Program) Env() []string { return p.config.Env }
