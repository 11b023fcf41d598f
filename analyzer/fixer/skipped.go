package fixer

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// noteSkipped makes entries of the uses in files that this build leaves out, as far
// as their text shows them. Nothing is known of their types, so they are never
// edited; but a manager that they name can't lose what they call.
func (e *engine) noteSkipped() {
	known := e.knownNames()
	for _, skipped := range e.program.Skipped {
		name := filepath.Join(e.place.dir, filepath.FromSlash(skipped.File))
		if skipped.Reason != "build-tag" || e.place.module(name) == "" || !e.selected[filepath.Dir(name)] {
			continue
		}
		text, err := e.read(name)
		if err != nil || text == nil {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil || standsAlone(file) {
			continue
		}
		s := &skippedFile{engine: e, name: name, fset: fset, known: known, imports: map[string]string{}}
		s.look(file)
	}
}

// standsAlone reports whether a file is a program of its own, such as a script for
// go run or go generate.
func standsAlone(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if c.Pos() < file.Package && strings.HasPrefix(c.Text, "//go:build ignore") {
				return true
			}
		}
	}
	return false
}

// knownNames maps "path.Name" of accessors, variables and functions to the
// singleton that they lead to.
func (e *engine) knownNames() map[string]*singleton.Singleton {
	known := map[string]*singleton.Singleton{}
	for _, pkg := range e.program.Packages {
		if pkg.Result == nil || pkg.ForTest != "" {
			continue
		}
		for _, s := range pkg.Result.Singletons {
			for _, name := range append(append([]string{s.Name}, s.Accessors...), s.Funcs...) {
				known[s.Package+"."+name] = s
			}
		}
	}
	return known
}

type skippedFile struct {
	*engine
	name    string
	fset    *token.FileSet
	known   map[string]*singleton.Singleton
	imports map[string]string // local name to path
}

func (s *skippedFile) look(file *ast.File) {
	for _, spec := range file.Imports {
		imported := strings.Trim(spec.Path.Value, "`\"")
		local := path.Base(imported)
		if spec.Name != nil {
			local = spec.Name.Name
		}
		s.imports[local] = imported
	}
	own := s.pathOf(filepath.Dir(s.name))
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				s.found(file, n, s.known[s.imports[x.Name]+"."+n.Sel.Name], n.Sel.Name)
			}
		case *ast.Ident:
			s.found(file, n, s.known[own+"."+n.Name], n.Name)
		}
		return true
	})
}

// pathOf is the import path of the package in a folder.
func (s *skippedFile) pathOf(dir string) string {
	for _, pkg := range s.program.Packages {
		if pkg.Dir == dir && pkg.ForTest == "" {
			return pkg.Path
		}
	}
	return ""
}

func (s *skippedFile) found(file *ast.File, n ast.Expr, single *singleton.Singleton, name string) {
	if single == nil {
		return
	}
	at := s.fset.Position(n.Pos())
	have := &entry{singleton: single.ID}
	have.File, have.Line, have.Column = s.rel(s.name), at.Line, at.Column
	have.Symbol, have.Role = exprText(n), s.role(file, n, single, name)
	have.Status, have.Reason = ledger.Kept, rolesKept[have.Role]
	if _, addressed := bind.KindOf(have.Role); addressed || have.Role == findings.Other {
		have.Status, have.Reason = ledger.Left, ledger.BuildTag
		have.Message = "not part of this build: run fix again with its --tags, or GOOS and GOARCH, set"
	}
	if s.entries[spot{s.name, at.Offset}] == nil {
		s.entries[spot{s.name, at.Offset}] = have
		s.note(single.ID).skipped = true
	}
}

// role goes by the names that are called: the function itself, or the method
// behind the accessor.
func (s *skippedFile) role(file *ast.File, n ast.Expr, single *singleton.Singleton, name string) findings.Role {
	method := ""
	ast.Inspect(file, func(outer ast.Node) bool {
		if sel, ok := outer.(*ast.SelectorExpr); ok {
			inner := sel.X
			if call, ok := inner.(*ast.CallExpr); ok {
				inner = call.Fun
			}
			if inner == n {
				method = sel.Sel.Name
			}
		}
		return method == ""
	})
	if method == "" && !slices.Contains(single.Funcs, name) {
		return findings.Escape
	}
	for _, pkg := range s.program.ByPath(single.Package) {
		if pkg.Result == nil {
			continue
		}
		for fn, f := range pkg.Result.Funcs {
			recv := fn.Signature().Recv() != nil
			if recv && fn.Name() == method || !recv && method == "" && fn.Name() == name {
				return f.Role
			}
		}
	}
	return findings.Other
}
