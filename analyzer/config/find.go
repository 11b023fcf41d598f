package config

import (
	"os"
	"path/filepath"
)

// Find returns the nearest configuration file, from dir up to the folder that holds
// go.work or, without one, go.mod; "" when there is none.
func Find(dir string) string { return Above(dir, names...) }

// Above is the nearest of the files from dir upward, never above the folder that
// holds go.work or, without one, go.mod; "" when there is none.
func Above(dir string, names ...string) string {
	stop := root(dir)
	for {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				return path
			}
		}
		parent := filepath.Dir(dir)
		if dir == stop || stop == "" || parent == dir {
			return ""
		}
		dir = parent
	}
}

// root is the folder above which no configuration counts, "" outside modules.
func root(dir string) string {
	module := ""
	workspace := os.Getenv("GOWORK") != "off"
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.work")); err == nil && workspace {
			return d
		}
		if _, err := os.Stat(filepath.Join(d, "go.mod")); err == nil && module == "" {
			module = d
		}
		if filepath.Dir(d) == d {
			return module
		}
	}
}
