package footprint

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// vendor adds what changes in the vendor folder of a module that has one: the
// go command would otherwise refuse to build with the new go.mod.
func (r *resolver) vendor() error {
	dir := filepath.Join(r.Dir, "vendor")
	if _, err := os.Stat(filepath.Join(dir, "modules.txt")); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	fresh := filepath.Join(r.scratch, "vendor")
	overlay, err := r.importRuntime()
	if err != nil {
		return err
	}
	if err := r.goOnly("mod", "vendor", "-modfile="+r.scratchMod(), "-overlay="+overlay, "-o", fresh); err != nil {
		return err
	}
	if err := r.vendored(fresh, dir); err != nil {
		return err
	}
	return r.unvendored(dir, fresh)
}

// vendored collects every file of the fresh folder that is new or other than
// the module's own.
func (r *resolver) vendored(fresh, dir string) error {
	return filepath.WalkDir(fresh, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(fresh, path)
		if err != nil {
			return err
		}
		return r.compare(filepath.Join(dir, name), path)
	})
}

// unvendored collects the files that the fresh folder has no more, such as those
// that a newer version of a dependency dropped.
func (r *resolver) unvendored(dir, fresh string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if _, err := os.Stat(filepath.Join(fresh, name)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		before, err := os.ReadFile(path)
		if err == nil {
			r.fp.Files = append(r.fp.Files, File{Path: path, Old: bytes.Clone(before)})
		}
		return err
	})
}
