package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// killAt makes the test binary a process that commits and stops, without an end,
// at one step: the parent kills it there.
const killAt = "WSMIG_TEST_KILL_AT"

func TestMain(m *testing.M) {
	if at := os.Getenv(killAt); at != "" {
		commitUntil(at)
		return
	}
	os.Exit(m.Run())
}

func changesIn(root string) []Change {
	return []Change{
		{Path: filepath.Join(root, "a.go"), Old: []byte("old a"), New: []byte("new a"), Mode: 0o644},
		{Path: filepath.Join(root, "b.go"), Old: []byte("old b")},
		{Path: filepath.Join(root, "x", "c.go"), New: []byte("new c"), Mode: 0o644},
	}
}

func commitUntil(at string) {
	root := os.Args[len(os.Args)-1]
	steps := 0
	err := Commit(context.Background(), root, changesIn(root), func(step string) error {
		if steps++; fmt.Sprint(steps) == at {
			fmt.Println("at", step)
			<-time.After(time.Hour) // killed long before
		}
		return nil
	})
	fmt.Println("end", err)
}

// TestKilledProcess ends a process by SIGKILL at each of its steps. The next run
// puts everything back.
func TestKilledProcess(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for at := 1; ; at++ {
		root := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(root, "a.go"), []byte("old a"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(root, "b.go"), []byte("old b"), 0o600))
		before := contents(t, root)
		child := exec.CommandContext(t.Context(), self, root)
		child.Env = append(os.Environ(), fmt.Sprint(killAt, "=", at))
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		if !strings.HasPrefix(line, "at ") {
			require.Equal(t, "end <nil>\n", line)
			require.NoError(t, child.Wait())
			require.Greater(t, at, 7, "every step must be reached")
			return
		}
		require.NoError(t, child.Process.Kill())
		var exit *exec.ExitError
		require.True(t, errors.As(child.Wait(), &exit))
		_, err = Recover(root)
		require.NoError(t, err)
		require.Equal(t, before, contents(t, root), "killed %s", line)
	}
}
