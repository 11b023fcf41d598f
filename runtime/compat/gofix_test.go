package compat_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/wsmig/wsmig/runtime/compat"
)

// TestGoFix migrates a sample program with the go command's own fix and builds the result.
func TestGoFix(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the go command")
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	ar, err := txtar.ParseFile("testdata/gofix.txtar")
	require.NoError(t, err)
	dir, want := t.TempDir(), map[string]string{}
	for _, f := range ar.Files {
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[name] = string(f.Data)
			continue
		}
		text := strings.ReplaceAll(string(f.Data), "$ROOT", filepath.ToSlash(root))
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), []byte(text), 0o600))
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600))
	run := func(args ...string) {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "go %v: %s", args, out)
	}
	run("build", "./...")
	run("fix", "./...")
	run("build", "./...")
	require.NotEmpty(t, want)
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, text, string(got))
	}
}

// TestOneLayer: no function with a go:fix directive calls another one, or go fix would drop both.
func TestOneLayer(t *testing.T) {
	fset := token.NewFileSet()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	directives := map[string]*ast.FuncDecl{}
	for _, name := range files {
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Doc != nil && strings.Contains(directivesOf(fn.Doc), "//go:fix inline") {
				require.Equal(t, "deprecated.go", name)
				directives[fn.Name.Name] = fn
			}
		}
	}
	require.Len(t, directives, len(compat.DeprecatedNames))
	for name, fn := range directives {
		require.Contains(t, compat.DeprecatedNames, name)
		require.Len(t, fn.Body.List, 1, "%s is one line", name)
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				require.NotContains(t, directives, sel.Sel.Name, "%s calls another one", name)
			}
			return true
		})
	}
}

// directivesOf gives a doc comment as it is written; Text leaves directives out.
func directivesOf(doc *ast.CommentGroup) string {
	var b strings.Builder
	for _, c := range doc.List {
		b.WriteString(c.Text + "\n")
	}
	return b.String()
}
