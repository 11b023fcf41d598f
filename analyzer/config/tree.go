package config

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// Tree holds the configuration files of a program: each folder is under the nearest
// one. A nil Tree has none. It is not safe for concurrent use.
type Tree struct {
	rules []string
	dirs  map[string]*Config
	files map[string]*Config

	unwritten string // stands for the file that a folder does not have
}

// NewTree returns a tree that reads files as folders are asked for. Rules are the
// names that a file may give.
func NewTree(rules []string) *Tree {
	return &Tree{rules: rules, dirs: map[string]*Config{}, files: map[string]*Config{}}
}

// Use puts a folder and everything below it that has no file of its own under
// settings that are in no file.
func (t *Tree) Use(dir string, c *Config) {
	t.files[filepath.Join(dir, Name)] = c.At(dir)
	t.unwritten = filepath.Join(dir, Name)
}

// Add reads the file that a folder is under, unless that was done before. The
// error is an *Error.
func (t *Tree) Add(dir string) error {
	if t == nil || t.dirs[dir] != nil {
		return nil
	}
	name := Find(dir)
	if name == "" && t.unwritten != "" {
		name = t.unwritten
	}
	if name == "" {
		t.dirs[dir] = &Config{dir: dir}
		return nil
	}
	c := t.files[name]
	if c == nil {
		var err error
		if c, err = read(name, t.rules); err != nil {
			return err
		}
		t.files[name] = c
	}
	t.dirs[dir] = c
	return nil
}

// For is the configuration of a file, by absolute path, whose folder was added.
func (t *Tree) For(file string) *Config {
	if t != nil {
		if c := t.dirs[filepath.Dir(file)]; c != nil {
			return c
		}
	}
	return &Config{dir: filepath.Dir(file)}
}

// Options are the settings of all files together as the singleton analyzer takes
// them: what they declare is named by import path, so that it means the same
// everywhere.
func (t *Tree) Options() *singleton.Options {
	all := &Config{Roles: map[string]Role{}}
	if t == nil {
		return all.Options()
	}
	for _, name := range sorted(t.files) {
		c := t.files[name]
		all.Connections = append(all.Connections, c.Connections...)
		all.Accessors = append(all.Accessors, c.Accessors...)
		all.Rooms = append(all.Rooms, c.Rooms...)
		maps.Copy(all.Roles, c.Roles)
	}
	all.Rooms = slices.Compact(slices.Sorted(slices.Values(all.Rooms)))
	return all.Options()
}
