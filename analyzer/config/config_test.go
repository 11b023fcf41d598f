package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
)

var rules = []string{"singleton", "widecast"}

const full = `# what the code alone can't tell
connections: [example.com/net.Socket]
accessors:
  - example.com/app/bus.GetManager
severities:
  widecast: error
  singleton: "off"
roles:
  example.com/app/bus.(Manager).Push:
    role: user-send
    addressee: 2
exclude:
  - internal/legacy/...
  - "*_gen.go"
`

func TestParse(t *testing.T) {
	c, err := Parse([]byte(full), rules)
	require.NoError(t, err)
	require.Equal(t, []string{"example.com/app/bus.GetManager"}, c.Accessors)
	require.Equal(t, Role{findings.UserSend, 2}, c.Roles["example.com/app/bus.(Manager).Push"])
	require.False(t, c.Wants("singleton"))
	require.Equal(t, findings.Error, c.Severity("widecast", findings.Warning))
	require.Equal(t, findings.Info, c.Severity("widecast", findings.Info))
	for _, empty := range []string{"", "# nothing but words\n"} {
		_, err = Parse([]byte(empty), rules)
		require.NoError(t, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"acessors: [a.B]":               "acessors",
		"severities: {singelton: info}": "no rule is called singelton",
		"severities: {singleton: loud}": "none of info, warning",
		"roles: {a.B: {role: sender}}":  "no role is called",
		"accessors: [GetManager]":       "import path",
		"exclude: [\"[\"]":              "exclude",
		"accessors: {a: b}":             "line 1",
	} {
		_, err := Parse([]byte(text), rules)
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestTheNearestFileCounts(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write(Name, full)
	write("mod/go.mod", "module example.com/app\n")
	write("mod/a/b/b.go", "package b\n")
	require.Empty(t, Find(filepath.Join(dir, "mod", "a", "b")), "a file above the module is none of its business")
	write("mod/"+Name, full)
	require.Equal(t, filepath.Join(dir, "mod", Name), Find(filepath.Join(dir, "mod", "a", "b")))
	write("mod/a/"+Name, full)
	require.Equal(t, filepath.Join(dir, "mod", "a", Name), Find(filepath.Join(dir, "mod", "a", "b")))
	c, err := Load(filepath.Join(dir, "mod"), rules)
	require.NoError(t, err)
	require.True(t, c.Excludes(filepath.Join(dir, "mod", "internal", "legacy", "x", "y.go")))
	require.True(t, c.Excludes(filepath.Join(dir, "mod", "a_gen.go")))
	require.False(t, c.Excludes(filepath.Join(dir, "mod", "a.go")))
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = Parse(data, rules) })
}
