package conns

import "strings"

// Runtime is the import path of the library that managers are migrated to: nothing
// in it is a finding.
const Runtime = "github.com/wsmig/wsmig/runtime"

// stdRoots are the top folders of the standard library that hold types with
// connections of their own; descending into them only finds plumbing.
var stdRoots = map[string]bool{
	"bufio": true, "bytes": true, "compress": true, "container": true, "context": true, "crypto": true, "database": true,
	"encoding": true, "errors": true, "expvar": true, "flag": true, "fmt": true, "go": true, "hash": true, "html": true,
	"image": true, "internal": true, "io": true, "iter": true, "log": true, "maps": true, "math": true, "mime": true,
	"net": true, "os": true, "path": true, "reflect": true, "regexp": true, "runtime": true, "slices": true, "sort": true,
	"strconv": true, "strings": true, "sync": true, "syscall": true, "testing": true, "text": true, "time": true,
	"unicode": true, "unsafe": true,
}

// Std reports whether the package belongs to the standard library.
func Std(path string) bool {
	root, _, _ := strings.Cut(path, "/")
	return stdRoots[root]
}

// FirstParty reports whether the package is part of the code being read: of its
// module, of its organisation (the usual case of a workspace), or without a
// domain in its path and not of the standard library.
func (c *Catalog) FirstParty(path string) bool {
	path = CleanPath(path)
	if path == Runtime || strings.HasPrefix(path, Runtime+"/") {
		return false
	}
	if c.module != "" && (path == c.module || strings.HasPrefix(path, c.module+"/")) {
		return true
	}
	if library(path) != nil {
		return false
	}
	root, _, _ := strings.Cut(path, "/")
	if !strings.Contains(root, ".") {
		return !stdRoots[root]
	}
	return c.module != "" && organisation(path) == organisation(c.module)
}

// Owner stands in for the path of a package's module where the driver does not tell
// it, as Bazel's nogo: whatever the same host and owner have is taken for one program.
func Owner(path string) string {
	path = CleanPath(path)
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 2 || !strings.Contains(parts[0], ".") || parts[0] == "gopkg.in" || parts[0] == "golang.org" {
		return path
	}
	return parts[0] + "/" + parts[1]
}

// organisation is the part of an import path that names its owner.
func organisation(path string) string {
	parts := strings.SplitN(path, "/", 3)
	if len(parts) < 2 || parts[0] == "gopkg.in" || parts[0] == "golang.org" || parts[0] == "example.com" {
		return path
	}
	return parts[0] + "/" + parts[1]
}
