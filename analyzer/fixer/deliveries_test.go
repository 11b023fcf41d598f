package fixer

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wsmig/wsmig/analyzer/ledger"
)

func lay(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
}

// sums are checksum lines of this repository's own go.sum.
func sums(t *testing.T, modules ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash("../../go.sum"))
	require.NoError(t, err)
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		for _, module := range modules {
			if strings.HasPrefix(line, module+" ") || strings.HasPrefix(line, module+"/go.mod ") {
				out.WriteString(line)
			}
		}
	}
	return out.String()
}

func goRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s%s", out, stderr.String())
	return string(out)
}

// seeds is how many random programs are tried; WSMIG_PROGRAMS raises it.
func seeds(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("WSMIG_PROGRAMS")); err == nil {
		return n
	}
	if testing.Short() {
		return 1
	}
	return 2
}

// TestFixedProgramsDeliverTheSame fixes random programs and runs them before and
// after: the same deliveries, the same evaluations, in the same order.
func TestFixedProgramsDeliverTheSame(t *testing.T) {
	programs := rapid.Custom(func(t *rapid.T) map[string]string { return newProgram(t, 8) })
	for seed := range seeds(t) {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			files := programs.Example(seed)
			dir := t.TempDir()
			lay(t, dir, files)
			lay(t, dir, map[string]string{"go.sum": sums(t, "github.com/gorilla/websocket")})
			before := goRun(t, dir, "run", ".")
			o := &Options{Dir: dir, Patterns: []string{"./..."}, Plain: seed%2 == 0, Stage: ledger.Bind, Runtime: repository(t)}
			plan, err := Run(t.Context(), o)
			require.NoError(t, err)
			require.NoError(t, plan.Write(t.Context()))
			require.Equal(t, before, goRun(t, dir, "run", "."), "%s", diffOf(t, plan))
			goRun(t, dir, "vet", "./...")
			requireMostBound(t, plan)
			again, err := Run(t.Context(), o)
			require.NoError(t, err)
			require.False(t, again.Changed(), "%s", diffOf(t, again))
		})
	}
}

func requireMostBound(t *testing.T, plan *Plan) {
	t.Helper()
	counts := map[ledger.Status]int{}
	reasons := map[ledger.Reason]int{}
	for _, s := range plan.Ledger.Sites {
		counts[s.Status]++
		if s.Status == ledger.Left {
			reasons[s.Reason]++
			t.Logf("left: %s:%d %s %s: %s: %s", s.File, s.Line, s.Symbol, s.Role, s.Reason, s.Message)
		}
	}
	t.Log(counts, reasons)
	require.Greater(t, counts[ledger.Fixed], 4*counts[ledger.Left], "%v", reasons)
	require.Subset(t, []ledger.Reason{ledger.UnsupportedShape}, keysOf(reasons), "nothing is left for another reason")
}

func keysOf[K comparable, V any](m map[K]V) []K {
	keys := []K{}
	for k := range maps.Keys(m) {
		keys = append(keys, k)
	}
	return keys
}

func diffOf(t *testing.T, plan *Plan) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, plan.Diff(&out))
	return out.String()
}

// repository is the top of this checkout.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.FromSlash("../.."))
	require.NoError(t, err)
	return dir
}
