package unit_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/unit"
)

// The test binary is its own vettool: the go command runs it like the real one.
func TestMain(m *testing.M) {
	if args := os.Args[1:]; unit.Recognised(args) {
		os.Exit(unit.Main(args, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestRecognised(t *testing.T) {
	for _, args := range [][]string{{"-V=full"}, {"-flags"}, {"/tmp/vet.cfg"}, {"-json", "/tmp/vet.cfg"}} {
		require.True(t, unit.Recognised(args), args)
	}
	for _, args := range [][]string{nil, {"lint", "./..."}, {"--help"}, {"lint", "x.cfg"}, {"-V"}} {
		require.False(t, unit.Recognised(args), args)
	}
}

// program is a manager, a package that uses it, and one that only keeps things.
func program(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sums, err := os.ReadFile("../../go.sum")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"go.sum": string(sums),
		"go.mod": "module example.com/app\n\ngo 1.26\n\nrequire github.com/gorilla/websocket v1.5.3\n",
		"keep/keep.go": `package keep

type Map struct{ m map[any]any }

func (m *Map) Set(k, v any) { m.m[k] = v }

func (m *Map) Get(k any) any { return m.m[k] }
`,
		"hub/hub.go": `package hub

import (
	"github.com/gorilla/websocket"

	"example.com/app/keep"
)

var conns keep.Map

func Join(user string, ws *websocket.Conn) { conns.Set(user, ws) }

func Send(user string, v any) { conns.Get(user).(*websocket.Conn).WriteJSON(v) }
`,
		"use/use.go": `package use

import "example.com/app/hub"

func Paid(owner string) {
	hub.Send(owner, "paid")
	hub.Send(owner, "again") //wsmig:ignore singleton the second copy is deliberate
}
`,
		"plain/plain.go": "package plain\n\nfunc Add(a, b int) int { return a + b }\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

// vet runs the go command with this binary as its tool and returns the lines that
// it prints, sorted.
func vet(t *testing.T, dir string, args ...string) []string {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"vet", "-vettool=" + exe}, args...)...)
	cmd.Dir = dir
	out, _ := cmd.CombinedOutput()
	var lines []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimPrefix(line, "./"))
		}
	}
	sort.Strings(lines)
	return lines
}

func TestVetSaysWhatLintSays(t *testing.T) {
	dir := program(t)
	r, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	var want []string
	for _, f := range r.Findings {
		if f.Severity != findings.Info && !f.Suppressed {
			want = append(want, strings.Join([]string{f.File, f.Message}, " "))
		}
	}
	require.Len(t, want, 4)
	var got []string
	for _, line := range vet(t, dir, "./...") {
		at, message, _ := strings.Cut(line, ": ")
		file, _, _ := strings.Cut(at, ":")
		message, _, _ = strings.Cut(message, " (singleton, ")
		got = append(got, file+" "+message)
	}
	require.ElementsMatch(t, want, got)
}

func TestSkippingChangesNothing(t *testing.T) {
	dir := program(t)
	fast := vet(t, dir, "./...")
	require.NotEmpty(t, fast)
	require.Equal(t, fast, vet(t, dir, "-wsmig.full", "./..."))
}

// TestPackagesBetweenAreRead: only far is asked for. What is below it keeps nothing and
// knows no socket library, and must be read all the same, since it leads to one; the
// tool speaks of packages without tests also when it was not asked for them.
func TestPackagesBetweenAreRead(t *testing.T) {
	dir := program(t)
	for name, text := range map[string]string{
		"wrap/wrap.go": "package wrap\n\nimport \"example.com/app/hub\"\n\nfunc Tell(user string) { hub.Send(user, 1) }\n",
		"more/more.go": "package more\n\nimport \"example.com/app/wrap\"\n\nfunc Tell(user string) { wrap.Tell(user) }\n",
		"far/far.go":   "package far\n\nimport \"example.com/app/more\"\n\nfunc F(id string) { more.Tell(id) }\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o600))
	}
	fast := vet(t, dir, "./far")
	require.True(t, slices.ContainsFunc(fast, func(line string) bool { return strings.HasPrefix(line, "wrap/wrap.go:5:26: ") }), fast)
	require.Equal(t, fast, vet(t, dir, "-wsmig.full", "./far"))
}

func TestJSONIsAStreamOfPackages(t *testing.T) {
	var found int
	decoder := json.NewDecoder(strings.NewReader(strings.Join(vetJSON(t, program(t)), "\n")))
	for decoder.More() {
		var tree map[string]map[string][]struct{ Posn, Message string }
		require.NoError(t, decoder.Decode(&tree))
		for _, analyzers := range tree {
			found += len(analyzers["singleton"])
		}
	}
	require.Equal(t, 4, found)
}

func vetJSON(t *testing.T, dir string) []string {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "go", "vet", "-json", "-vettool="+exe, "./...")
	cmd.Dir = dir
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	require.NoError(t, cmd.Run())
	return strings.Split(stdout.String(), "\n")
}

func TestFixPrintsWhatItWouldDo(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "go", "fix", "-fixtool="+exe, "-diff", "./...")
	cmd.Dir = "../../examples/legacychat"
	out, _ := cmd.Output()
	require.Contains(t, string(out), "EmitterFor(inv.Owner.ID)")
	require.Contains(t, string(out), "+++ b/internal/billing/handlers.go")
}

func TestIdentityDependsOnConfiguration(t *testing.T) {
	dir := program(t)
	t.Chdir(dir)
	before := identity(t)
	require.Equal(t, before, identity(t))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "use", ".wsmig.yaml"), []byte("severities: {}\n"), 0o600))
	require.NotEqual(t, before, identity(t))
}

// identity is what the go command keeps of the answer to -V=full.
func identity(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	require.Zero(t, unit.Main([]string{"-V=full"}, &out, os.Stderr))
	fields := strings.Fields(out.String())
	require.Equal(t, []string{"version", "devel"}, fields[1:3])
	id := strings.TrimPrefix(fields[len(fields)-1], "buildID=")
	return id[strings.LastIndex(id, "/")+1:]
}
