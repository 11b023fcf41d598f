package toolexec_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/toolexec"
)

func TestOnlyTheGoCommandIsRecognised(t *testing.T) {
	require.True(t, toolexec.Recognised([]string{"-wsmig.uncompiled", "/go/compile", "-V=full"}))
	for _, args := range [][]string{nil, {"lint"}, {"-V=full"}, {"-wsmig.uncompiled"}, {"/tmp/vet.cfg"}} {
		require.False(t, toolexec.Recognised(args), args)
	}
}

func TestCommandQuotesWhatTheShellWouldSplit(t *testing.T) {
	require.Equal(t, "'/home/a b/wsmig' -wsmig.uncompiled", toolexec.Command("/home/a b/wsmig"))
	require.Empty(t, toolexec.Command("/home/o'neil/wsmig"))
}

func TestCompilersAreRefused(t *testing.T) {
	var out, errOut bytes.Buffer
	require.Equal(t, 1, toolexec.Main([]string{"", "/nowhere/compile", "-o", "x.a", "x.go"}, nil, &out, &errOut))
	require.Equal(t, toolexec.Refusal+"\n", errOut.String())
	require.Empty(t, out.String())
}

// What cgo writes of a dependency is not read, and the go command would go on to
// compile the C beside it.
func TestCgoRunsForTheUsersPackagesAlone(t *testing.T) {
	goroot := t.TempDir()
	tool := filepath.Join(goroot, "pkg", "tool", "any", "cgo")
	require.NoError(t, os.MkdirAll(filepath.Dir(tool), 0o750))
	require.NoError(t, os.WriteFile(tool, []byte("#!/bin/sh\necho ran\n"), 0o700)) //nolint:gosec // run below
	for folder, refused := range map[string]bool{
		filepath.Join(goroot, "src", "net"):                                  true,
		filepath.Join(t.TempDir(), "mod", "example.com", "db@v1.2.3", "sql"): true,
		filepath.Join(t.TempDir(), "app", "vendor", "example.com", "db"):     true,
		filepath.Join(t.TempDir(), "app", "me@work"):                         false,
		filepath.Join(t.TempDir(), "app"):                                    false,
	} {
		require.NoError(t, os.MkdirAll(folder, 0o750))
		t.Chdir(folder)
		var out, errOut bytes.Buffer
		code := toolexec.Main([]string{"", tool, "-objdir", "x"}, nil, &out, &errOut)
		require.Equal(t, refused, code != 0, "%s: %s", folder, errOut.String())
		require.Equal(t, refused, out.Len() == 0, folder)
	}
}

// The go command tells C compilers apart by what they answer; refusing them would
// make it miss every package with C in its cache.
func TestOtherToolsAreRun(t *testing.T) {
	var out, errOut bytes.Buffer
	require.Zero(t, toolexec.Main([]string{"", "cat"}, bytes.NewReader([]byte("asked")), &out, &errOut))
	require.Equal(t, "asked", out.String())
	require.Equal(t, 1, toolexec.Main([]string{"", "/nowhere/gcc", "-###"}, nil, &out, &errOut))
	require.NotContains(t, errOut.String(), toolexec.Refusal)
}

func TestToolsSayWhatTheyAre(t *testing.T) {
	var out, errOut bytes.Buffer
	require.Equal(t, 1, toolexec.Main([]string{"", "/nowhere/compile", "-V=full"}, nil, &out, &errOut))
	require.Contains(t, errOut.String(), "nowhere", "it is run, and is not there")
}
