package driver_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/toolexec"
)

// The test binary stands between the go command and its tools like the real one.
func TestMain(m *testing.M) {
	if args := os.Args[1:]; toolexec.Recognised(args) {
		os.Exit(toolexec.Main(args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// A build cache with nothing in it makes no difference to what is found, and has no
// package in it afterwards either.
func TestNothingIsCompiled(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	dir := fixture(t, map[string]string{
		"hub/hub.go":      hub,
		"hub/hub_test.go": "package hub\n\nimport \"testing\"\n\nfunc TestSend(t *testing.T) { Send(\"t\", 1) }\n",
		"hub/x_test.go":   "package hub_test\n\nimport (\n\t\"testing\"\n\n\t\"example.com/app/hub\"\n)\n\nfunc TestX(t *testing.T) { hub.Send(\"x\", 1) }\n",
		"use/use.go":      "package use\n\nimport \"example.com/app/hub\"\n\nfunc F(u string) { hub.Send(u, 1) }\n",
	})
	warm := lint(t, &driver.Config{Dir: dir})
	cache := t.TempDir()
	cold := lint(t, &driver.Config{
		Dir: dir, ToolExec: toolexec.Command(exe),
		Env: append(os.Environ(), "GOCACHE="+cache, "CGO_ENABLED=0"),
	})
	require.Empty(t, cold.Stats.PackagesFailed)
	require.Len(t, cold.Findings, 5)
	require.Equal(t, warm.Findings, cold.Findings)
	require.Equal(t, warm.Singletons, cold.Singletons)
	require.Empty(t, archives(t, cache))
}

// What is C in a dependency is not known without compiling it, or without the headers;
// a package that uses such types and constants has not failed for that.
func TestTheCOfADependencyIsNoError(t *testing.T) {
	dir := fixture(t, map[string]string{
		"queue/go.mod":   "module example.com/queue\n\ngo 1.26\n",
		"queue/queue.go": "package queue\n\n// #include <nowhere.h>\nimport \"C\"\n\ntype Kind C.int\n\nconst Sub = Kind(C.SUB)\n\nfunc Open(kind Kind) *int { return nil }\n",
		"hub/hub.go":     hub,
		"use/use.go":     "package use\n\nimport (\n\t\"example.com/app/hub\"\n\t\"example.com/queue\"\n)\n\nvar other = queue.Kind(1)\n\nfunc F(u string) { hub.Send(u, queue.Open(queue.Sub)) }\n",
		"bad/bad.go":     "package bad\n\nimport \"example.com/queue\"\n\ntype myqueue struct{}\n\nvar q = queue.Open\n\nvar s = myqueue.Missing\n",
	})
	mod := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(mod)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(mod, append(text, "\nrequire example.com/queue v0.0.0\n\nreplace example.com/queue => ./queue\n"...), 0o600))
	r, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}, Env: append(os.Environ(), "CGO_ENABLED=1")})
	require.NoError(t, err)
	require.Len(t, r.Stats.PackagesFailed, 1)
	require.Equal(t, "example.com/app/bad", r.Stats.PackagesFailed[0].Package)
	require.Len(t, r.Findings, 3)
	require.Equal(t, "u", r.Findings[2].Addressee)
}

// archives lists the compiled packages in a build cache.
func archives(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && strings.HasPrefix(string(data), "!<arch>") {
			found = append(found, path)
		}
		return err
	}))
	return found
}
