package unit

import (
	"encoding/gob"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/gcexportdata"
)

type mark struct{ Text string }

func (*mark) AFact() {}

func checked(t *testing.T) (*token.FileSet, *types.Package) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", "package p\n\ntype T struct{ F int }\n\nfunc New() *T { return nil }\n", 0)
	require.NoError(t, err)
	pkg, err := (&types.Config{}).Check("example.com/p", fset, []*ast.File{file}, nil)
	require.NoError(t, err)
	return fset, pkg
}

// TestFactFiles writes and reads both formats: facts alone, and types with facts.
func TestFactFiles(t *testing.T) {
	gob.Register(new(mark))
	fset, pkg := checked(t)
	f := &facts{pkg: pkg, m: map[factKey]analysis.Fact{}}
	f.m[factKey{pkg: pkg, typ: reflect.TypeOf(new(mark))}] = &mark{"package"}
	obj := pkg.Scope().Lookup("New")
	f.m[factKey{pkg: pkg, obj: obj, typ: reflect.TypeOf(new(mark))}] = &mark{"function"}
	data, err := f.encode()
	require.NoError(t, err)

	for _, withTypes := range []bool{false, true} {
		name := filepath.Join(t.TempDir(), "vet.out")
		require.NoError(t, writeVetx(name, fset, pkg, data, withTypes))
		e, err := readVetx(name)
		require.NoError(t, err)
		require.Equal(t, withTypes, len(e.types) > 0)
		again := pkg
		if withTypes {
			again, err = gcexportdata.Read(reader(e.types), token.NewFileSet(), map[string]*types.Package{}, "example.com/p")
			require.NoError(t, err)
		}
		g := &facts{pkg: again, m: map[factKey]analysis.Fact{}}
		g.decode(e.facts, func(string) *types.Package { return again })
		var got mark
		require.True(t, g.get(factKey{pkg: again, obj: again.Scope().Lookup("New"), typ: reflect.TypeOf(&got)}, &got))
		require.Equal(t, "function", got.Text)
		require.True(t, g.get(factKey{pkg: again, typ: reflect.TypeOf(&got)}, &got))
		require.Equal(t, "package", got.Text)
	}
}

// TestReachingIsSaidInEveryFactFile: with and without facts, with and without types.
func TestReachingIsSaidInEveryFactFile(t *testing.T) {
	fset, pkg := checked(t)
	const library = "github.com/gorilla/websocket"
	require.True(t, (&job{cfg: &order{ImportMap: map[string]string{library: library}}}).reaches())
	lib, plain := &job{sockets: true}, &job{}
	for _, facts := range []string{"", "facts"} {
		for _, withTypes := range []bool{false, true} {
			name := filepath.Join(t.TempDir(), "vet.out")
			require.NoError(t, writeVetx(name, fset, pkg, plain.marked([]byte(facts)), withTypes))
			require.False(t, saysReaching(name))
			require.NoError(t, writeVetx(name, fset, pkg, lib.marked([]byte(facts)), withTypes))
			require.True(t, saysReaching(name))
			above := &job{cfg: &order{PackageVetx: map[string]string{"p": name}}}
			require.True(t, above.reaches())
		}
	}
	require.True(t, saysReaching(filepath.Join(t.TempDir(), "gone")))
}

func TestDamagedFactFiles(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"short": "vetx", "lengths": "vetx\xff\xff\x00\x00\x00\x00\x00\x00"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(data), 0o600))
		_, err := readVetx(path)
		require.ErrorContains(t, err, "cut short")
	}
	f := &facts{m: map[factKey]analysis.Fact{}}
	f.decode([]byte("what another tool wrote"), func(string) *types.Package { return nil })
	require.Empty(t, f.m)
}

func FuzzReadVetx(f *testing.F) {
	f.Add([]byte("vetx\x01\x00\x00\x00\x01\x00\x00\x00ab"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "vet.out")
		require.NoError(t, os.WriteFile(name, data, 0o600))
		if e, err := readVetx(name); err == nil {
			require.LessOrEqual(t, len(e.types)+len(e.facts), len(data))
		}
	})
}

func TestMergeTakesAllOfAFixOrNothing(t *testing.T) {
	fset := token.NewFileSet()
	file := fset.AddFile("a.go", -1, 100)
	at := func(i int) token.Pos { return file.Pos(i) }
	j := &job{fset: fset}
	edits := map[string][]edit{}
	fix := func(spans ...int) analysis.SuggestedFix {
		var f analysis.SuggestedFix
		for i := 0; i < len(spans); i += 2 {
			f.TextEdits = append(f.TextEdits, analysis.TextEdit{Pos: at(spans[i]), End: at(spans[i+1]), NewText: []byte("x")})
		}
		return f
	}
	require.True(t, j.merge(edits, fix(10, 20, 30, 40)))
	require.True(t, j.merge(edits, fix(10, 20)), "the same edit again is no conflict")
	require.False(t, j.merge(edits, fix(50, 60, 15, 16)), "one overlap spoils the fix")
	require.Len(t, edits["a.go"], 2)
	require.Equal(t, "0123456789x012345678", string(splice([]byte("01234567890123456789012345678"), []edit{{10, 20, []byte("x")}})))
}
