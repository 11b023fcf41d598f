package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStartAllocatesLittle: go vet starts the vettool once for every package, so what
// libraries build before main runs is paid hundreds of times. Bytes are counted
// rather than time, which a busy machine would decide.
func TestStartAllocatesLittle(t *testing.T) {
	const (
		each  = 40 << 10
		whole = 600 << 10
	)
	cmd := exec.Command("wsmig", "-V=full")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	require.NoError(t, cmd.Run())
	lines := regexp.MustCompile(`(?m)^init (\S+) .* (\d+) bytes, \d+ allocs$`).FindAllStringSubmatch(trace.String(), -1)
	require.Greater(t, len(lines), 50, "the trace: %s", trace.String())
	total := 0
	for _, line := range lines {
		n, err := strconv.Atoi(line[2])
		require.NoError(t, err)
		require.Less(t, n, each, "package %s allocates %d bytes before main", line[1], n)
		total += n
	}
	require.Less(t, total, whole)
}
