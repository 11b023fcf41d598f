package driver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/packages"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/toolexec"
)

// InputError is a problem with what the user gave rather than with the code:
// no go.mod, no such package, no package at all.
type InputError struct {
	Message string
	Hint    string
}

func (e *InputError) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + "; " + e.Hint
}

const listMode = packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
	packages.NeedDeps | packages.NeedExportFile | packages.NeedModule | packages.NeedTypesSizes | packages.NeedForTest

// Load reads and type-checks the program that cfg names. Packages with errors are
// part of it, as far as they could be read. The error is an *InputError when there
// is nothing to load.
func Load(ctx context.Context, cfg *Config) (*Program, error) {
	dir, err := filepath.Abs(cmp.Or(cfg.Dir, "."))
	if err != nil {
		return nil, err
	}
	if err := cfg.Settings.Add(dir); err != nil {
		return nil, &InputError{Message: err.Error()}
	}
	own, err := cfg.Shard.choose(ctx, cfg, dir)
	if err != nil {
		return nil, err
	}
	if own != nil && len(own.wanted) == 0 {
		return &Program{Fset: token.NewFileSet(), config: cfg, dir: dir}, nil
	}
	if own != nil {
		narrowed := *cfg
		narrowed.Patterns, cfg = own.wanted, &narrowed
	}
	roots, err := list(ctx, cfg, dir, listMode)
	if err != nil {
		return nil, err
	}
	p := &Program{Fset: token.NewFileSet(), config: cfg, dir: dir}
	p.source = newLoader(p, roots)
	for _, pkg := range p.source.order {
		if err := cfg.Settings.Add(pkg.Dir); err != nil {
			return nil, &InputError{Message: err.Error()}
		}
	}
	if own != nil {
		roots = own.mark(p.source, roots)
	}
	if err := p.source.load(ctx); err != nil {
		return nil, err
	}
	p.account(roots)
	return p, nil
}

// list asks the go command for the packages and their dependencies.
func list(ctx context.Context, cfg *Config, dir string, mode packages.LoadMode) ([]*packages.Package, error) {
	env := cfg.Env
	if env == nil {
		env = os.Environ()
	}
	var flags []string
	if cfg.Tags != "" {
		flags = append(flags, "-tags="+cfg.Tags)
	}
	if cfg.ToolExec != "" && !otherDriver(env) {
		flags = append(flags, "-toolexec="+cfg.ToolExec)
	}
	patterns := cfg.Patterns
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	queries := packagesOfFiles(dir, patterns)
	roots, err := packages.Load(&packages.Config{
		Mode: mode, Context: ctx, Dir: dir, Env: env, BuildFlags: flags, Tests: !cfg.NoTests, Overlay: cfg.Overlay,
	}, queries...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, listError(err, patterns)
	}
	packages.Visit(roots, nil, func(pkg *packages.Package) {
		pkg.Errors = slices.DeleteFunc(pkg.Errors, func(e packages.Error) bool { return strings.Contains(e.Msg, toolexec.Refusal) })
	})
	return roots, inputError(dir, roots, patterns)
}

// packagesOfFiles lets a file stand for its package. To the go command it is a
// package of its own outside every module, in which nothing that its neighbours or
// its module declare would be known. An import path may end in .go as well.
func packagesOfFiles(dir string, patterns []string) []string {
	out := slices.Clone(patterns)
	for i, pattern := range out {
		name := pattern
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		if info, err := os.Stat(name); strings.HasSuffix(pattern, ".go") && err == nil && !info.IsDir() {
			out[i] = "file=" + name
		}
	}
	return out
}

// otherDriver reports whether something else than the go command lists the packages.
func otherDriver(env []string) bool {
	name := ""
	for _, kv := range env {
		if value, ok := strings.CutPrefix(kv, "GOPACKAGESDRIVER="); ok {
			name = value
		}
	}
	return name != "" && name != "off"
}

// listError turns the go command's complaint into one line.
func listError(err error, patterns []string) error {
	text := err.Error()
	switch {
	case outsideModule(text):
		return noModule
	case strings.Contains(text, "executable file not found"):
		return &InputError{Message: "the go command was not found", Hint: "install Go and put it on the PATH"}
	}
	_, rest, found := strings.Cut(text, "stderr: ")
	if found {
		text = rest
	}
	return &InputError{Message: fmt.Sprintf("cannot list %s: %s", strings.Join(patterns, " "), firstLine(text))}
}

var noModule = &InputError{Message: "no go.mod here or above", Hint: "run it inside a module, or give its folder with -C; go mod init makes one of a GOPATH tree"}

