package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

const module = "github.com/wsmig/wsmig"

// floors maps a package, or a whole folder when it ends in a slash, to its floor.
// The longest match decides. A package imports only lower floors; within a floor
// only what stands in the same folder of the table.
var floors = map[string]int{
	"":                         100,
	"cmd":                      90,
	"loadtest/isolationtest":   70,
	"reports/":                 60,
	"loadtest/target/":         50,
	"analyzer/fixer/":          45,
	"analyzer/unit":            46,
	"analyzer/driver/":         43,
	"analyzer/plugin":          44,
	"analyzer/nogo":            43,
	"analyzer/matrix":          44,
	"analyzer/starter":         44,
	"analyzer/instrument":      44,
	"analyzer":                 42,
	"analyzer/":                41,
	"runtime/":                 30,
	"loadtest":                 40,
	"loadtest/":                39,
	"loadtest/history":         12,
	"loadtest/canary":          10,
	"loadtest/result":          10,
	"analyzer/passes/":         12,
	"analyzer/passes/internal": 11,
	"analyzer/ledger":          11,
	"analyzer/findings":        10,
	"runtime":                  10,
}

// walls never import each other, whatever their floors.
var walls = [][2]string{
	{"runtime", "loadtest"}, {"runtime", "analyzer"},
	{"loadtest", "analyzer"}, {"analyzer", "loadtest"}, {"analyzer", "runtime"},
	{"loadtest/history", "runtime"}, {"loadtest/result", "runtime"}, {"loadtest/canary", "runtime"},
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// goList runs `go list` with the arguments given and decodes its packages.
func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, args...)...).Output()
	require.NoError(t, err)
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var one listed
		if err := decoder.Decode(&one); err == io.EOF {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, one)
	}
}

// floor returns the number of a package's floor and the entry that gave it.
func floor(path string) (int, string) {
	best, at := "", -1
	for entry, number := range floors {
		folder := strings.HasSuffix(entry, "/")
		match := path == entry || folder && (strings.HasPrefix(path+"/", entry))
		if match && (at < 0 || len(entry) > len(best)) {
			best, at = entry, number
		}
	}
	return at, best
}

func relative(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func within(path, wall string) bool { return path == wall || strings.HasPrefix(path, wall+"/") }

func TestPackagesImportOnlyLowerFloors(t *testing.T) {
	for _, pkg := range goList(t, "./...") {
		from, ok := relative(pkg.ImportPath)
		require.True(t, ok)
		own, entry := floor(from)
		if own < 0 {
			t.Errorf("%s stands on no floor: add it to the table", pkg.ImportPath)
			continue
		}
		for _, imported := range pkg.Imports {
			to, ok := relative(imported)
			if !ok {
				continue
			}
			below, other := floor(to)
			if below > own || below == own && other != entry {
				t.Errorf("%s (floor %d) imports %s (floor %d)", from, own, to, below)
			}
			for _, wall := range walls {
				if within(from, wall[0]) && within(to, wall[1]) && !within(to, wall[0]) {
					t.Errorf("%s imports %s: these walls never touch", from, to)
				}
			}
		}
	}
}

// TestRuntimeStaysLight holds the runtime to the standard library, gorilla and
// x/sys, and counts what a program that imports it gains in its go.mod.
func TestRuntimeStaysLight(t *testing.T) {
	for _, dep := range goList(t, "./runtime")[0].Deps {
		outside := strings.Contains(strings.SplitN(dep, "/", 2)[0], ".")
		allowed := strings.HasPrefix(dep, "github.com/gorilla/websocket") || strings.HasPrefix(dep, "golang.org/x/sys/") || strings.HasPrefix(dep, module+"/runtime")
		if outside && !allowed {
			t.Errorf("runtime depends on %s", dep)
		}
	}
	repo, err := os.Getwd()
	require.NoError(t, err)
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/app\n\ngo 1.26.0\n\nrequire "+module+" v0.0.0\n\nreplace "+module+" => "+repo+"\n")
	write(t, dir, "main.go", "package main\n\nimport _ \""+runtimePath+"\"\n\nfunc main() {}\n")
	tidy := exec.CommandContext(t.Context(), "go", "mod", "tidy")
	tidy.Dir = dir
	out, err := tidy.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	file, err := modfile.Parse("go.mod", text, nil)
	require.NoError(t, err)
	require.LessOrEqual(t, len(file.Require), 3, "wsmig itself and at most two modules:\n%s", text)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}
