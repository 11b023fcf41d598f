package compat

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

func TestShapes(t *testing.T) {
	results := analysistest.Run(t, analysistest.TestData(), Analyzer, "shapes/...", layerPath)
	counted := 0
	for _, result := range results {
		for _, d := range result.Diagnostics {
			counted++
			require.Equal(t, "compat", d.Category)
			require.Greater(t, d.End, d.Pos)
		}
	}
	require.Positive(t, counted)
}

// TestRolesKnowTheLayer reads the real layer: whatever it offers has a role or is
// there to end the uses.
func TestRolesKnowTheLayer(t *testing.T) {
	files, err := filepath.Glob("../../../runtime/compat/*.go")
	require.NoError(t, err)
	fset, seen := token.NewFileSet(), map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() || fn.Recv != nil && !ast.IsExported(receiver(fn)) {
				continue
			}
			seen[fn.Name.Name] = true
			if roles[fn.Name.Name] == "" && !tooling[fn.Name.Name] && !tooling[receiver(fn)] {
				t.Errorf("%s: %s has no role", fset.Position(fn.Pos()), fn.Name.Name)
			}
		}
	}
	for name := range roles {
		require.True(t, seen[name], "%s has a role and is not in the layer", name)
	}
}

func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	t := fn.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	return t.(*ast.Ident).Name
}

func TestDocumentation(t *testing.T) {
	require.NoError(t, analysis.Validate([]*analysis.Analyzer{Analyzer}))
	require.Regexp(t, `^report each use of runtime/compat that is left\n`, Analyzer.Doc)
	require.Contains(t, Analyzer.Doc, "//wsmig:ignore compat")
}
