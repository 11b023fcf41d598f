// Package journal writes several files as one step: all of them or none, also
// when the process is killed midway.
//
// Before the first file changes, a folder beside them holds every old and new
// content and an index. The index appears last and by rename, so a folder without
// one was never acted on. [Recover] puts the old contents back after a kill.
package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/google/renameio/v2"
)

// Folder is the name of the journal's folder, below the root given to Commit.
const Folder = ".wsmig-journal"

const index = "index.json"

// Change is one file to write. A nil New deletes the file; Old is what it must
// still hold, nil when it must not exist.
type Change struct {
	Path     string // absolute
	Old, New []byte
	Mode     fs.FileMode // of a file that is created; an existing file keeps its own
}

// entry is one line of the index. Empty sums stand for "no such file".
type entry struct {
	Path   string      `json:"path"`
	OldSum string      `json:"old"`
	NewSum string      `json:"new"`
	Mode   fs.FileMode `json:"mode"`
	// Folders must be made for a new file, the innermost first.
	Folders []string `json:"folders,omitempty"`
}

// Hook is called before each step that changes the disk, with its name; an error
// stops there as a crash would, without cleaning up. Only tests set it.
type Hook func(step string) error

// crash marks an error of a Hook.
type crash struct{ error }

// Commit makes all changes below root, or none. A cancelled ctx and any failure
// put back what was written; the error says what went wrong.
func Commit(ctx context.Context, root string, changes []Change, hook Hook) error {
	if len(changes) == 0 {
		return nil
	}
	j := &journal{dir: filepath.Join(root, Folder), hook: hook}
	if _, err := os.Stat(j.dir); err == nil {
		return fmt.Errorf("%s is in the way: another run is at work, or one was killed", j.dir)
	}
	err := j.prepare(changes)
	if err == nil {
		err = j.apply(ctx, changes)
	}
	var stopped crash
	if errors.As(err, &stopped) {
		return stopped.error
	}
	if err != nil {
		if _, undo := Recover(root); undo != nil {
			return fmt.Errorf("%w; and the old files could not be put back: %w", err, undo)
		}
		return err
	}
	return os.RemoveAll(j.dir)
}

type journal struct {
	dir     string
	hook    Hook
	entries []entry
}

func (j *journal) step(name string) error {
	if j.hook == nil {
		return nil
	}
	if err := j.hook(name); err != nil {
		return crash{err}
	}
	return nil
}

// prepare saves both contents of every file and, last, the index.
func (j *journal) prepare(changes []Change) error {
	if err := j.step("folder"); err != nil {
		return err
	}
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return err
	}
	for i, c := range changes {
		mode, err := c.check()
		if err != nil {
			return err
		}
		if err := j.step("save " + c.Path); err != nil {
			return err
		}
		if c.Old != nil {
			if err := os.WriteFile(j.saved(i), c.Old, 0o600); err != nil {
				return err
			}
		}
		j.entries = append(j.entries, entry{c.Path, sum(c.Old), sum(c.New), mode, c.folders()})
	}
	if err := j.step("index"); err != nil {
		return err
	}
	data, err := json.MarshalIndent(j.entries, "", "\t")
	if err != nil {
		return err
	}
	return renameio.WriteFile(filepath.Join(j.dir, index), data, 0o600)
}

func (j *journal) saved(i int) string { return filepath.Join(j.dir, strconv.Itoa(i)+".old") }

// check compares the file on disk with what the change was made from, and returns
// the mode that the new content gets.
func (c Change) check() (fs.FileMode, error) {
	now, err := os.ReadFile(c.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if c.Old != nil {
			return 0, fmt.Errorf("%s: was deleted meanwhile", c.Path)
		}
		return c.Mode.Perm(), nil
	case err != nil:
		return 0, err
	case c.Old == nil || sum(now) != sum(c.Old):
		return 0, fmt.Errorf("%s: was changed meanwhile", c.Path)
	}
	info, err := os.Stat(c.Path)
	if err != nil {
		return 0, err
	}
	return info.Mode().Perm(), nil
}

// folders lists the folders that a new file needs and that are not there.
func (c Change) folders() []string {
	var missing []string
	for dir := filepath.Dir(c.Path); c.New != nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		missing = append(missing, dir)
	}
	return missing
}

func (j *journal) apply(ctx context.Context, changes []Change) error {
	for i, c := range changes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := j.step("write " + c.Path); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(c.Path), 0o755); err != nil { //nolint:gosec // as readable as any folder of a checkout
			return err
		}
		if err := j.put(c.Path, c.New, j.entries[i].Mode); err != nil {
			return err
		}
	}
	return j.step("done")
}

// put gives a file its content through a rename; through a symbolic link it
// writes what the link points at. What a kill leaves half-written lies in the
// journal, and goes with it.
func (j *journal) put(path string, content []byte, mode fs.FileMode) error {
	if content == nil {
		return os.Remove(path)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	err := renameio.WriteFile(path, content, mode, renameio.IgnoreUmask(), renameio.WithTempDir(j.dir))
	if errors.Is(err, syscall.EXDEV) { // a link to another file system
		return renameio.WriteFile(path, content, mode, renameio.IgnoreUmask())
	}
	return err
}

// Recover puts the files below root back as they were before a Commit that did
// not end, and removes its journal. It returns the files that it restored; a
// file that holds neither its old nor its new content was changed by someone else
// since then, is left alone and named in the error.
func Recover(root string) (restored []string, err error) {
	dir := filepath.Join(root, Folder)
	data, err := os.ReadFile(filepath.Join(dir, index))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, os.RemoveAll(dir)
	}
	if err != nil {
		return nil, err
	}
	var entries []entry
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, index), err)
	}
	j := &journal{dir: dir}
	var foreign []error
	for i, e := range entries {
		done, err := j.restore(i, e)
		if err != nil {
			foreign = append(foreign, err)
		} else if done {
			restored = append(restored, e.Path)
		}
	}
	if len(foreign) > 0 {
		return restored, fmt.Errorf("%w; the old contents are in %s", errors.Join(foreign...), dir)
	}
	return restored, os.RemoveAll(dir)
}

func (j *journal) restore(i int, e entry) (bool, error) {
	done, err := j.restoreFile(i, e)
	for _, dir := range e.Folders {
		if err == nil {
			_ = os.Remove(dir) // fails while something else is in it, which then needs it
		}
	}
	return done, err
}

func (j *journal) restoreFile(i int, e entry) (bool, error) {
	now, err := os.ReadFile(e.Path)
	if errors.Is(err, fs.ErrNotExist) {
		now, err = nil, nil
	}
	switch {
	case err != nil:
		return false, err
	case sum(now) == e.OldSum:
		return false, nil
	case sum(now) != e.NewSum:
		return false, fmt.Errorf("%s: was changed since", e.Path)
	case e.OldSum == "":
		return true, os.Remove(e.Path)
	}
	old, err := os.ReadFile(j.saved(i))
	if err != nil {
		return false, err
	}
	if sum(old) != e.OldSum {
		return false, fmt.Errorf("%s: its saved content is damaged", e.Path)
	}
	return true, j.put(e.Path, old, e.Mode)
}

// sum is "" for nil, so that an absent file and an empty one differ.
func sum(content []byte) string {
	if content == nil {
		return ""
	}
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:])
}

// Pending reports whether a Commit below root did not end.
func Pending(root string) (bool, error) {
	_, err := os.Stat(filepath.Join(root, Folder))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
