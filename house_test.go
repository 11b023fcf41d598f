package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The rules of the house, as tests: a rule that nothing checks is a wish.
const (
	maxFileLines     = 500
	maxFunctionLines = 60
	runtimePath      = "github.com/wsmig/wsmig/runtime"
)

// source is one parsed Go file of the checkout, examples included.
type source struct {
	path string // slash path from the root
	file *ast.File
	fset *token.FileSet
	text string
}

// sources parses every Go file that we wrote; testdata is other people's code by
// intent and keeps no rules.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, text, parser.ParseComments)
		if err == nil {
			all = append(all, source{filepath.ToSlash(path), file, fset, string(text)})
		}
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

func TestFilesAndFunctionsStaySmall(t *testing.T) {
	for _, src := range sources(t) {
		if lines := strings.Count(src.text, "\n"); lines > maxFileLines {
			t.Errorf("%s: %d lines, at most %d: split it by concern", src.path, lines, maxFileLines)
		}
		for _, decl := range src.file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			from, to := src.fset.Position(fn.Pos()).Line, src.fset.Position(fn.End()).Line
			if to-from+1 > maxFunctionLines {
				t.Errorf("%s:%d: %s has %d lines, at most %d", src.path, from, fn.Name.Name, to-from+1, maxFunctionLines)
			}
		}
	}
}

func TestEachPackageHasOneDoc(t *testing.T) {
	docs := map[string][]string{}
	for _, src := range sources(t) {
		if strings.HasSuffix(src.path, "_test.go") {
			continue
		}
		dir := filepath.ToSlash(filepath.Dir(src.path))
		docs[dir] = append(docs[dir], nil...)
		if src.file.Doc != nil {
			docs[dir] = append(docs[dir], src.path)
		}
	}
	for dir, files := range docs {
		if len(files) != 1 {
			t.Errorf("%s: %d package docs %v, want exactly one", dir, len(files), files)
		}
	}
}

func TestRuntimeIsImportedAsWsruntime(t *testing.T) {
	for _, src := range sources(t) {
		for _, spec := range src.file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			inside := strings.HasPrefix(src.path, "runtime/") && strings.Count(src.path, "/") == 1
			switch {
			case path == runtimePath && (spec.Name == nil || spec.Name.Name != "wsruntime") && !(inside && spec.Name != nil && spec.Name.Name == "_"):
				t.Errorf("%s: import the runtime as wsruntime", src.path)
			case path == "runtime" && inside && (spec.Name == nil || spec.Name.Name != "goruntime"):
				t.Errorf("%s: inside the runtime the standard package is goruntime", src.path)
			}
		}
	}
}

func TestTestsUseRequireAndNeverSleep(t *testing.T) {
	for _, src := range sources(t) {
		if !strings.HasSuffix(src.path, "_test.go") {
			continue
		}
		for _, spec := range src.file.Imports {
			if strings.HasPrefix(spec.Path.Value, `"github.com/stretchr/testify/`) && spec.Path.Value != `"github.com/stretchr/testify/require"` {
				t.Errorf("%s: imports %s, want testify/require alone", src.path, spec.Path.Value)
			}
		}
		for _, call := range selectorCalls(src.file, "time", "Sleep") {
			t.Errorf("%s: time.Sleep in a test", src.fset.Position(call))
		}
	}
}

func TestOnlyTheHallTouchesTheProcess(t *testing.T) {
	for _, src := range sources(t) {
		hall := strings.HasPrefix(src.path, "cmd/") || !strings.Contains(src.path, "/")
		if hall || strings.HasSuffix(src.path, "_test.go") || src.file.Name.Name == "main" {
			continue
		}
		for _, name := range []string{"Stdout", "Stderr", "Stdin", "Exit"} {
			for _, at := range selectorCalls(src.file, "os", name) {
				t.Errorf("%s: os.%s outside cmd and main", src.fset.Position(at), name)
			}
		}
	}
}

// selectorCalls finds every mention of pkg.name in a file.
func selectorCalls(file *ast.File, pkg, name string) []token.Pos {
	var at []token.Pos
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != name {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg {
			at = append(at, n.Pos())
		}
		return true
	})
	return at
}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b|—`)

func TestNothingIsUnfinished(t *testing.T) {
	for _, src := range sources(t) {
		if src.path == "house_test.go" {
			continue
		}
		for i, line := range strings.Split(src.text, "\n") {
			if unfinished.MatchString(line) {
				t.Errorf("%s:%d: %s", src.path, i+1, strings.TrimSpace(line))
			}
		}
	}
}
