package driver_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// tree writes a module and returns its folder.
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

func example(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("../../examples/legacychat")))
	return dir
}

func lint(t *testing.T, cfg *driver.Config) *findings.Result {
	t.Helper()
	r, err := driver.Lint(t.Context(), cfg)
	require.NoError(t, err)
	return r
}

func TestNothingToLoadIsTheUsersDoing(t *testing.T) {
	module := tree(t, map[string]string{"go.mod": "module example.com/m\n\ngo 1.26\n", "m.go": "package m\n"})
	tests := map[string]struct {
		dir     string
		pattern string
		want    string
	}{
		"no go.mod":           {t.TempDir(), "./...", "go.mod"},
		"no such folder":      {module, "./nowhere", "nowhere"},
		"nothing matches":     {module, "./nowhere/...", "nowhere"},
		"malformed pattern":   {module, "exa mple", "exa mple"},
		"not in this program": {module, "example.com/other/...", "example.com/other"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := driver.Lint(t.Context(), &driver.Config{Dir: test.dir, Patterns: []string{test.pattern}})
			var input *driver.InputError
			require.ErrorAs(t, err, &input)
			require.Contains(t, input.Error(), test.want)
			require.NotContains(t, input.Error(), "\n")
		})
	}
}

func TestBrokenPackagesAreNamedAndTheRestIsRead(t *testing.T) {
	dir := example(t)
	broken := filepath.Join(dir, "internal", "notify", "broken.go")
	require.NoError(t, os.WriteFile(broken, []byte("package notify\n\nvar x int = \"text\"\n"), 0o600))
	r := lint(t, &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	var failed []string
	for _, p := range r.Stats.PackagesFailed {
		failed = append(failed, p.Package)
		require.NotEmpty(t, p.Error)
	}
	require.Contains(t, failed, "example.com/legacychat/internal/notify")
	inBroken, elsewhere := 0, 0
	for _, f := range r.Findings {
		if f.Package == "example.com/legacychat/internal/notify" {
			inBroken++
		} else {
			elsewhere++
		}
	}
	require.Positive(t, inBroken, "what types allow is analysed")
	require.Greater(t, elsewhere, 15)
}

func TestFilesThatAreNotReadAreAccountedFor(t *testing.T) {
	dir := example(t)
	for name, text := range map[string]string{
		"internal/notify/notify_plan9.go": "package notify\n",
		"internal/notify/tagged.go":       "//go:build special\n\npackage notify\n\nfunc Special() {}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	skipped := func(r *findings.Result) map[string]string {
		all := map[string]string{}
		for _, f := range r.Stats.FilesSkipped {
			all[f.File] = f.Reason
		}
		return all
	}
	plain := skipped(lint(t, &driver.Config{Dir: dir, Patterns: []string{"./..."}}))
	require.NotEmpty(t, plain["internal/notify/notify_plan9.go"])
	require.NotEmpty(t, plain["internal/notify/tagged.go"])
	tagged := skipped(lint(t, &driver.Config{Dir: dir, Patterns: []string{"./..."}, Tags: "special"}))
	require.NotContains(t, tagged, "internal/notify/tagged.go")
}

// TestVariantsOfDependencies: b is built once more for the external tests of a,
// since a has test files of its own; mixing the two would not type-check.
func TestVariantsOfDependencies(t *testing.T) {
	dir := tree(t, map[string]string{
		"go.mod":             "module example.com/m\n\ngo 1.26\n",
		"a/a.go":             "package a\n\ntype A struct{}\n",
		"a/export_test.go":   "package a\n\nvar Exported = &A{}\n",
		"a/external_test.go": "package a_test\n\nimport (\n\t\"example.com/m/a\"\n\t\"example.com/m/b\"\n)\n\nvar _ = b.Take(a.Exported)\n",
		"b/b.go":             "package b\n\nimport \"example.com/m/a\"\n\nfunc Take(x *a.A) *a.A { return x }\n",
	})
	require.Empty(t, lint(t, &driver.Config{Dir: dir, Patterns: []string{"./..."}}).Stats.PackagesFailed)
}

func TestTestsCanBeLeftOut(t *testing.T) {
	dir := example(t)
	count := func(cfg *driver.Config) (n int) {
		for _, f := range lint(t, cfg).Findings {
			if filepath.Base(f.File) == "server_test.go" {
				n++
			}
		}
		return n
	}
	require.Positive(t, count(&driver.Config{Dir: dir, Patterns: []string{"./..."}}))
	require.Zero(t, count(&driver.Config{Dir: dir, Patterns: []string{"./..."}, NoTests: true}))
}

func TestOverlayStandsForTheDisk(t *testing.T) {
	dir := example(t)
	path := filepath.Join(dir, "internal", "notify", "more.go")
	overlay := map[string][]byte{path: []byte(`package notify

import "example.com/legacychat/internal/realtime"

func More(id string) { realtime.GetManager().SendToUser(id, realtime.Message{}) }
`)}
	r := lint(t, &driver.Config{Dir: dir, Patterns: []string{"./..."}, Overlay: overlay})
	found := false
	for _, f := range r.Findings {
		found = found || f.File == "internal/notify/more.go" && f.Role == findings.UserSend && f.Addressee == "id"
	}
	require.True(t, found)
	require.NoFileExists(t, path)
}

// TestFingerprintsOutliveEdits: a line more at the top of a file changes every line
// number and no fingerprint.
func TestFingerprintsOutliveEdits(t *testing.T) {
	dir := example(t)
	prints := func() (all []string) {
		for _, f := range lint(t, &driver.Config{Dir: dir, Patterns: []string{"./..."}}).Findings {
			require.NotEmpty(t, f.Fingerprint)
			all = append(all, f.Fingerprint)
		}
		return all
	}
	before := prints()
	path := filepath.Join(dir, "internal", "billing", "handlers.go")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append([]byte("// A new line.\n\n"), text...), 0o600))
	require.Equal(t, before, prints())
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := driver.Lint(ctx, &driver.Config{Dir: example(t), Patterns: []string{"./..."}})
	require.True(t, errors.Is(err, context.Canceled), "%v", err)
}
