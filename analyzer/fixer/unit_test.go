package fixer

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
)

// example copies the example program.
func example(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "chat")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(repository(t), "examples", "legacychat"))))
	return dir
}

// units runs Unit on each package as the go command would: on the variant with
// tests where there is one, and each on its own.
func units(t *testing.T, dir, module string) map[string][]byte {
	t.Helper()
	program, err := driver.Load(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	require.NoError(t, program.Analyze(t.Context()))
	all := map[string][]byte{}
	for _, pkg := range program.Packages {
		variants := program.ByPath(pkg.Path)
		withTests := slices.ContainsFunc(variants, func(v *driver.Package) bool { return v.ForTest != "" && v.Name == pkg.Name })
		if withTests && pkg.ForTest == "" {
			continue
		}
		files, err := Unit(&Package{Fset: program.Fset, Files: pkg.Files, Types: pkg.Types, Info: pkg.Info, Module: module, Result: pkg.Result, ReadFile: os.ReadFile})
		require.NoError(t, err)
		maps.Copy(all, files)
	}
	return all
}

func TestUnitsAgreeOnNames(t *testing.T) {
	dir := example(t)
	files := units(t, dir, "example.com/legacychat")
	emitter := filepath.Join(dir, "internal", "realtime", "manager_emitter.go")
	require.Contains(t, files, emitter)
	require.NotContains(t, string(files[emitter]), "wsruntime", "a unit has no way to require it")
	require.Contains(t, string(files[filepath.Join(dir, "internal", "chat", "frames.go")]), "go realtime.EmitterFor(name).Notify(")
	for path, text := range files {
		require.NoError(t, os.WriteFile(path, text, 0o600))
	}
	goRun(t, dir, "vet", "./...")
	goRun(t, dir, "test", "./...")
	require.Empty(t, slices.Collect(maps.Keys(units(t, dir, "example.com/legacychat"))), "nothing is left for a second run")
}

func TestUnitLeavesOtherModulesAlone(t *testing.T) {
	dir := example(t)
	require.Empty(t, slices.Collect(maps.Keys(units(t, dir, "example.com/elsewhere"))))
}

// TestUnitGrowsAnEmitter: a manager that learned to send something new gets the
// method in the file that is there, edited or not.
func TestUnitGrowsAnEmitter(t *testing.T) {
	dir := example(t)
	for path, text := range units(t, dir, "example.com/legacychat") {
		require.NoError(t, os.WriteFile(path, text, 0o600))
	}
	emitter := filepath.Join(dir, "internal", "realtime", "manager_emitter.go")
	text, err := os.ReadFile(emitter)
	require.NoError(t, err)
	edited := strings.Replace(string(text), "// SendToUser is", "// SendToUser was edited by hand. It is", 1)
	require.NotEqual(t, string(text), edited)
	require.NoError(t, os.WriteFile(emitter, []byte(edited), 0o600))
	lay(t, dir, map[string]string{"internal/realtime/more.go": "package realtime\n\nfunc (m *Manager) Whisper(userID string) error {\n\tm.mu.Lock()\n\tdefer m.mu.Unlock()\n\treturn m.conns[userID].WriteJSON(\"psst\")\n}\n"})
	files := units(t, dir, "example.com/legacychat")
	require.Len(t, files, 1)
	grown := string(files[emitter])
	require.True(t, strings.HasPrefix(grown, edited), "what is there stays")
	require.Contains(t, grown, "func (e Emitter) Whisper() error {")
}

// twoKeys is a hub whose users have numbers in one place and names in another.
const twoKeys = `// Package hub sends.
package hub

import "github.com/gorilla/websocket"

// Hub knows who is connected.
type Hub struct {
	byNumber map[int64]*websocket.Conn
	byName   map[string]*websocket.Conn
}

// Default is the hub of this process.
var Default = &Hub{}

// Tell sends to a number.
func (h *Hub) Tell(number int64, text string) error { return h.byNumber[number].WriteJSON(text) }

// Greet sends to a name.
func (h *Hub) Greet(name, text string) error { return h.byName[name].WriteJSON(text) }

// Call sends to each of a list.
func (h *Hub) Call(text string, names ...string) {
	for _, name := range names {
		_ = h.byName[name].WriteJSON(text)
	}
}

// Alert sends to a pair.
func Alert(shard uint8, name, text string) error {
	if shard == 0 {
		return nil
	}
	return Default.byName[name].WriteJSON(text)
}
`

// TestBothWaysAgreeOnNames: what one way has begun the other goes on with, so the
// names may not depend on what is called where, or on the order in a file.
func TestBothWaysAgreeOnNames(t *testing.T) {
	files := map[string]string{
		"go.mod":         "module example.com/keys\n\ngo 1.24\n\nrequire " + gorilla + "\n",
		"go.sum":         sums(t, "github.com/gorilla/websocket"),
		"hub/hub.go":     twoKeys,
		"main.go":        "package main\n\nimport \"example.com/keys/hub\"\n\nfunc main() {\n\t_ = hub.Default.Tell(7, \"a\")\n\t_ = hub.Default.Greet(\"ann\", \"b\")\n}\n",
		"other/other.go": "// Package other sends too.\npackage other\n\nimport \"example.com/keys/hub\"\n\n// F sends.\nfunc F(all []string) error {\n\thub.Default.Call(\"d\", all...)\n\thub.Default.Call(\"e\", \"ann\", \"bob\")\n\treturn hub.Default.Greet(\"bob\", \"c\")\n}\n",
	}
	one, all := t.TempDir(), t.TempDir()
	lay(t, one, files)
	lay(t, all, files)
	byUnit := map[string]string{}
	for path, text := range units(t, one, "example.com/keys") {
		name, err := filepath.Rel(one, path)
		require.NoError(t, err)
		byUnit[filepath.ToSlash(name)] = string(text)
	}
	o := &Options{Dir: all, Patterns: []string{"./..."}, Plain: true}
	plan, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, plan.Write(t.Context()))
	for _, name := range []string{"main.go", "other/other.go"} {
		text, err := os.ReadFile(filepath.Join(all, filepath.FromSlash(name)))
		require.NoError(t, err)
		require.Equal(t, byUnit[name], string(text))
	}
	require.Contains(t, byUnit["main.go"], "hub.Default.EmitterFor(\"ann\").Greet(\"b\")")
	require.Contains(t, byUnit["other/other.go"], "hub.Default.EmittersFor(all...).Call(\"d\")")
	require.Contains(t, byUnit["other/other.go"], "hub.Default.EmittersFor(\"ann\", \"bob\").Call(\"e\")")
	require.Contains(t, byUnit["main.go"], "hub.Default.Int64EmitterFor(7).Tell(\"a\")")
	require.Empty(t, slices.DeleteFunc(slices.Collect(maps.Keys(units(t, all, "example.com/keys"))), func(path string) bool { return strings.Contains(path, "_emitter") }))
}
