package target_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wsmig/wsmig/loadtest/target"
)

const childEnv = "WSMIG_TARGET_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		if err := target.Serve(context.Background(), name, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func spawn(t *testing.T, name string) (target.Server, *bytes.Buffer, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	server, err := target.Spawn(cmd)
	return server, &problems, err
}

func TestServerInAProcessOfItsOwn(t *testing.T) {
	server, _, err := spawn(t, "factory")
	require.NoError(t, err)
	require.Equal(t, "factory", server.Info().Name)
	idle, err := server.Stats(t.Context())
	require.NoError(t, err)
	require.Positive(t, idle.HeapBytes)

	ws, response, err := websocket.DefaultDialer.Dial(server.Info().URL+"?user=a", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	_, _, err = ws.ReadMessage()
	require.NoError(t, err)
	busy, err := server.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, busy.Connections)
	require.GreaterOrEqual(t, busy.CPU, idle.CPU)
	require.NoError(t, ws.Close())

	require.NoError(t, server.Close())
	require.NoError(t, server.Close())
	_, err = server.Stats(t.Context())
	require.ErrorContains(t, err, "gone")
}

func TestChildThatCannotStartSaysSo(t *testing.T) {
	_, problems, err := spawn(t, "nonesuch")
	require.ErrorContains(t, err, "did not start")
	require.Contains(t, problems.String(), "nonesuch")
}

func TestControlEndsWithItsInputAndRefusesNonsense(t *testing.T) {
	for _, in := range []string{"", "stats\n", "stats\nclose\n"} {
		var out bytes.Buffer
		require.NoError(t, target.Serve(t.Context(), "singleton", strings.NewReader(in), &out))
		require.Contains(t, out.String(), `"name":"singleton"`)
		require.Equal(t, strings.Count(in, "stats"), strings.Count(out.String(), "goroutines"))
	}
	require.ErrorContains(t, target.Serve(t.Context(), "singleton", strings.NewReader("dance\n"), io.Discard), "dance")
}
