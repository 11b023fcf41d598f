package move

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/wsmig/wsmig/analyzer/driver"
)

// planClients works out the move of the manager of clients in the fixer's testdata,
// with some of its text replaced.
func planClients(t *testing.T, old, replacement string) (*Result, []Obstacle) {
	t.Helper()
	ar, err := txtar.ParseFile(filepath.FromSlash("../testdata/move/clients.txtar"))
	require.NoError(t, err)
	sums, err := os.ReadFile(filepath.FromSlash("../../../go.sum"))
	require.NoError(t, err)
	files := map[string]string{
		"go.mod": "module example.com/move\n\ngo 1.24\n\nrequire github.com/gorilla/websocket v1.5.3\n",
		"go.sum": string(sums),
	}
	for _, f := range ar.Files {
		if !strings.HasSuffix(f.Name, "_test.go") && strings.HasPrefix(f.Name, "clients/") {
			files[f.Name] = strings.Replace(string(f.Data), old, replacement, 1)
			require.Contains(t, string(f.Data), old)
		}
	}
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	program, err := driver.Load(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	require.Empty(t, program.Failed)
	require.NoError(t, program.Analyze(t.Context()))
	pkg := program.ByPath("example.com/move/clients")[0]
	require.Len(t, pkg.Result.Singletons, 1)
	result, obstacles, err := Plan(&Input{Program: program, Package: pkg, Singleton: pkg.Result.Singletons[0], Read: os.ReadFile, Writable: func(string) bool { return true }})
	require.NoError(t, err)
	return result, obstacles
}

// TestClientsKeepTheirConnection: who is taken out of the registry is found by its
// connection, so a client may not lose that before.
func TestClientsKeepTheirConnection(t *testing.T) {
	result, obstacles := planClients(t, "defer c.Conn.Close()", "defer func() {\n\t\tc.Conn.Close()\n\t\tc.Conn = nil\n\t}()")
	require.Nil(t, result)
	require.Contains(t, obstacles[0].String(), "gives up its connection")

	result, obstacles = planClients(t, "return &Client{ID: id, Conn: conn}", "c := &Client{ID: id}\n\tc.Conn = conn\n\treturn c")
	require.Empty(t, obstacles)
	require.NotEmpty(t, result.Edits)
}
