package journal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var errCrash = errors.New("power cut")

// tree is a folder with one file to change, one to delete and one to create.
func tree(t *testing.T) (string, []Change) {
	t.Helper()
	root := t.TempDir()
	changed, deleted, created := filepath.Join(root, "a.go"), filepath.Join(root, "b.go"), filepath.Join(root, "c.go")
	require.NoError(t, os.WriteFile(changed, []byte("old a"), 0o600))
	require.NoError(t, os.Chmod(changed, 0o751))
	require.NoError(t, os.WriteFile(deleted, []byte("old b"), 0o600))
	return root, []Change{
		{Path: changed, Old: []byte("old a"), New: []byte("new a"), Mode: 0o644},
		{Path: deleted, Old: []byte("old b")},
		{Path: created, New: []byte("new c"), Mode: 0o644},
		{Path: filepath.Join(root, "x", "y", "d.go"), New: []byte("new d"), Mode: 0o644},
	}
}

// contents maps every file below root to its mode and content.
func contents(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			found[filepath.Base(path)] = "folder"
			return nil
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		info, err := d.Info()
		found[filepath.Base(path)] = info.Mode().String() + " " + string(data)
		return err
	})
	require.NoError(t, err)
	return found
}

func TestCommitWritesEverything(t *testing.T) {
	root, changes := tree(t)
	require.NoError(t, Commit(t.Context(), root, changes, nil))
	require.Equal(t, map[string]string{
		"a.go": "-rwxr-x--x new a", "c.go": "-rw-r--r-- new c", "x": "folder", "y": "folder", "d.go": "-rw-r--r-- new d", filepath.Base(root): "folder",
	}, contents(t, root))
}

func TestCrashAtEveryStepLeavesTheTreeAsItWas(t *testing.T) {
	for stop := 0; ; stop++ {
		root, changes := tree(t)
		before := contents(t, root)
		steps := 0
		err := Commit(t.Context(), root, changes, func(string) error {
			if steps++; steps > stop {
				return errCrash
			}
			return nil
		})
		if err == nil {
			require.Greater(t, stop, 7, "every step must be reached")
			return
		}
		require.ErrorIs(t, err, errCrash)
		_, err = Recover(root)
		require.NoError(t, err)
		require.Equal(t, before, contents(t, root), "after a crash at step %d", stop)
		require.NoError(t, Commit(t.Context(), root, changes, nil), "the next run is not in the way")
	}
}

func TestCancelledCommitPutsEverythingBack(t *testing.T) {
	root, changes := tree(t)
	before := contents(t, root)
	ctx, cancel := context.WithCancel(t.Context())
	err := Commit(ctx, root, changes, func(step string) error {
		if step == "write "+changes[1].Path {
			cancel()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, contents(t, root))
}

func TestCommitRefusesFilesThatChangedMeanwhile(t *testing.T) {
	for name, spoil := range map[string]func(c []Change) error{
		"changed":  func(c []Change) error { return os.WriteFile(c[0].Path, []byte("mine"), 0o600) },
		"deleted":  func(c []Change) error { return os.Remove(c[1].Path) },
		"appeared": func(c []Change) error { return os.WriteFile(c[2].Path, nil, 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			root, changes := tree(t)
			require.NoError(t, spoil(changes))
			before := contents(t, root)
			require.ErrorContains(t, Commit(t.Context(), root, changes, nil), "meanwhile")
			require.Equal(t, before, contents(t, root))
		})
	}
}

func TestRecoverLeavesForeignChangesAlone(t *testing.T) {
	root, changes := tree(t)
	err := Commit(t.Context(), root, changes, func(step string) error {
		if step == "done" {
			return errCrash
		}
		return nil
	})
	require.ErrorIs(t, err, errCrash)
	require.ErrorContains(t, Commit(t.Context(), root, changes, nil), "in the way")
	require.NoError(t, os.WriteFile(changes[0].Path, []byte("mine"), 0o600))
	restored, err := Recover(root)
	require.ErrorContains(t, err, "a.go: was changed since")
	require.Equal(t, []string{changes[1].Path, changes[2].Path, changes[3].Path}, restored)
	require.NoFileExists(t, changes[2].Path)
	require.DirExists(t, filepath.Join(root, Folder), "the old content must stay to be had")
}

func TestWriteErrorRollsBack(t *testing.T) {
	root, changes := tree(t)
	changes = append(changes, Change{Path: filepath.Join(changes[0].Path, "d.go"), New: []byte("d")})
	before := contents(t, root)
	require.Error(t, Commit(t.Context(), root, changes, nil))
	require.Equal(t, before, contents(t, root))
}

func TestSymbolicLinkStaysOne(t *testing.T) {
	root := t.TempDir()
	target, link := filepath.Join(root, "target.go"), filepath.Join(root, "link.go")
	require.NoError(t, os.WriteFile(target, []byte("old"), 0o600))
	require.NoError(t, os.Symlink(target, link))
	require.NoError(t, Commit(t.Context(), root, []Change{{Path: link, Old: []byte("old"), New: []byte("new")}}, nil))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&fs.ModeSymlink)
	data, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "new", string(data))
}
