package config

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
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
		"acessors: [a.B]": "line 1: unknown key acessors; did you mean accessors?",
		"colours: [a.B]":  "unknown key colours; there are connections, accessors",
		"exclude: []\n\nroles: {a.B: {rol: query}}":  "line 3: unknown key rol; did you mean role?",
		"severities: {singelton: info}":              "no rule is called singelton; did you mean singleton?",
		"severities: {singleton: warn}":              "none of info, warning, error, off; did you mean",
		"roles: {a.B: {role: usersend}}":             "did you mean user-send?",
		"roles: {a.B: {role: query, addressee: -1}}": "counts parameters from 1",
		"roles: {Push: {role: query}}":               "roles: \"Push\": write it with its import path",
		"accessors: [a.B]\naccessors: [c.D]":         "line 2",
		"accessors: [GetManager]":                    "import path",
		"exclude: [\"[\"]":                           "exclude",
		"accessors: {a: b}":                          "line 1",
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

func TestExcludes(t *testing.T) {
	c := &Config{Exclude: []string{"*_gen.go", "internal/legacy/**", "./cmd/x.go", "third/"}, dir: "/m"}
	for name, want := range map[string]bool{
		"/m/a/b_gen.go": true, "/m/internal/legacy/a/b.go": true, "/m/internal/legacyish/b.go": false, "/m/cmd/x.go": true,
		"/m/other/cmd/x.go": false, "/m/third/y.go": true, "/m/a.go": false,
	} {
		require.Equal(t, want, c.Excludes(name), name)
	}
	require.True(t, (&Config{Exclude: []string{"./..."}, dir: "/m"}).Excludes("/m/a/b.go"))
}

func TestATreeHasAFileForEachFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return filepath.Dir(path)
	}
	top := write("go.mod", "module example.com/app\n")
	write(Name, "accessors: [example.com/app/a.Get]\nseverities: {singleton: error}\n")
	sub := write("sub/.wsmig.yml", "accessors: [example.com/app/b.Get]\nseverities: {singleton: info}\n")
	deep := write("sub/deep/d.go", "package deep\n")
	bad := write("bad/.wsmig.yaml", "colours: [red]\n")

	tree := NewTree(rules)
	for _, d := range []string{top, sub, deep} {
		require.NoError(t, tree.Add(d))
	}
	require.Equal(t, findings.Error, tree.For(filepath.Join(top, "x.go")).Severity("singleton", findings.Warning))
	require.Equal(t, findings.Info, tree.For(filepath.Join(deep, "d.go")).Severity("singleton", findings.Warning))
	require.Equal(t, []string{"example.com/app/a.Get", "example.com/app/b.Get"}, tree.Options().Accessors)
	require.ErrorContains(t, tree.Add(bad), filepath.Join(bad, Name)+": line 1: unknown key colours")
	var none *Tree
	require.NoError(t, none.Add(top))
	require.Empty(t, none.Options().Accessors)
	require.True(t, none.For(filepath.Join(top, "x.go")).Wants("singleton"))
}

// TestTheSchemaSaysWhatIsRead keeps the published schema and the reader together.
func TestTheSchemaSaysWhatIsRead(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	schema, err := compiler.Compile(filepath.Join("..", "..", "reports", "schema", "config.schema.json"))
	require.NoError(t, err)
	var names []string
	for name := range schema.Properties {
		names = append(names, name)
	}
	require.ElementsMatch(t, keys(reflect.TypeFor[Config]()), names)
	agree := func(text string, valid bool) {
		_, err := Parse([]byte(text), []string{"singleton", "lastwriter", "widecast", "sharedpayload", "emitterscope", "secondhub", "compat"})
		require.Equal(t, valid, err == nil, "%s: %v", text, err)
		var value any
		require.NoError(t, yaml.Unmarshal([]byte(text), &value))
		data, err := json.Marshal(value)
		require.NoError(t, err)
		value, err = jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		err = schema.Validate(value)
		require.Equal(t, valid, err == nil, "%s: %v", text, err)
	}
	agree(full, true)
	agree("{}", true)
	for _, role := range roleNames {
		agree("roles: {a.B: {role: "+string(role)+"}}", true)
	}
	for _, severity := range severityNames {
		agree("severities: {singleton: '"+severity+"', ignore: '"+severity+"'}", true)
	}
	for _, text := range []string{
		"acessors: [a.B]", "accessors: [GetManager]", "accessors: [ex.com/a]", "connections: ['a b.C']", "severities: {singelton: info}", "severities: {singleton: loud}",
		"roles: {a.B: {role: declaration}}", "roles: {a.B: {role: query, addressee: -1}}", "roles: {a.B: {rol: query}}", "accessors: {a: b}", "exclude: x",
	} {
		agree(text, false)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = Parse(data, rules) })
}
