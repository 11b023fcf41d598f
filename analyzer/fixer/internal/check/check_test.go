package check

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
)

// load loads a module of these files.
func load(t *testing.T, files fstest.MapFS) (*driver.Program, string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, files))
	program, err := driver.Load(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}, Env: append(os.Environ(), "GOWORK=off", "GOFLAGS=")})
	require.NoError(t, err)
	return program, dir
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// program loads a module of three packages, app importing lib and both with tests.
func program(t *testing.T) (*Checker, string) {
	t.Helper()
	program, dir := load(t, fstest.MapFS{
		"go.mod":             file("module example.com/m\n\ngo 1.20\n"),
		"lib/lib.go":         file("package lib\n\nimport \"strings\"\n\nfunc Send(user, text string) string { return strings.ToUpper(user) + text }\n"),
		"lib/lib_test.go":    file("package lib\n\nvar inside = Send(\"a\", \"b\")\n\nfunc Helper() int { return 1 }\n"),
		"lib/outer_test.go":  file("package lib_test\n\nimport \"example.com/m/lib\"\n\nvar outside = lib.Send(\"a\", \"b\") + string(rune(lib.Helper()))\n"),
		"app/app.go":         file("package app\n\nimport \"example.com/m/lib\"\n\nvar X = lib.Send(\"u\", \"t\")\n"),
		"alone/alone.go":     file("package alone\n\nvar Y int = 1\n"),
		"broken/broken.go":   file("package broken\n\nvar Z int = \"text\"\n"),
		"broken/_ignored.go": file("package nothing"),
	})
	return New(program), dir
}

func messages(problems []Problem) []string {
	var all []string
	for _, p := range problems {
		all = append(all, filepath.Base(p.Position.Filename)+": "+p.Message)
	}
	return all
}

func TestCheck(t *testing.T) {
	c, dir := program(t)
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	const head = "package lib\n\nimport \"strings\"\n\n"
	for name, tc := range map[string]struct {
		overlay map[string]string
		want    []string
	}{
		"nothing":           {nil, nil},
		"same meaning":      {map[string]string{"lib/lib.go": head + "func Send(u, text string) string { return strings.ToUpper(u) + text }\n"}, nil},
		"importers checked": {map[string]string{"lib/lib.go": head + "func Send(u string) string { return strings.ToUpper(u) }\n"}, []string{"app.go: too many arguments in call to lib.Send\n\thave (string, string)\n\twant (string)", "lib_test.go: too many arguments in call to Send\n\thave (string, string)\n\twant (string)", "outer_test.go: too many arguments in call to lib.Send\n\thave (string, string)\n\twant (string)"}},
		"new file":          {map[string]string{"lib/more.go": "package lib\n\nfunc More() {}\n", "app/app.go": "package app\n\nimport \"example.com/m/lib\"\n\nfunc f() { lib.More(); lib.Less() }\n"}, []string{"app.go: undefined: lib.Less"}},
		"new test file":     {map[string]string{"lib/more_test.go": "package lib\n\nfunc More() {}\n", "app/app.go": "package app\n\nimport \"example.com/m/lib\"\n\nfunc f() { lib.More() }\n"}, []string{"app.go: undefined: lib.More"}},
		"new import":        {map[string]string{"app/app.go": "package app\n\nimport \"example.com/m/alone\"\n\nvar X = alone.Y\n"}, nil},
		"syntax":            {map[string]string{"app/app.go": "package app\n\nfunc {\n"}, []string{"app.go: expected 'IDENT', found '{'"}},
		"unknown import":    {map[string]string{"app/app.go": "package app\n\nimport _ \"example.com/m/nowhere\"\n"}, []string{"app.go: could not import example.com/m/nowhere (not part of the program)"}},
		"old problems":      {map[string]string{"broken/broken.go": "package broken\n\nvar A int\n\nvar Z int = \"text\"\n"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			overlay := map[string][]byte{}
			for file, text := range tc.overlay {
				overlay[at(file)] = []byte(text)
			}
			require.Subset(t, messages(c.Check(overlay)), tc.want)
			if tc.want == nil {
				require.Empty(t, c.Check(overlay))
			}
		})
	}
}

func TestDeletedFile(t *testing.T) {
	c, dir := program(t)
	problems := c.Check(map[string][]byte{filepath.Join(dir, "lib", "lib.go"): nil})
	require.Contains(t, messages(problems), "outer_test.go: undefined: lib.Send")
}

func TestUnusedImport(t *testing.T) {
	c, dir := program(t)
	problems := c.Check(map[string][]byte{filepath.Join(dir, "lib", "lib.go"): []byte("package lib\n\nimport (\n\ts \"strings\"\n\t\"fmt\"\n)\n\nfunc Send(u, text string) string { return u }\n")})
	require.Len(t, problems, 2)
	path, name, ok := problems[0].UnusedImport()
	require.True(t, ok)
	require.Equal(t, [2]string{"strings", "s"}, [2]string{path, name})
	require.Equal(t, "could not import fmt (not part of the program)", problems[1].Message)
	_, _, ok = Problem{Message: "undefined: fmt"}.UnusedImport()
	require.False(t, ok)
}

// TestGoVersion: the module's language version decides.
func TestGoVersion(t *testing.T) {
	c, dir := program(t)
	overlay := map[string][]byte{filepath.Join(dir, "alone", "alone.go"): []byte("package alone\n\nfunc f() {\n\tfor range 3 {\n\t}\n}\n")}
	require.Contains(t, messages(c.Check(overlay))[0], "requires go1.22")
}

// TestIntermediateVariantsFollow: the tests of lib import app, which imports lib, so
// that the go command builds app anew for them; what app gains must be there too.
func TestIntermediateVariantsFollow(t *testing.T) {
	program, dir := load(t, fstest.MapFS{
		"go.mod":            file("module example.com/m\n\ngo 1.20\n"),
		"lib/lib.go":        file("package lib\n\ntype ID string\n"),
		"lib/lib_test.go":   file("package lib\n\nvar A ID = \"a\"\n"),
		"lib/outer_test.go": file("package lib_test\n\nimport (\n\t\"example.com/m/app\"\n\t\"example.com/m/lib\"\n)\n\nvar _ = app.Send(lib.A)\n"),
		"app/app.go":        file("package app\n\nimport \"example.com/m/lib\"\n\nfunc Send(id lib.ID) bool { return id != \"\" }\n"),
	})
	require.Len(t, program.Intermediate, 1)
	c := New(program)
	app, outer := filepath.Join(dir, "app", "more.go"), filepath.Join(dir, "lib", "outer_test.go")
	more := []byte("package app\n\nimport \"example.com/m/lib\"\n\nfunc Bound(id lib.ID) bool { return id == 7 }\n")
	bound := []byte("package lib_test\n\nimport (\n\t\"example.com/m/app\"\n\t\"example.com/m/lib\"\n)\n\nvar _ = app.Bound(lib.A)\n")
	require.Equal(t, []string{"more.go: invalid operation: id == 7 (mismatched types lib.ID and untyped int)"},
		messages(c.Check(map[string][]byte{app: more, outer: bound})), "once, by the original")
	require.Equal(t, []string{"outer_test.go: undefined: app.Bound"}, messages(c.Check(map[string][]byte{outer: bound})))
}
