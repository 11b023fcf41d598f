package footprint

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	gorilla = "github.com/gorilla/websocket v1.5.3"
	sys     = "golang.org/x/sys v0.49.0"
)

func lay(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
}

// sums are the checksum lines of this repository's own go.sum for modules that
// its test modules need too.
func sums(t *testing.T, modules ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash("../../../../go.sum"))
	require.NoError(t, err)
	var out strings.Builder
	for line := range strings.Lines(string(data)) {
		for _, module := range modules {
			if strings.HasPrefix(line, module+" ") || strings.HasPrefix(line, module+"/go.mod ") {
				out.WriteString(line)
			}
		}
	}
	return out.String()
}

// copyOfWsmig lays out a module that looks to the go command like this one.
func copyOfWsmig(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"go.mod":       "module " + Module + "\n\ngo 1.26.0\n\nrequire (\n\t" + gorilla + "\n\t" + sys + "\n)\n",
		"runtime/r.go": "package runtime\n\nimport (\n\t_ \"github.com/gorilla/websocket\"\n\t_ \"golang.org/x/sys/cpu\"\n)\n",
	})
	return dir
}

func app(t *testing.T, goMod string) string {
	t.Helper()
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"go.mod":  goMod,
		"go.sum":  sums(t, gorilla),
		"main.go": "package main\n\nimport _ \"github.com/gorilla/websocket\"\n\nfunc main() {}\n",
	})
	return dir
}

// build writes the footprint out and lets the go command build a program that
// imports the runtime, with nothing but what the footprint gave it.
func build(t *testing.T, dir string, fp *Footprint) {
	t.Helper()
	for _, f := range fp.Files {
		if f.New == nil {
			require.NoError(t, os.Remove(f.Path))
			continue
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(f.Path), 0o750))
		require.NoError(t, os.WriteFile(f.Path, f.New, 0o600))
	}
	lay(t, dir, map[string]string{"uses.go": "package main\n\nimport _ \"" + Package + "\"\n"})
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, ".")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func resolve(t *testing.T, dir, replace string) (*Footprint, error) {
	t.Helper()
	return Resolve(t.Context(), &Request{Dir: dir, Version: "devel", Replace: replace, Env: os.Environ()})
}

func TestResolve(t *testing.T) {
	wsmig := copyOfWsmig(t)
	for name, tc := range map[string]struct {
		goMod             string
		goBefore, goAfter string
		newGoMod          bool
	}{
		"old":            {"module example.com/app\n\ngo 1.16\n\nrequire " + gorilla + "\n", "1.16", "1.26.0", true},
		"no go line":     {"module example.com/app\n\nrequire " + gorilla + "\n", "1.16", "1.26.0", true},
		"with toolchain": {"module example.com/app\n\ngo 1.21\n\ntoolchain go1.22.1\n\nrequire " + gorilla + "\n", "1.21", "1.26.0", true},
		"current":        {"module example.com/app\n\ngo 1.26.0\n\nrequire " + gorilla + "\n", "1.26.0", "1.26.0", true},
		"older gorilla":  {"module example.com/app\n\ngo 1.26\n\nrequire github.com/gorilla/websocket v1.4.2\n", "1.26", "1.26.0", true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := app(t, tc.goMod)
			fp, err := resolve(t, dir, wsmig)
			require.NoError(t, err)
			require.Equal(t, tc.goBefore, fp.GoBefore)
			require.Equal(t, tc.goAfter, fp.GoAfter)
			require.Equal(t, Module+" "+unpublished, fp.Require)
			require.Equal(t, Module+" => "+wsmig, fp.Replace)
			require.Equal(t, filepath.Join(dir, "go.mod"), fp.Files[0].Path)
			require.NotContains(t, string(fp.Files[0].New), "toolchain")
			onDisk, err := os.ReadFile(filepath.Join(dir, "go.mod"))
			require.NoError(t, err)
			require.Equal(t, tc.goMod, string(onDisk), "the module is only read")
			build(t, dir, fp)
			again, err := resolve(t, dir, wsmig)
			require.NoError(t, err)
			require.Empty(t, again.Files, "the second time nothing is missing")
		})
	}
}

