package fingerprint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

// of is the fingerprint of the first call in the code, as a rule finds it.
func of(t *testing.T, code string) string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", "package p\n\n"+code, parser.ParseComments)
	require.NoError(t, err)
	var call *ast.CallExpr
	ast.Inspect(file, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok && call == nil {
			call = c
		}
		return call == nil
	})
	node, function := Around([]*ast.File{file}, call.Pos(), call.End())
	return Of(fset, "singleton", "example.com/p", function, node)
}

func TestLayoutAndPlaceDoNotCount(t *testing.T) {
	want := of(t, "func F(u string) { send(u, func() { done() }) }")
	for _, code := range []string{
		"// A comment above.\n\nvar x = 1\n\nfunc F(u string) {\n\tx++\n\tsend(u, func() { done() })\n}",
		"func F(u string) {\n\tsend(\n\t\tu,\n\t\tfunc() {\n\t\t\tdone() // now\n\t\t},\n\t)\n}",
		"func F(u string) { send( u,  func(){done();} ) }",
	} {
		require.Equal(t, want, of(t, code), code)
	}
	for _, code := range []string{
		"func G(u string) { send(u, func() { done() }) }",
		"func (s *S) F(u string) { send(u, func() { done() }) }",
		"func F(u string) { send(v, func() { done() }) }",
		`func F(u string) { send("u", func() { done() }) }`,
	} {
		require.NotEqual(t, want, of(t, code), code)
	}
}

func TestTestsAreOfWhatTheyTest(t *testing.T) {
	require.Equal(t, "example.com/p", Path("example.com/p_test [example.com/p.test]"))
	require.Equal(t, "example.com/p", Path("example.com/p"))
}
