package footprint

import (
	"archive/zip"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxied is an environment with an empty module cache, filled from a proxy in a
// folder that has two versions of one module.
func proxied(t *testing.T) (env []string, cache string) {
	t.Helper()
	proxy := t.TempDir()
	for _, version := range []string{"v1.0.0", "v1.1.0"} {
		at := filepath.Join(proxy, "example.com", "dep", "@v")
		lay(t, at, map[string]string{
			version + ".mod":  "module example.com/dep\n\ngo 1.21\n",
			version + ".info": `{"Version":"` + version + `"}`,
		})
		pack(t, filepath.Join(at, version+".zip"), map[string]string{
			"example.com/dep@" + version + "/go.mod":                                      "module example.com/dep\n\ngo 1.21\n",
			"example.com/dep@" + version + "/dep.go":                                      "package dep\n\nimport _ \"example.com/dep/in" + version[1:2] + version[3:4] + "\"\n\nconst V" + version[1:2] + version[3:4] + " = true\n",
			"example.com/dep@" + version + "/in" + version[1:2] + version[3:4] + "/in.go": "package in\n",
			"example.com/dep@" + version + "/apart/apart.go":                              "package apart\n",
		})
	}
	cache = filepath.Join(t.TempDir(), "mod")
	t.Cleanup(func() { writable(t, cache, true) })
	return append(os.Environ(), "GOPROXY=file://"+filepath.ToSlash(proxy), "GOSUMDB=off", "GOFLAGS=", "GOMODCACHE="+cache), cache
}

func pack(t *testing.T, name string, files map[string]string) {
	t.Helper()
	out, err := os.Create(filepath.Clean(name))
	require.NoError(t, err)
	w := zip.NewWriter(out)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		entry, err := w.Create(path)
		require.NoError(t, err)
		_, err = entry.Write([]byte(files[path]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, out.Close())
}

func writable(t *testing.T, dir string, on bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if on {
			return os.Chmod(path, 0o750) //nolint:gosec // a folder that can't be entered can't be removed
		}
		return os.Chmod(path, 0o550) //nolint:gosec // as the go command leaves its own
	})
	require.NoError(t, err)
}

// depending is a module that uses an older version of what wsmig requires, although
// its runtime does not import it.
func depending(t *testing.T, env []string, files map[string]string) (dir string, req *Request) {
	t.Helper()
	wsmig := t.TempDir()
	lay(t, wsmig, map[string]string{
		"go.mod":       "module " + Module + "\n\ngo 1.26.0\n\nrequire example.com/dep v1.1.0\n",
		"runtime/r.go": "package runtime\n",
	})
	dir = t.TempDir()
	lay(t, dir, map[string]string{
		"go.mod":    "module example.com/app\n\ngo 1.24\n\nrequire example.com/dep v1.0.0\n",
		"app.go":    "package app\n\nimport _ \"example.com/dep\"\n",
		"a_test.go": "package app\n\nimport _ \"example.com/dep/apart\"\n",
	})
	cmd := exec.CommandContext(t.Context(), "go", "mod", "tidy")
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	lay(t, dir, files)
	return dir, &Request{Dir: dir, Version: "devel", Replace: wsmig, Env: env}
}

// checked lists the module's packages with what the footprint gave it.
func checked(t *testing.T, dir string, env []string, fp *Footprint, patterns ...string) {
	t.Helper()
	for _, f := range fp.Files {
		require.NoError(t, os.WriteFile(f.Path, f.New, 0o600))
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"vet"}, patterns...)...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// A package that does not resolve, here for want of a file to embed, must not keep
// the checksums of raised versions from the others, nor be searched for; and a raised
// version may have other packages within than the one before.
func TestRaisedVersionsBesidePackagesThatDoNotResolve(t *testing.T) {
	env, _ := proxied(t)
	dir, req := depending(t, env, map[string]string{
		"web/web.go":  "package web\n\nimport _ \"embed\"\n\n//go:embed dist\nvar Page string\n",
		"lost/far.go": "package lost\n\nimport _ \"example.com/nowhere\"\n",
	})
	fp, err := Resolve(t.Context(), req)
	require.NoError(t, err)
	checked(t, dir, env, fp, ".")
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	require.Contains(t, string(text), "example.com/dep v1.1.0")
	require.NotContains(t, string(text), "nowhere")
}

// A module cache that nobody may write to is enough when all is in it; otherwise the
// error says how to do without.
func TestReadOnlyModuleCache(t *testing.T) {
	env, cache := proxied(t)
	dir, req := depending(t, env, nil)
	_, err := Resolve(t.Context(), req)
	require.NoError(t, err)
	writable(t, cache, false)
	fp, err := Resolve(t.Context(), req)
	require.NoError(t, err)
	checked(t, dir, env, fp, "./...")

	closed := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(closed, nil, 0o600))
	req.Env = append(slices.Clone(env), "GOMODCACHE="+filepath.Join(closed, "mod")) // also for root, who may write anywhere
	lay(t, dir, map[string]string{"go.mod": "module example.com/app\n\ngo 1.24\n\nrequire example.com/dep v1.0.0\n"})
	_, err = Resolve(t.Context(), req)
	var unavailable *UnavailableError
	require.ErrorAs(t, err, &unavailable)
	require.Contains(t, err.Error(), "--plain")
	require.NotContains(t, strings.TrimSpace(err.Error()), "\n")
}

// Where the module does not build with a version that only the rest of wsmig asks
// for, that version is excluded; what the runtime itself needs rises all the same.
func TestHeldVersions(t *testing.T) {
	env, _ := proxied(t)
	dir, req := depending(t, env, map[string]string{"use.go": "package app\n\nimport \"example.com/dep\"\n\nvar _ = dep.V10\n"})
	req.Hold = true
	fp, err := Resolve(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, []string{"example.com/dep v1.1.0"}, fp.Held)
	checked(t, dir, env, fp, "./...")
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	require.NoError(t, err)
	require.Contains(t, string(text), "exclude example.com/dep v1.1.0")
	require.Contains(t, string(text), "\texample.com/dep v1.0.0\n")
	again, err := Resolve(t.Context(), req)
	require.NoError(t, err)
	require.Empty(t, again.Files)

	dir, req = depending(t, env, nil)
	req.Hold = true
	lay(t, req.Replace, map[string]string{"runtime/r.go": "package runtime\n\nimport _ \"example.com/dep\"\n"})
	fp, err = Resolve(t.Context(), req)
	require.NoError(t, err)
	require.Empty(t, fp.Held)
	checked(t, dir, env, fp, "./...")
}