// outsideModule recognises the three ways in which the go command says that it
// found no go.mod.
func outsideModule(text string) bool {
	return strings.Contains(text, "go.mod file not found") || strings.Contains(text, "cannot find main module") ||
		strings.Contains(text, "directory prefix . does not contain main module")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// inputError reports patterns that name nothing that could be read.
func inputError(dir string, roots []*packages.Package, patterns []string) error {
	if len(roots) == 0 && !insideModule(dir) {
		return noModule
	}
	if len(roots) == 0 {
		return &InputError{Message: "no packages match " + strings.Join(patterns, " "), Hint: "./... names every package of the module"}
	}
	for _, pkg := range roots {
		if len(pkg.CompiledGoFiles)+len(pkg.GoFiles)+len(pkg.IgnoredFiles) > 0 || len(pkg.Errors) == 0 {
			return nil
		}
	}
	first := roots[0].Errors[0].Msg
	if outsideModule(first) {
		return noModule
	}
	message, command, missing := strings.Cut(first, "; to add it:")
	if missing {
		hint := strings.TrimSpace(command) + " adds it"
		if strings.HasSuffix(message, ".go") {
			hint = "if a file is meant, there is none of that name"
		}
		return &InputError{Message: message, Hint: hint}
	}
	return &InputError{Message: firstLine(first), Hint: "./... names every package of the module"}
}

// insideModule reports whether dir or a folder above it has a go.mod or go.work.
func insideModule(dir string) bool {
	for _, name := range []string{"go.mod", "go.work"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	above := filepath.Dir(dir)
	return above != dir && insideModule(above)
}

// account says what was not read and what went wrong.
func (p *Program) account(roots []*packages.Package) {
	failed := map[string]string{}
	for _, pkg := range p.Packages {
		if pkg.Root && len(pkg.Errors) > 0 {
			if _, ok := failed[pkg.Path]; !ok {
				failed[pkg.Path] = firstLine(p.relativeText(pkg.Errors[0].Error()))
			}
		}
	}
	skipped := map[string]string{}
	for _, pkg := range roots {
		for _, e := range pkg.Errors {
			if path := cleanPath(pkg.PkgPath); failed[path] == "" {
				failed[path] = firstLine(p.relativeText(e.Error()))
			}
		}
		for _, name := range pkg.IgnoredFiles {
			if strings.HasSuffix(name, ".go") {
				skipped[p.Rel(name)] = ignoredReason(name)
			}
		}
		if p.config.NoTests {
			for _, name := range testFiles(pkg) {
				if skipped[p.Rel(name)] == "" {
					skipped[p.Rel(name)] = "test"
				}
			}
		}
	}
	for _, path := range sorted(failed) {
		p.Failed = append(p.Failed, findings.FailedPackage{Package: path, Error: failed[path]})
	}
	for _, name := range sorted(skipped) {
		p.Skipped = append(p.Skipped, findings.SkippedFile{File: name, Reason: skipped[name]})
	}
}

// testFiles lists the files of a package's folder that only its tests have.
func testFiles(pkg *packages.Package) []string {
	var out []string
	entries, _ := os.ReadDir(pkg.Dir)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "_test.go") {
			out = append(out, filepath.Join(pkg.Dir, e.Name()))
		}
	}
	return out
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// ignoredReason tells why the go command left a file out.
func ignoredReason(name string) string {
	base := filepath.Base(name)
	if strings.HasPrefix(base, "_") || strings.HasPrefix(base, ".") {
		return "ignored-name"
	}
	return "build-tag"
}

// Rel is the name of a file as reports show it: relative to the folder that the
// analysis ran in, with slashes.
func (p *Program) Rel(name string) string {
	if rel, err := filepath.Rel(p.dir, name); err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(name)
}

func (p *Program) relativeText(text string) string {
	return strings.ReplaceAll(text, p.dir+string(filepath.Separator), "")
}

// Position is where pos is, the file as Rel gives it.
func (p *Program) Position(pos token.Pos) token.Position {
	at := p.Fset.Position(pos)
	at.Filename = p.Rel(at.Filename)
	return at
}

// Err reports why nothing at all could be analysed, or nil.
func (p *Program) Err() error {
	for _, pkg := range p.Packages {
		if pkg.Root && len(pkg.Files) > 0 {
			return nil
		}
	}
	if len(p.Failed) > 0 {
		return fmt.Errorf("%s: %s", p.Failed[0].Package, p.Failed[0].Error)
	}
	return errors.New("no Go files were read")
}

func module(m *packages.Module) *analysis.Module {
	if m == nil {
		return nil
	}
	return &analysis.Module{Path: m.Path, Version: m.Version, GoVersion: m.GoVersion}
}

func sizes(s types.Sizes) types.Sizes {
	if s != nil {
		return s
	}
	return types.SizesFor("gc", "amd64")
}

func cleanPath(path string) string {
	path, _, _ = strings.Cut(path, " ")
	return strings.TrimSuffix(path, "_test")
}
