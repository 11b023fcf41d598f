package nogo_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/nogo"
)

// program is a manager and its callers, with a library that only has the name of the
// real one, so that no driver has to read net/http.
var program = map[string]string{
	"go.mod":                  "module example.com/app\n\ngo 1.26\n\nrequire github.com/gorilla/websocket v1.5.3\n\nreplace github.com/gorilla/websocket => ./third/websocket\n",
	"third/websocket/go.mod":  "module github.com/gorilla/websocket\n\ngo 1.26\n",
	"third/websocket/conn.go": "package websocket\n\ntype Conn struct{ n int }\n\nfunc (c *Conn) WriteJSON(v any) error { c.n++; return nil }\n",
	"hub/hub.go":              "package hub\n\nimport \"github.com/gorilla/websocket\"\n\ntype Hub struct{ conns map[string]*websocket.Conn }\n\nvar hub *Hub\n\nfunc Get() *Hub {\n\tif hub == nil {\n\t\thub = &Hub{conns: map[string]*websocket.Conn{}}\n\t}\n\treturn hub\n}\n\nfunc (h *Hub) Join(user string, c *websocket.Conn) { h.conns[user] = c }\n\nfunc (h *Hub) Send(user string, v any) { _ = h.conns[user].WriteJSON(v) }\n\nfunc (h *Hub) All(v any) {\n\tfor _, c := range h.conns {\n\t\t_ = c.WriteJSON(v)\n\t}\n}\n",
	"use/use.go":              "package use\n\nimport \"example.com/app/hub\"\n\nfunc Paid(owner string) {\n\thub.Get().Send(owner, \"paid\")\n\thub.Get().All(1) //wsmig:ignore singleton,widecast the news are for everyone\n\thub.Get().Send(owner, 2) //nolint:wsmig // for a test\n}\n\n//wsmig:ignore secondhub nothing here\nfunc Idle() {}\n",
	"far/far.go":              "package far\n\nimport \"example.com/app/use\"\n\nfunc F() { use.Paid(\"x\") }\n",
	"reload/reload.go":        "package reload\n\nimport \"github.com/gorilla/websocket\"\n\nvar pages = map[*websocket.Conn]bool{}\n\nfunc Reload() {\n\tfor c := range pages {\n\t\t_ = c.WriteJSON(\"reload\")\n\t}\n}\n",
}

func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range program {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// apply runs analyzers as nogo does: on every package, with facts that went through
// gob on their way to the importers, and without a word about modules.
func apply(t *testing.T, dir string, analyzers ...*analysis.Analyzer) []string {
	t.Helper()
	return applied(t, dir, packages.LoadAllSyntax, analyzers...)
}

func applied(t *testing.T, dir string, mode packages.LoadMode, analyzers ...*analysis.Analyzer) []string {
	t.Helper()
	require.NoError(t, analysis.Validate(analyzers))
	pkgs, err := packages.Load(&packages.Config{Mode: mode, Dir: dir}, "./...")
	require.NoError(t, err)
	graph, err := checker.Analyze(analyzers, pkgs, &checker.Options{SanityCheck: true})
	require.NoError(t, err)
	var lines []string
	for act := range graph.All() {
		require.NoError(t, act.Err)
		for _, d := range act.Diagnostics {
			if act.IsRoot {
				at := act.Package.Fset.Position(d.Pos)
				rel, err := filepath.Rel(dir, at.Filename)
				require.NoError(t, err)
				lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", filepath.ToSlash(rel), at.Line, at.Column, d.Message))
			}
		}
	}
	sort.Strings(lines)
	return lines
}

// linted is what wsmig lint says.
func linted(t *testing.T, dir string) []string {
	t.Helper()
	r, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	var lines []string
	for _, f := range r.Findings {
		if f.Severity == findings.Info || f.Suppressed {
			continue
		}
		tail := " (" + f.Rule + ", " + string(f.Role) + ")"
		if f.Role == "" {
			tail = " (" + f.Rule + ")"
		}
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message+tail))
	}
	sort.Strings(lines)
	return lines
}

func TestSaysWhatLintSays(t *testing.T) {
	dir := tree(t)
	want := linted(t, dir)
	require.Contains(t, strings.Join(want, "\n"), "use/use.go:6:2: sends to one user")
	require.Equal(t, want, apply(t, dir, nogo.Analyzer))
	require.Equal(t, want, applied(t, dir, packages.LoadAllSyntax|packages.NeedModule, nogo.Analyzer))
}

func TestSettings(t *testing.T) {
	dir := tree(t)
	settings, err := config.Parse([]byte("severities: {singleton: off}\n"), analyzer.Rules())
	require.NoError(t, err)
	for _, line := range apply(t, dir, nogo.New(&nogo.Options{Settings: settings, Info: true})) {
		require.NotContains(t, line, "(singleton")
	}
	settings, err = config.Parse([]byte("exclude: [use/...]\n"), analyzer.Rules())
	require.NoError(t, err)
	lines := apply(t, dir, nogo.New(&nogo.Options{Settings: settings.At(dir), Info: true}))
	require.NotContains(t, strings.Join(lines, "\n"), "use/")
	require.Contains(t, strings.Join(lines, "\n"), "reload/reload.go:5:5: info: ")
}

// TestEachAnalyzerStandsAlone runs them as somebody would who names one package of
// passes, several at a time: no flags, no state that runs share.
func TestEachAnalyzerStandsAlone(t *testing.T) {
	dir := tree(t)
	alone := map[string][]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, a := range analyzer.Suite() {
		wg.Go(func() {
			lines := apply(t, dir, a)
			mu.Lock()
			defer mu.Unlock()
			alone[a.Name] = lines
		})
	}
	wg.Wait()
	var all []string
	for _, lines := range alone {
		all = append(all, lines...)
	}
	sort.Strings(all)
	require.Equal(t, apply(t, dir, analyzer.Suite()...), all)
	require.NotEmpty(t, alone["singleton"])
}
