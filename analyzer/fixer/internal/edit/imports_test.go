package edit

import (
	"go/parser"
	"go/token"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const wsruntime = "github.com/wsmig/wsmig/runtime"

func TestAddImport(t *testing.T) {
	for name, tc := range map[string]struct{ src, path, alias, want string }{
		"none": {
			"package p\n\nvar X int\n", "fmt", "",
			"package p\n\nimport \"fmt\"\n\nvar X int\n",
		},
		"no trailing newline": {"package p", "fmt", "", "package p\n\nimport \"fmt\""},
		"single of the same kind": {
			"package p\n\nimport \"log\"\n", "fmt", "",
			"package p\n\nimport (\n\t\"fmt\"\n\t\"log\"\n)\n",
		},
		"single of another kind": {
			"package p\n\nimport \"log\"\n", wsruntime, "wsruntime",
			"package p\n\nimport (\n\t\"log\"\n\n\twsruntime \"github.com/wsmig/wsmig/runtime\"\n)\n",
		},
		"single with a comment": {
			"package p\n\nimport \"log\" // why\n", "fmt", "",
			"package p\n\nimport \"log\" // why\nimport \"fmt\"\n",
		},
		"own group": {
			"package p\n\nimport (\n\t\"fmt\"\n\t\"log\" // why\n)\n", wsruntime, "wsruntime",
			"package p\n\nimport (\n\t\"fmt\"\n\t\"log\" // why\n\n\twsruntime \"github.com/wsmig/wsmig/runtime\"\n)\n",
		},
		"nearest group, in order": {
			"package p\n\nimport (\n\t\"fmt\"\n\n\t\"a.com/x\"\n\t// doc\n\t\"github.com/z/z\"\n)\n", "b.com/y", "",
			"package p\n\nimport (\n\t\"fmt\"\n\n\t\"a.com/x\"\n\t\"b.com/y\"\n\t// doc\n\t\"github.com/z/z\"\n)\n",
		},
		"cgo's import is no place": {
			"package p\n\nimport \"C\"\n\nimport \"log\"\n", "fmt", "",
			"package p\n\nimport \"C\"\n\nimport (\n\t\"fmt\"\n\t\"log\"\n)\n",
		},
		"there already":         {"package p\n\nimport \"fmt\"\n", "fmt", "", "package p\n\nimport \"fmt\"\n"},
		"there under a name":    {"package p\n\nimport f \"fmt\"\n", "fmt", "f", "package p\n\nimport f \"fmt\"\n"},
		"carriage returns kept": {"package p\r\n\r\nimport (\r\n\t\"fmt\"\r\n)\r\n", "log", "", "package p\r\n\r\nimport (\r\n\t\"fmt\"\r\n\t\"log\"\r\n)\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			edits, err := AddImport([]byte(tc.src), tc.path, tc.alias)
			require.NoError(t, err)
			got := apply(t, tc.src, edits...)
			require.Equal(t, tc.want, got)
			require.Equal(t, tc.want, string(Format([]byte(tc.want), []byte(got))), "in gofmt's form")
		})
	}
	_, err := AddImport([]byte("not go"), "fmt", "")
	require.Error(t, err)
}

func TestRemoveImport(t *testing.T) {
	for name, tc := range map[string]struct{ src, path, alias, want string }{
		"only one": {
			"package p\n\nimport \"fmt\"\n\nvar X int\n", "fmt", "", "package p\n\n\nvar X int\n",
		},
		"with its comments": {
			"package p\n\nimport (\n\t\"a\"\n\t// doc\n\t\"fmt\" // why\n\t\"z\"\n)\n", "fmt", "",
			"package p\n\nimport (\n\t\"a\"\n\t\"z\"\n)\n",
		},
		"last of its group": {
			"package p\n\nimport (\n\t\"a\"\n\n\tx \"b.com/x\"\n)\n", "b.com/x", "x",
			"package p\n\nimport (\n\t\"a\"\n)\n",
		},
		"first group of one": {
			"package p\n\nimport (\n\t\"a\"\n\n\t\"b.com/x\"\n\t\"b.com/y\"\n)\n", "a", "",
			"package p\n\nimport (\n\t\"b.com/x\"\n\t\"b.com/y\"\n)\n",
		},
		"another name":     {"package p\n\nimport f \"fmt\"\n", "fmt", "", "package p\n\nimport f \"fmt\"\n"},
		"carriage returns": {"package p\r\n\r\nimport (\r\n\t\"a\"\r\n\t\"b\"\r\n)\r\n", "a", "", "package p\r\n\r\nimport (\r\n\t\"b\"\r\n)\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			edits, err := RemoveImport([]byte(tc.src), tc.path, tc.alias)
			require.NoError(t, err)
			require.Equal(t, tc.want, apply(t, tc.src, edits...))
		})
	}
}

// TestAddThenRemoveIsNothing holds for blocks of any imports.
func TestAddThenRemoveIsNothing(t *testing.T) {
	paths := []string{"fmt", "log", "net/http", "a.com/x", "a.com/x/y", "b.org/z", "example.com/app/realtime"}
	rapid.Check(t, func(t *rapid.T) {
		have := rapid.SliceOfNDistinct(rapid.SampledFrom(paths), 2, 5, rapid.ID).Draw(t, "have")
		slices.Sort(have)
		src := "package p\n\nimport (\n"
		for _, path := range have {
			if rapid.IntRange(0, 3).Draw(t, "gap") == 0 && src[len(src)-2] != '(' {
				src += "\n"
			}
			src += "\t\"" + path + "\"\n"
		}
		src += ")\n"
		edits, err := AddImport([]byte(src), wsruntime, "wsruntime")
		require.NoError(t, err)
		added := apply(t, src, edits...)
		file, err := parser.ParseFile(token.NewFileSet(), "", added, parser.ImportsOnly)
		require.NoError(t, err)
		require.Len(t, file.Imports, len(have)+1)
		edits, err = RemoveImport([]byte(added), wsruntime, "wsruntime")
		require.NoError(t, err)
		require.Equal(t, src, apply(t, added, edits...))
	})
}
