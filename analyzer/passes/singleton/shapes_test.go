package singleton_test

import (
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

var update = flag.Bool("update", false, "rewrite what the shapes expect")

// wantFile is the part of an archive that says what is found: a line for each
// singleton, "name form severity", then one for each use, "file:line role addressee".
const wantFile = "want"

// TestShapes loads every archive below testdata/shapes as a folder of one module,
// so that the go command and the type checker run once, and compares the findings
// of each with what it wants. The text before an archive's files says which shape
// it is and where the difficulty lies.
func TestShapes(t *testing.T) {
	names, err := filepath.Glob("testdata/shapes/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	dir := module(t)
	archives := map[string]*txtar.Archive{}
	for _, name := range names {
		shape := strings.TrimSuffix(filepath.Base(name), ".txtar")
		archive, err := txtar.ParseFile(name)
		require.NoError(t, err)
		require.NotEmpty(t, strings.TrimSpace(string(archive.Comment)), "%s: say in prose what it is", name)
		archives[shape] = archive
		unpack(t, filepath.Join(dir, shape), archive)
	}
	result, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	require.Empty(t, result.Stats.PackagesFailed)
	for shape, archive := range archives {
		t.Run(shape, func(t *testing.T) {
			compare(t, shape, archive, found(result, shape))
		})
	}
}

func compare(t *testing.T, shape string, archive *txtar.Archive, got string) {
	t.Helper()
	for i := range archive.Files {
		f := &archive.Files[i]
		if f.Name != wantFile {
			continue
		}
		if *update {
			f.Data = []byte(got)
			require.NoError(t, os.WriteFile(filepath.Join("testdata", "shapes", shape+".txtar"), txtar.Format(archive), 0o600))
			return
		}
		require.Equal(t, string(f.Data), got)
		return
	}
	require.Fail(t, "the archive has no file named "+wantFile)
}

// found lists what lies in a shape's folder, in a form that people can check.
func found(r *findings.Result, shape string) string {
	var lines []string
	for _, s := range r.Singletons {
		if within(s.File, shape) {
			lines = append(lines, fmt.Sprintf("%s %s %s", s.Name, s.Form, s.Severity))
		}
	}
	sort.Strings(lines)
	for _, f := range r.Findings {
		if within(f.File, shape) && f.Category == findings.Use {
			line := fmt.Sprintf("%s:%d %s", strings.TrimPrefix(f.File, shape+"/"), f.Line, f.Role)
			lines = append(lines, strings.TrimSpace(line+" "+f.Addressee))
		}
	}
	if len(lines) == 0 {
		return "nothing\n"
	}
	return strings.Join(lines, "\n") + "\n"
}

func within(file, shape string) bool { return strings.HasPrefix(path.Clean(file), shape+"/") }

// module makes a module that may import gorilla/websocket at the version that
// this one requires.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"),
		[]byte("module example.com/shapes\n\ngo 1.26\n\nrequire github.com/gorilla/websocket v1.5.3\n"), 0o600))
	sums, err := os.ReadFile("../../../go.sum")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o600))
	return dir
}

func unpack(t *testing.T, dir string, archive *txtar.Archive) {
	t.Helper()
	for _, f := range archive.Files {
		if f.Name == wantFile {
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, f.Data, 0o600))
	}
}

// TestLibrary analyses a module whose path is that of a library that the analyzers
// know: its own code is read, not what the catalog says of it.
func TestLibrary(t *testing.T) {
	dir := module(t)
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(strings.Replace(string(mod), "example.com/shapes", "github.com/antoniodipinto/ikisocket", 1)), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pool.go"), []byte(`package ikisocket

import "github.com/gorilla/websocket"

type peer interface{ Emit(b []byte) }

type Websocket struct {
	ID    string
	conn  *websocket.Conn
	queue chan []byte
}

func (w *Websocket) Emit(b []byte) { w.queue <- b }

func (w *Websocket) Run() {
	for b := range w.queue {
		w.conn.WriteMessage(websocket.TextMessage, b)
	}
}

type table struct{ peers map[string]peer }

func (t *table) set(w *Websocket) { t.peers[w.ID] = w }

func (t *table) get(id string) peer { return t.peers[id] }

var pool = table{peers: map[string]peer{}}

func Attach(w *Websocket) { pool.set(w) }

func EmitTo(id string, b []byte) { pool.get(id).Emit(b) }
`), 0o600))
	result, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	require.Len(t, result.Singletons, 1)
	require.Equal(t, map[findings.Role]int{findings.Register: 1, findings.UserSend: 1}, result.Singletons[0].Uses)
}