func TestResolveTellsWhichSettingsChange(t *testing.T) {
	dir := app(t, "module example.com/app\n\ngo 1.21\n\nrequire "+gorilla+"\n")
	fp, err := resolve(t, dir, copyOfWsmig(t))
	require.NoError(t, err)
	require.Contains(t, fp.Godebug, "httpmuxgo121=1")
}

func TestResolveKeepsARequirementThatIsThere(t *testing.T) {
	wsmig := copyOfWsmig(t)
	dir := app(t, "module example.com/app\n\ngo 1.26.0\n\nrequire "+gorilla+"\n\nreplace "+Module+" => "+wsmig+"\n")
	fp, err := resolve(t, dir, "")
	require.NoError(t, err)
	require.Equal(t, Module+" "+unpublished, fp.Require)
	require.Empty(t, fp.Replace)
	build(t, dir, fp)
}

func TestResolveSaysHowWhenTheRuntimeCantBeHad(t *testing.T) {
	goMod := "module example.com/app\n\ngo 1.26.0\n"
	empty, other := t.TempDir(), t.TempDir()
	lay(t, other, map[string]string{"go.mod": "module example.com/other\n"})
	for replace, want := range map[string]string{
		"":    "not a released version",
		empty: "no go.mod there",
		other: "holds module example.com/other",
	} {
		_, err := resolve(t, app(t, goMod), replace)
		var unavailable *UnavailableError
		require.ErrorAs(t, err, &unavailable)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "--plain")
	}
	_, err := Resolve(t.Context(), &Request{Dir: app(t, goMod), Version: "v0.0.1-absent", Env: append(os.Environ(), "GOPROXY=off", "GOFLAGS=")})
	var unavailable *UnavailableError
	require.ErrorAs(t, err, &unavailable)
}

func TestResolveInAWorkspace(t *testing.T) {
	root := t.TempDir()
	lay(t, root, map[string]string{
		"go.work":    "go 1.24\n\nuse (\n\t./app\n\t./lib\n)\n",
		"lib/go.mod": "module example.com/lib\n\ngo 1.24\n",
		"lib/lib.go": "package lib\n",
		"app/go.mod": "module example.com/app\n\ngo 1.24\n\nrequire " + gorilla + "\n",
		"app/go.sum": sums(t, gorilla),
		"app/app.go": "package main\n\nimport (\n\t_ \"example.com/lib\"\n\t_ \"github.com/gorilla/websocket\"\n)\n\nfunc main() {}\n",
	})
	dir := filepath.Join(root, "app")
	fp, err := resolve(t, dir, copyOfWsmig(t))
	require.NoError(t, err)
	var names []string
	for _, f := range fp.Files {
		names = append(names, filepath.Base(f.Path))
		require.NotContains(t, string(f.New), "example.com/lib ", "siblings are only borrowed")
	}
	require.Equal(t, []string{"go.mod", "go.sum", "go.work"}, names)
	build(t, dir, fp)
}

func TestResolveVendored(t *testing.T) {
	dir := app(t, "module example.com/app\n\ngo 1.24\n\nrequire "+gorilla+"\n")
	cmd := exec.CommandContext(t.Context(), "go", "mod", "vendor")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	fp, err := resolve(t, dir, copyOfWsmig(t))
	require.NoError(t, err)
	build(t, dir, fp)
	require.FileExists(t, filepath.Join(dir, "vendor", filepath.FromSlash(Package), "r.go"))
}

func TestOlder(t *testing.T) {
	for _, pair := range [][2]string{{"1.9", "1.16"}, {"1.16", "1.26.0"}, {"1.26rc1", "1.26.0"}, {"1.26", "1.26.0"}, {"1.26.0", "1.27"}} {
		require.True(t, older(pair[0], pair[1]), pair)
		require.False(t, older(pair[1], pair[0]), pair)
	}
	require.False(t, older("1.26.0", "1.26.0"))
}
