package unit_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/unit"
)

// TestMain lets the test binary be the tool that the go command starts.
func TestMain(m *testing.M) {
	if args := os.Args[1:]; unit.Recognised(args) {
		os.Exit(unit.Main(args, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestRecognised(t *testing.T) {
	for _, args := range [][]string{{"-V=full"}, {"-flags"}, {"vet.cfg"}, {"-json", "/tmp/b001/vet.cfg"}, {"-fix", "-diff", "vet.cfg"}} {
		require.True(t, unit.Recognised(args), "%q", args)
	}
	for _, args := range [][]string{nil, {"lint", "./..."}, {"version"}, {"--version"}, {"lint", "x.cfg"}, {"report", "vet.cfg"}} {
		require.False(t, unit.Recognised(args), "%q", args)
	}
}

// example is a copy of the chat server, which has uses in four packages.
func example(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("../../examples/legacychat")))
	return dir
}

func goCommand(t *testing.T, dir string, args ...string) (string, int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		require.NotNil(t, c.ProcessState, "%v", err)
	}
	return string(out), c.ProcessState.ExitCode()
}

var finding = regexp.MustCompile(`(?m)^(?:\./)?(\S+\.go:\d+:\d+: .*)$`)

// TestVettoolSaysWhatLintSays compares the two drivers on every finding, message
// and position, with the shortcuts and without them.
func TestVettoolSaysWhatLintSays(t *testing.T) {
	dir := example(t)
	r, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	var want []string
	for _, f := range r.Findings {
		if f.Severity != findings.Info {
			want = append(want, f.File+":"+itoa(f.Line)+":"+itoa(f.Column)+": "+f.Message+" ("+f.Rule+", "+string(f.Role)+")")
		}
	}
	require.Greater(t, len(want), 20)
	sort.Strings(want)
	for _, flags := range [][]string{nil, {"-wsmig.full"}} {
		out, code := goCommand(t, dir, append(append([]string{"vet", "-vettool=" + os.Args[0]}, flags...), "./...")...)
		require.Equal(t, 1, code, out)
		var got []string
		for _, m := range finding.FindAllStringSubmatch(out, -1) {
			got = append(got, m[1])
		}
		sort.Strings(got)
		require.Equal(t, want, got)
	}
}

// TestFixtool applies what go fix -diff shows; the result builds, passes its tests
// and leaves nothing to fix.
func TestFixtool(t *testing.T) {
	dir := example(t)
	diff, code := goCommand(t, dir, "fix", "-fixtool="+os.Args[0], "-diff", "./...")
	require.Equal(t, 1, code)
	require.Contains(t, diff, "+	if err := realtime.EmitterFor(inv.Owner.ID).SendToUser(msg); err != nil {")
	out, code := goCommand(t, dir, "fix", "-fixtool="+os.Args[0], "./...")
	require.Zero(t, code, out)
	require.FileExists(t, filepath.Join(dir, "internal/realtime/manager_emitter.go"))
	out, code = goCommand(t, dir, "test", "./...")
	require.Zero(t, code, out)
	out, code = goCommand(t, dir, "fix", "-fixtool="+os.Args[0], "-diff", "./...")
	require.Zero(t, code, out)
	require.Empty(t, out)
}

func TestIdentity(t *testing.T) {
	var out, errOut bytes.Buffer
	require.Zero(t, unit.Main([]string{"-V=full"}, &out, &errOut), errOut.String())
	fields := strings.Fields(out.String())
	require.Equal(t, "version", fields[1])
	require.Equal(t, "devel", fields[2])
	require.Regexp(t, `^buildID=.+/.+$`, fields[len(fields)-1])
}

func TestFlagsAreJSON(t *testing.T) {
	var out, errOut bytes.Buffer
	require.Zero(t, unit.Main([]string{"-flags"}, &out, &errOut), errOut.String())
	var flags []struct {
		Name, Usage string
		Bool        bool
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &flags))
	names := map[string]bool{}
	for _, f := range flags {
		names[f.Name] = f.Bool
		require.NotEmpty(t, f.Usage, f.Name)
	}
	for _, name := range []string{"json", "fix", "diff", "singleton", "wsmig.info"} {
		require.True(t, names[name], name)
	}
}

func TestBrokenConfiguration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vet.cfg")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	var out, errOut bytes.Buffer
	require.Equal(t, 1, unit.Main([]string{path}, &out, &errOut))
	require.Empty(t, out.String())
	require.Equal(t, 1, strings.Count(errOut.String(), "\n"), errOut.String())
	require.Contains(t, errOut.String(), "vet.cfg")
}

func itoa(n int) string { return strconv.Itoa(n) }
