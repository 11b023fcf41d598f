package driver_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

const hub = `package hub

import "github.com/gorilla/websocket"

//wsmig:ignore singleton one tenant per process
var conns = map[string]*websocket.Conn{}

func Send(user string, v any) { conns[user].WriteJSON(v) }
`

// fixture writes files into a module that may import gorilla/websocket.
func fixture(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	sums, err := os.ReadFile("../../go.sum")
	require.NoError(t, err)
	files["go.sum"] = string(sums)
	files["go.mod"] = "module example.com/app\n\ngo 1.26\n\nrequire github.com/gorilla/websocket v1.5.3\n"
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	require.NoError(t, os.CopyFS(dir, tree))
	return dir
}

func lint(t *testing.T, cfg *driver.Config) *findings.Result {
	t.Helper()
	cfg.Patterns = []string{"./..."}
	r, err := driver.Lint(t.Context(), cfg)
	require.NoError(t, err)
	return r
}

func TestLintAccountsForEverything(t *testing.T) {
	dir := fixture(t, map[string]string{
		"hub/hub.go":       hub,
		"hub/windows.go":   "//go:build windows\n\npackage hub\n",
		"hub/tagged.go":    "//go:build extra\n\npackage hub\n\nfunc Extra() { Send(\"x\", 1) }\n",
		"hub/hub_test.go":  "package hub\n\nimport \"testing\"\n\nfunc TestSend(t *testing.T) { Send(\"t\", 1) }\n",
		"broken/broken.go": "package broken\n\nimport \"example.com/app/hub\"\n\nfunc F() { hub.Send(\"b\", undefined) }\n",
		"use/use.go":       "package use\n\nimport \"example.com/app/hub\"\n\nfunc F(u string) { hub.Send(u, 1) }\n",
	})
	r := lint(t, &driver.Config{Dir: dir})
	require.Equal(t, []findings.SkippedFile{{File: "hub/tagged.go", Reason: "build-tag"}, {File: "hub/windows.go", Reason: "build-tag"}}, r.Stats.FilesSkipped)
	require.Len(t, r.Stats.PackagesFailed, 1)
	require.Equal(t, "example.com/app/broken", r.Stats.PackagesFailed[0].Package)
	require.Equal(t, 3, r.Stats.Packages)

	at := map[string]findings.Finding{}
	for _, f := range r.Findings {
		at[f.File+" "+string(f.Category)] = f
	}
	require.True(t, at["hub/hub.go declaration"].Suppressed)
	require.Equal(t, "u", at["use/use.go use"].Addressee)
	require.Equal(t, "F", at["use/use.go use"].Function)
	require.Equal(t, findings.UserSend, at["broken/broken.go use"].Role, "what types allow is analysed all the same")
	require.Equal(t, findings.UserSend, at["hub/hub_test.go use"].Role)

	untested := lint(t, &driver.Config{Dir: dir, NoTests: true})
	require.NotContains(t, files(untested), "hub/hub_test.go")
	require.Contains(t, untested.Stats.FilesSkipped, findings.SkippedFile{File: "hub/hub_test.go", Reason: "test"})
	require.Contains(t, files(lint(t, &driver.Config{Dir: dir, Tags: "extra"})), "hub/tagged.go")
}

func files(r *findings.Result) []string {
	var names []string
	for _, f := range r.Findings {
		names = append(names, f.File)
	}
	return names
}

func TestOverlayReplacesAndAddsFiles(t *testing.T) {
	dir := fixture(t, map[string]string{"hub/hub.go": hub})
	r := lint(t, &driver.Config{Dir: dir, Overlay: map[string][]byte{
		filepath.Join(dir, "hub", "more.go"): []byte("package hub\n\nfunc More(id string) { Send(id, 1) }\n"),
	}})
	require.Contains(t, files(r), "hub/more.go")
}

