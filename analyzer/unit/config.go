package unit

import (
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/tools/go/analysis"
)

// order is what the go command says of one package, in a .cfg file.
type order struct {
	ID           string
	Dir          string
	ImportPath   string
	GoVersion    string
	GoFiles      []string
	NonGoFiles   []string
	IgnoredFiles []string

	ModulePath    string
	ModuleVersion string
	Module        *analysis.Module

	ImportMap   map[string]string // path as written -> package path
	PackageFile map[string]string // package path -> export data
	Standard    map[string]bool
	PackageVetx map[string]string // package path -> fact file

	VetxOnly                  bool
	VetxOutput                string
	Stdout                    string
	FixArchive                string
	SucceedOnTypecheckFailure bool
}

func readConfig(name string) (*order, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	cfg := new(order)
	if err := json.Unmarshal(data, cfg); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(cfg.GoFiles) == 0 {
		return nil, fmt.Errorf("%s: package %s has no files", name, cfg.ImportPath)
	}
	return cfg, nil
}

// module describes the module of the package, nil for the standard library.
func (c *order) module() *analysis.Module {
	if c.Module != nil {
		return c.Module
	}
	if c.ModulePath == "" {
		return nil
	}
	return &analysis.Module{Path: c.ModulePath, Version: c.ModuleVersion, GoVersion: c.GoVersion}
}

// foreign reports whether the package is of the standard library or of another
// module: nothing in it is ours to report.
func (c *order) foreign() bool {
	m := c.module()
	return m == nil && c.dotless() || m != nil && m.Version != ""
}

// dotless tells the standard library from code outside modules, whose import paths
// are those of its folders: the go command knows which imports are standard, and
// the standard library imports nothing else.
func (c *order) dotless() bool {
	for _, path := range c.ImportMap {
		if path != "unsafe" && path != "C" && !c.Standard[path] {
			return false
		}
	}
	return true
}

// typesInFacts reports whether types travel in the fact files: the go command
// gives no export data.
func (c *order) typesInFacts() bool { return len(c.PackageFile) == 0 }
