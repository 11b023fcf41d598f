package reports

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func newReport() map[string][]byte {
	files := map[string][]byte{}
	for _, f := range dirFiles {
		files[f.name] = []byte("new")
	}
	return files
}

func oldReport(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "report")
	require.NoError(t, os.Mkdir(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, resultsFile), []byte("old"), 0o600))
	return dir
}

func requireSettled(t *testing.T, dir string) {
	t.Helper()
	for _, f := range dirFiles {
		data, err := os.ReadFile(filepath.Join(dir, f.name))
		require.NoError(t, err)
		require.Equal(t, "new", string(data))
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, len(dirFiles))
	entries, err = os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

// TestReplaceEachStaysInside is the way for a folder that is a mount point, where
// nothing beside it can be renamed over it.
func TestReplaceEachStaysInside(t *testing.T) {
	dir := oldReport(t)
	require.NoError(t, replaceEach(dir, newReport()))
	requireSettled(t, dir)
}

// TestSettleWithoutExchange is the way of systems that can't swap two folders.
func TestSettleWithoutExchange(t *testing.T) {
	dir := oldReport(t)
	temp, err := prepare(filepath.Dir(dir), newReport())
	require.NoError(t, err)
	unsupported := func(_, _ string) error { return errors.ErrUnsupported }
	require.NoError(t, settle(temp, dir, unsupported))
	requireSettled(t, dir)
}

func TestPrepareLeavesNothingBehindWhenItFails(t *testing.T) {
	place := t.TempDir()
	_, err := prepare(place, map[string][]byte{"no/such/folder": nil})
	require.Error(t, err)
	entries, err := os.ReadDir(place)
	require.NoError(t, err)
	require.Empty(t, entries)
}
