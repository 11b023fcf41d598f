package suppress

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

const source = `package p

//wsmig:ignore singleton one tenant per process
var a = 1

var b = 2 //nolint:wsmig // tests only

var c = 3 //nolint:other

//wsmig:ignore singleton
var d = 4

//wsmig:ignore nosuch because
var e = 5

//wsmig:ignore widecast nothing here
var f = 6

var g = 7 //nolint
`

func index(t *testing.T) (*Index, map[string]token.Pos) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, parser.ParseComments)
	require.NoError(t, err)
	at := map[string]token.Pos{}
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			at[id.Name] = id.Pos()
		}
		return true
	})
	return New(fset, []*ast.File{file}, []string{"singleton", "widecast"}), at
}

func TestSilences(t *testing.T) {
	x, at := index(t)
	require.True(t, x.Silences("singleton", at["a"]), "a comment on its own line speaks for the next")
	require.False(t, x.Silences("widecast", at["a"]), "of one rule only")
	require.True(t, x.Silences("singleton", at["b"]))
	require.False(t, x.Silences("singleton", at["c"]), "of another linter")
	require.False(t, x.Silences("singleton", at["d"]), "no reason, no silence")
	require.True(t, x.Silences("widecast", at["g"]), "a bare nolint is for every linter")
}

func TestProblems(t *testing.T) {
	x, at := index(t)
	x.Silences("singleton", at["a"])
	var messages []string
	for _, p := range x.Problems() {
		messages = append(messages, p.Message)
	}
	require.Equal(t, []string{
		"//wsmig:ignore singleton needs a reason",
		"//wsmig:ignore: no rule is called nosuch",
		"//wsmig:ignore widecast silences nothing: remove it",
	}, messages)
}
