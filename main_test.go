package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wsmig": func() { os.Exit(run()) }})
}

// TestScripts runs the stories under cmd/testdata/script, each as a user would
// type it: wsmig on the PATH is this program, $REPO is the checkout, $WSMIG the
// binary for go vet -vettool, and copytree brings an example into the work folder.
// `WSMIG_UPDATE=1 go test . -run TestScripts/NAME` rewrites what they expect.
func TestScripts(t *testing.T) {
	repo, err := os.Getwd()
	require.NoError(t, err)
	goEnv := hostGoEnv(t)
	testscript.Run(t, testscript.Params{
		Files:               scripts(t),
		UpdateScripts:       os.Getenv("WSMIG_UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("REPO", repo)
			for _, key := range goEnvKeys {
				env.Setenv(key, goEnv[key])
			}
			// A binary with the race detector sleeps for a second at its end, and the go
			// command starts hundreds of them.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			wsmig, err := exec.LookPath("wsmig")
			env.Setenv("WSMIG", wsmig)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"copytree": copyTree, "freeport": freePort, "status": status},
	})
}

// scripts are all of them, or under the race detector those that have something to
// race. What fix does is run under it by the fixer's own tests; a script adds go
// commands, each of which starts wsmig a few times, four times as slow.
func scripts(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("cmd", "testdata", "script", "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	if !underRace() {
		return files
	}
	return slices.DeleteFunc(files, func(file string) bool {
		name := filepath.Base(file)
		return strings.HasPrefix(name, "fix_") && name != "fix_legacychat.txtar"
	})
}

func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
}

var goEnvKeys = []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS", "GOSUMDB", "GOTOOLCHAIN"}

// hostGoEnv asks the go command where its caches are, since a script's HOME is
// its own and would start with cold ones.
func hostGoEnv(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"env"}, goEnvKeys...)...).Output()
	require.NoError(t, err)
	values := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	require.Len(t, values, len(goEnvKeys))
	env := map[string]string{}
	for i, key := range goEnvKeys {
		env[key] = values[i]
	}
	return env
}

// status is the script command `status CODE PROGRAM ARGS...`: like exec, for an
// exit code that is part of the contract.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE PROGRAM [ARGS...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s did not run: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// freePort is the script command `freeport PORT FILE`: it takes a port that nothing
// listens on for $PORT, and writes it into the file where PORT stood.
func freePort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: freeport PORT FILE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(errors.Join(err, l.Close()))
	path := ts.MkAbs(args[1])
	text, err := os.ReadFile(filepath.Clean(path))
	ts.Check(err)
	ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(string(text), args[0], port)), 0o600))
	ts.Setenv("PORT", port)
}

// copyTree is the script command `copytree FROM TO`.
func copyTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: copytree FROM TO")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(ts.MkAbs(args[0]))))
}
