package fixer

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/wsmig/wsmig/analyzer/ledger"
)

// TestShapesMove takes servers with the registries that people write, one package
// each, all the way. Their own tests look at every frame and let several users
// receive at once; they hold before and after.
func TestShapesMove(t *testing.T) {
	files := map[string]string{
		"go.mod": "module example.com/move\n\ngo 1.24\n\nrequire " + gorilla + "\n\n" + melody(t),
		"go.sum": sums(t, "github.com/gorilla/websocket", "golang.org/x/sys"),
	}
	archives, err := filepath.Glob("testdata/move/*.txtar")
	require.NoError(t, err)
	for _, archive := range archives {
		ar, err := txtar.ParseFile(archive)
		require.NoError(t, err)
		for _, f := range ar.Files {
			files[f.Name] = string(f.Data)
		}
	}
	dir := t.TempDir()
	lay(t, dir, files)
	goRun(t, dir, "test", "./...")
	o := &Options{Dir: dir, Patterns: []string{"./..."}, Runtime: repository(t), Version: "v0.1.0", Stage: ledger.Move}
	plan, err := Run(t.Context(), o)
	require.NoError(t, err)
	if out := os.Getenv("WSMIG_SHOW"); out != "" {
		require.NoError(t, os.WriteFile(filepath.Clean(out), []byte(diffOf(t, plan)), 0o600))
	}
	stages := map[string]ledger.Stage{}
	for _, s := range plan.Ledger.Singletons {
		stages[strings.TrimPrefix(s.Name, "example.com/move/")] = s.Stage
	}
	var taken []string
	for _, s := range plan.Ledger.Sites {
		if strings.HasPrefix(s.Message, "the runtime's own pings") {
			taken = append(taken, s.File+": "+s.Message)
		}
		require.NotEqual(t, ledger.AddresseeUnknown, s.Reason, "%s:%d: a callback is registered here, nobody is sent anything", s.File, s.Line)
		if s.Message != "" {
			t.Logf("%s:%d: %s", s.File, s.Line, s.Message)
		}
	}
	require.Equal(t, map[string]ledger.Stage{"clients.Default": ledger.Move, "hub.Default": ledger.Move, "proto.Default": ledger.Move, "pumps.Default": ledger.Move, "table.Conns": ledger.Move, "tabs.tabs": ledger.Move, "keys.M": ledger.Move, "asked.hub": ledger.Move, "listed.sessions": ledger.Move, "listed.m": ledger.Move}, stages)
	require.Equal(t, []string{"pumps/pumps.go: the runtime's own pings, timeouts and buffers take the place of SetPongHandler, SetReadDeadline"}, taken)
	require.NoError(t, plan.Write(t.Context()))
	goRun(t, dir, "vet", "./...")
	goRun(t, dir, "test", "./...")
	for _, name := range keysOf(maps.Clone(files)) {
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "wire/") {
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			require.NoError(t, err)
			require.NotContains(t, string(text), "*websocket.Conn", name)
			require.NotContains(t, string(text), "melody.", name)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "keys", "keys_test.go"))
	require.NoError(t, err)
	require.Contains(t, string(text), "keys.EmitterFor(1).SendRaw([]byte{0, 255})", "the filter's condition has two parts")
	again, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.False(t, again.Changed(), "%s", diffOf(t, again))
}

// melody is what go.mod says to have the library's stand-in.
func melody(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.FromSlash("testdata/melody"))
	require.NoError(t, err)
	return "require github.com/olahol/melody v1.4.0\n\nreplace github.com/olahol/melody => " + strconv.Quote(dir) + "\n"
}
