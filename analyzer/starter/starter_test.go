package starter

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// program has a manager that counts and one whose sockets can't be seen, with a
// library that only has the name of the real one.
var program = map[string]string{
	"go.mod":                  "module example.com/app\n\ngo 1.26\n\nrequire github.com/gorilla/websocket v1.5.3\n\nreplace github.com/gorilla/websocket => ./third/websocket\n",
	"third/websocket/go.mod":  "module github.com/gorilla/websocket\n\ngo 1.26\n",
	"third/websocket/conn.go": "package websocket\n\ntype Conn struct{ n int }\n\nfunc (c *Conn) WriteJSON(v any) error { c.n++; return nil }\n",
	"hub/hub.go":              "package hub\n\nimport \"github.com/gorilla/websocket\"\n\ntype Hub struct{ conns map[string]*websocket.Conn }\n\nvar hub = &Hub{conns: map[string]*websocket.Conn{}}\n\nfunc GetHub() *Hub { return hub }\n\nfunc (h *Hub) Push(v any, user string) { _ = h.conns[user].WriteJSON(v) }\n",
	"bus/bus.go":              "package bus\n\ntype Out interface{ Push(b []byte) error }\n\ntype Bus struct{ out map[string]Out }\n\nvar bus = &Bus{out: map[string]Out{}}\n\nfunc (b *Bus) Join(user string, o Out) { b.out[user] = o }\n\nfunc (b *Bus) Tell(user string, m []byte) { _ = b.out[user].Push(m) }\n\nfunc Get() *Bus { return bus }\n",
	"use/use.go":              "package use\n\nimport (\n\t\"example.com/app/bus\"\n\t\"example.com/app/hub\"\n)\n\nfunc F(u string) {\n\thub.GetHub().Push(1, u)\n\tbus.Get().Tell(u, nil)\n}\n",
}

func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func lintIn(t *testing.T, dir string) *findings.Result {
	t.Helper()
	r, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}, Settings: config.NewTree(analyzer.Rules())})
	require.NoError(t, err)
	r.Stats.Seconds = 0
	return r
}

func TestTheFileSaysWhatWasFoundAndChangesNothing(t *testing.T) {
	dir := tree(t, program)
	before := lintIn(t, dir)
	file, err := Run(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	require.Equal(t, 1, file.Singletons)
	text := string(file.Text)
	require.Contains(t, text, "\n  - example.com/app/hub.GetHub\n")
	require.Contains(t, text, "\n  \"example.com/app/hub.(Hub).Push\": {role: user-send, addressee: 2} # user\n")
	require.Contains(t, text, "\n#   - example.com/app/bus.Get\n", "one that only informs stays a comment")
	require.NoFileExists(t, filepath.Join(dir, config.Name), "writing is left to others")

	require.NoError(t, os.WriteFile(filepath.Join(dir, config.Name), file.Text, 0o600))
	require.Equal(t, before, lintIn(t, dir))
	parsed, err := config.Parse(file.Text, analyzer.Rules())
	require.NoError(t, err)
	require.Equal(t, 2, parsed.Roles["example.com/app/hub.(Hub).Push"].Addressee)
}

func TestNothingFoundIsAFileOfExamples(t *testing.T) {
	file, err := Run(t.Context(), &driver.Config{Dir: tree(t, map[string]string{"go.mod": "module example.com/app\n\ngo 1.26\n", "a.go": "package a\n"}), Patterns: []string{"./..."}})
	require.NoError(t, err)
	parsed, err := config.Parse(file.Text, analyzer.Rules())
	require.NoError(t, err)
	require.Empty(t, parsed.Accessors)
	require.Empty(t, parsed.Roles)
}

// TestSettingsThatChangeSomethingStayComments plays a draft whose settings came out
// differently.
func TestSettingsThatChangeSomethingStayComments(t *testing.T) {
	d := &draft{
		result:    &findings.Result{Singletons: []findings.Singleton{{Package: "a/b", Name: "hub", Severity: findings.Warning}}},
		functions: []function{{name: "a/b.Send", role: findings.UserSend, addressee: 1}},
	}
	parsed, err := config.Parse(d.text(), analyzer.Rules())
	require.NoError(t, err)
	require.Empty(t, parsed.Accessors)
	require.Empty(t, parsed.Roles)
	require.Contains(t, string(d.text()), "a/b.Send")
}