func TestFingerprintsSurviveOtherEdits(t *testing.T) {
	print := func(text string) string {
		r := lint(t, &driver.Config{Dir: fixture(t, map[string]string{"hub/hub.go": text})})
		for _, f := range r.Findings {
			if f.Category == findings.Use {
				return f.Fingerprint
			}
		}
		return ""
	}
	before := print(hub)
	require.NotEmpty(t, before)
	require.Equal(t, before, print(hub+"\n\n// a comment\n"))
	require.Equal(t, before, print("// Package hub is new here.\n"+hub))
}

func TestBadInputIsTheUsersToMend(t *testing.T) {
	for name, cfg := range map[string]*driver.Config{
		"no go.mod":       {Dir: t.TempDir(), Patterns: []string{"./..."}},
		"no packages":     {Dir: fixture(t, map[string]string{"x.txt": ""}), Patterns: []string{"./..."}},
		"no such package": {Dir: fixture(t, map[string]string{"hub/hub.go": hub}), Patterns: []string{"./nosuch"}},
	} {
		_, err := driver.Lint(t.Context(), cfg)
		var input *driver.InputError
		require.ErrorAs(t, err, &input, name)
		require.NotContains(t, input.Message, "\n", name)
	}
}

// TestDeclaredAccessors reads the package of what is declared to be a manager although
// nothing in it leads to a socket or keeps anything, by its path or the end of it.
func TestDeclaredAccessors(t *testing.T) {
	dir := fixture(t, map[string]string{
		"bus/bus.go": "package bus\n\ntype Bus interface{ Tell(user string, v any) }\n\nvar bus Bus\n\nfunc Get() Bus { return bus }\n",
		"use/use.go": "package use\n\nimport \"example.com/app/bus\"\n\nfunc F(u string) { bus.Get().Tell(u, 1) }\n",
	})
	for _, name := range []string{"example.com/app/bus.Get", "bus.Get", "bus.bus"} {
		r, scope, err := driver.LintPackages(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./use"}, Accessors: []string{name}})
		require.NoError(t, err)
		require.Equal(t, []string{name}, scope.Accessors)
		require.Len(t, r.Findings, 1, name)
	}
	for _, name := range []string{"example.com/app/bus.Got", "us.Get", "app.Get", "example.com/bus.Get"} {
		_, scope, err := driver.LintPackages(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./use"}, Accessors: []string{name}})
		require.NoError(t, err)
		require.Empty(t, scope.Accessors, name)
	}
}

func TestAFileStandsForItsPackage(t *testing.T) {
	dir := fixture(t, map[string]string{
		"hub/hub.go":   hub,
		"use/use.go":   "package use\n\nimport \"example.com/app/hub\"\n\nfunc F(u string) { hub.Send(u, rest) }\n",
		"use/rest.go":  "package use\n\nconst rest = 1\n",
		"odd.go/us.go": "package odd\n\nimport \"example.com/app/hub\"\n\nfunc F(u string) { hub.Send(u, 1) }\n",
	})
	for _, pattern := range []string{"use/use.go", "./use/use.go", filepath.Join(dir, "use", "use.go")} {
		r, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{pattern}})
		require.NoError(t, err)
		require.Empty(t, r.Stats.PackagesFailed, "its neighbours are known")
		require.Len(t, r.Findings, 1, pattern)
		require.Equal(t, "example.com/app/use", r.Findings[0].Package)
	}
	r, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./odd.go", "use/rest.go"}})
	require.NoError(t, err)
	require.Equal(t, []string{"odd.go/us.go", "use/use.go"}, files(r), "a folder may be called so, and files may be of several packages")
}

func TestPatternsThatNameNothing(t *testing.T) {
	dir := fixture(t, map[string]string{"hub/hub.go": hub})
	for pattern, want := range map[string]string{
		"use.go":             "no required module provides package use.go; if a file is meant, there is none of that name",
		"example.org/lib/ws": "no required module provides package example.org/lib/ws; go get example.org/lib/ws adds it",
	} {
		_, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{pattern}})
		require.EqualError(t, err, want)
	}
	_, err := driver.Lint(t.Context(), &driver.Config{Dir: t.TempDir()})
	require.ErrorContains(t, err, "no go.mod here or above")
}
