package presettest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
)

// desk decides where what is meant for somebody goes. The one with a bug is a
// manager that knows one user at a time: who connected last.
type desk struct {
	leaks   bool
	mu      sync.Mutex
	current string
}

func (d *desk) enter(user string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.current = user
}

func (d *desk) addressee(to string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.leaks {
		return d.current
	}
	return to
}

// hold tests a server with a preset alone, correct and with the bug.
// What the server is known to do beside that is let pass.
func hold(t *testing.T, preset string, start func(t *testing.T, d *desk) http.Handler, known ...string) {
	t.Helper()
	for name, leaks := range map[string]bool{"correct": false, "with a bug": true} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(start(t, &desk{leaks: leaks}))
			t.Cleanup(server.Close)
			r := run(t, "preset: "+preset+"\ntarget: ws"+strings.TrimPrefix(server.URL, "http"), leaks)
			if leaks {
				require.Equal(t, loadtest.ExitViolated, r.ExitCode, r.Reason)
				require.Positive(t, r.Runs[0].Anomalies["X0"], r.Runs[0].Anomalies)
				return
			}
			for _, code := range append(known, "D3", "D4", "X7") { // those depend on how busy the machine is
				delete(r.Runs[0].Anomalies, code)
			}
			require.Empty(t, r.Runs[0].Anomalies, r.Reason)
			require.Positive(t, r.Runs[0].Delivered, r.Reason) // not the verdict: a machine may be too busy to be sure
		})
	}
}

func run(t *testing.T, config string, untilViolated bool) *result.Result {
	t.Helper()
	described, err := loadtest.ParseSpec("config", []byte(config), nil)
	require.NoError(t, err)
	server := loadtest.Server{Name: "target", Start: func(context.Context) (*loadtest.Instance, error) {
		return &loadtest.Instance{Spec: described}, nil
	}}
	r, err := loadtest.Run(t.Context(), &loadtest.Config{
		Servers: []loadtest.Server{server}, Users: []int{5}, Seed: 1, Duration: 8 * time.Second, UntilViolated: untilViolated,
	})
	require.NoError(t, err)
	return r
}
