package toolexec_test

import (
	"bytes"
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
