package fixer

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/ledger"
)

// greedy is a copy of the runtime in a module that also asks for a version of
// example.com/dep, of which the runtime has no need.
func greedy(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	top := repository(t)
	require.NoError(t, filepath.WalkDir(filepath.Join(top, "runtime"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		rel, err := filepath.Rel(top, path)
		if err == nil && strings.Count(filepath.ToSlash(rel), "/") == 1 {
			text, err := os.ReadFile(filepath.Clean(path))
			require.NoError(t, err)
			lay(t, dir, map[string]string{rel: string(text)})
		}
		return err
	}))
	mod, err := os.ReadFile(filepath.Join(top, "go.mod"))
	require.NoError(t, err)
	var own strings.Builder
	own.WriteString("module github.com/wsmig/wsmig\n\ngo 1.26.0\n\nrequire (\n\texample.com/dep " + version + "\n")
	for line := range strings.Lines(string(mod)) {
		if strings.HasPrefix(line, "\tgithub.com/gorilla/websocket ") || strings.HasPrefix(line, "\tgolang.org/x/sys ") {
			own.WriteString(line)
		}
	}
	lay(t, dir, map[string]string{"go.mod": own.String() + ")\n", "go.sum": sums(t, "github.com/gorilla/websocket", "golang.org/x/sys")})
	return dir
}

// TestHeldVersions: a module that does not build with a version that only the rest
// of wsmig asks for is migrated all the same, and keeps its own.
func TestHeldVersions(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"go.mod": "module example.com/app\n\ngo 1.24\n\nrequire (\n\texample.com/dep v1.0.0\n\t" + gorilla + "\n)\n\n" +
			"replace example.com/dep v1.0.0 => ./old\n\nreplace example.com/dep v1.1.0 => ./new\n",
		"go.sum":     sums(t, "github.com/gorilla/websocket"),
		"old/go.mod": "module example.com/dep\n\ngo 1.24\n",
		"old/dep.go": "package dep\n\nconst Old = true\n",
		"new/go.mod": "module example.com/dep\n\ngo 1.24\n",
		"new/dep.go": "package dep\n\nconst New = true\n",
		"hub.go": "package app\n\nimport (\n\t\"sync\"\n\n\t\"github.com/gorilla/websocket\"\n\n\t\"example.com/dep\"\n)\n\n" +
			"var _ = dep.Old\n\nvar conns sync.Map\n\nfunc Register(user string, conn *websocket.Conn) { conns.Store(user, conn) }\n\n" +
			"func Send(user, text string) error {\n\tconn, _ := conns.Load(user)\n\treturn conn.(*websocket.Conn).WriteJSON(text)\n}\n",
		"hello/hello.go": "package hello\n\nimport \"example.com/app\"\n\nfunc Hello(user string) error { return app.Send(user, \"hello\") }\n",
	})
	goRun(t, dir, "vet", "./...")
	o := &Options{Dir: dir, Patterns: []string{"./..."}, Runtime: greedy(t, "v1.1.0"), Stage: ledger.Bind}
	plan, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, plan.Footprint, 1)
	require.Equal(t, []string{"example.com/dep v1.1.0"}, plan.Footprint[0].Held)
	require.NoError(t, plan.Write(t.Context()))
	text, err := os.ReadFile(filepath.Join(dir, "hello", "hello.go"))
	require.NoError(t, err)
	require.Contains(t, string(text), "app.EmitterFor(user).Send(\"hello\")")
	goRun(t, dir, "vet", "./...")
	again, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.False(t, again.Changed(), "%s", diffOf(t, again))
}
