package fixer

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/ledger"
)

// tree maps the files of a folder to mode and content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		info, err := d.Info()
		found[path] = info.Mode().String() + string(text)
		return err
	}))
	return found
}

// TestWhatIsNotEditedStays: line endings, modes, odd formatting and comments; and
// a run that is interrupted leaves everything as it was.
func TestWhatIsNotEditedStays(t *testing.T) {
	dir := example(t)
	notify := filepath.Join(dir, "internal", "notify", "notify.go")
	text, err := os.ReadFile(notify)
	require.NoError(t, err)
	odd := strings.ReplaceAll(strings.Replace(string(text), "req, ok := decode(w, r)", "req,ok   :=  decode(w, r) // odd", 1), "\n", "\r\n")
	require.NoError(t, os.WriteFile(notify, []byte(odd), 0o600))
	require.NoError(t, os.Chmod(notify, 0o640))
	before := tree(t, dir)

	plan, err := Run(t.Context(), &Options{Dir: dir, Patterns: []string{"./..."}, Plain: true, Only: []string{"internal/notify"}})
	require.NoError(t, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, plan.Write(cancelled), context.Canceled)
	require.Equal(t, before, tree(t, dir))

	require.NoError(t, plan.Write(t.Context()))
	after := tree(t, dir)
	want := strings.Replace(odd, "realtime.GetManager().SendToUser(req.User, ", "realtime.EmitterFor(req.User).SendToUser(", 1)
	require.Equal(t, "-rw-r-----"+want, after[notify])
	handlers := filepath.Join(dir, "internal", "billing", "handlers.go")
	require.Equal(t, before[handlers], after[handlers], "not selected by --only")
	for _, s := range plan.Ledger.Sites {
		if s.File == "internal/billing/handlers.go" && s.Role == "user-send" {
			require.Equal(t, ledger.NotSelected, s.Reason)
			require.Equal(t, ledger.Kept, s.Status)
		}
	}
}
