// Package isolationtest proves inside go test that a WebSocket server keeps its
// users apart. It serves a handler on loopback, connects users, sends them marked
// events under the schedules of `wsmig loadtest`, and fails the test with the
// offending frame and the way to run the same plan again.
//
//	func TestIsolation(t *testing.T) {
//		isolationtest.Run(t, handler, &isolationtest.Config{
//			Users: 50,
//			Emit: func(ctx context.Context, user, canary string) error {
//				return notifier.Notify(ctx, user, canary)
//			},
//		})
//	}
//
// A run that proves nothing (no event arrived, say) fails as well. It works under
// -race, -short and -count; tests that run it must not be parallel with others
// that depend on GOMAXPROCS.
package isolationtest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/internal/wire"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
)

// SeedVariable names the environment variable that repeats a plan.
const SeedVariable = "WSMIG_SEED"

// Config says how the server is spoken to. Nil means defaults, which suit the
// handler of a runtime.Factory whose Authenticator reads the query parameter user
// and whose OnMessage understands {"type":"send","to":ID,"text":TEXT}.
type Config struct {
	// Users is the number of users. Default 10.
	Users int
	// Path of the WebSocket. Default "/".
	Path string
	// Connect opens a user's connection to the address given. Default: a plain
	// handshake with the query parameters user and device.
	Connect func(ctx context.Context, address, user string) (*websocket.Conn, error)
	// Emit makes the server send an event that contains the canary to the user, and
	// to nobody else; an error means that it was not sent. Default: what Spec says,
	// else a send frame over a user's connection.
	Emit func(ctx context.Context, user, canary string) error
	// Spec describes the server further (logout, requests, rooms and so on) in the
	// YAML of `wsmig loadtest --config`. Its target is set by Run; the word HOST in
	// it stands for the server's host and port. Default: user and device in the
	// query.
	Spec string
	// Schedules are names as for --schedules. Default quick.
	Schedules []string
	// Duration is the time under load. Default 3 s, 1 s with -short.
	Duration time.Duration
	// Seed of the plan. Default: WSMIG_SEED, else random.
	Seed uint64
	// Procs are values of GOMAXPROCS that take turns during the run, since races
	// hide under some and show under others. Default 1, 2, the number of CPUs and
	// four times that; a single value keeps it fixed.
	Procs []int
	// Yield is the probability with which a call of Yield gives up the processor
	// while Run is under way. Default 0.1.
	Yield float64
	_     struct{}
}

// Run tests the handler and fails t if a user received what was meant for another,
// if events were lost, or if nothing was proven. It returns the result; a report
// of a failed run is in t.ArtifactDir.
func Run(t testing.TB, handler http.Handler, c *Config) *result.Result {
	t.Helper()
	if c == nil {
		c = &Config{}
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	spec, err := c.spec(strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatalf("isolationtest: %v", err)
	}
	defer turns(c.Procs)()
	defer yielding(c.Yield)()
	r, err := loadtest.Run(t.Context(), c.load(t, spec))
	if err != nil {
		t.Fatalf("isolationtest: %v", err)
	}
	if r.ExitCode != loadtest.ExitPass {
		c.fail(t, r)
	}
	return r
}

const defaultSpec = `auth: {query: {user: "{{.user.id}}", device: "{{.device}}"}}
gap: {contains: '"type":"wsmig.gap"'}
`

func (c *Config) spec(host string) (*loadtest.Spec, error) {
	text := c.Spec
	if text == "" {
		text = defaultSpec
	}
	text = strings.ReplaceAll(text, "HOST", host)
	path := c.Path
	if path == "" {
		path = "/"
	}
	return loadtest.ParseSpec("Config.Spec", []byte("target: ws://"+host+path+"\n"+text), nil)
}

func (c *Config) load(t testing.TB, spec *loadtest.Spec) *loadtest.Config {
	out := &loadtest.Config{
		Duration: c.Duration, Seed: c.seed(t), Schedules: c.Schedules, FullEvidence: true,
		Users: []int{c.Users}, Command: []string{"go", "test", "-run", t.Name()},
	}
	if c.Users == 0 {
		out.Users = []int{loadtest.DefaultUsers}
	}
	if out.Duration == 0 {
		out.Duration = 3 * time.Second
		if testing.Short() {
			out.Duration = time.Second
		}
	}
	out.Servers = []loadtest.Server{{Name: t.Name(), Start: func(context.Context) (*loadtest.Instance, error) {
		instance := &loadtest.Instance{Spec: spec, Emit: c.Emit}
		if c.Emit != nil && !strings.Contains(c.Spec, "emit:") {
			spec.Emit = nil // the preset's way to make events is not this server's
		}
		if c.Connect != nil {
			instance.Connect = c.connect(spec.First())
		}
		return instance, nil
	}}}
	return out
}

func (c *Config) connect(address string) func(context.Context, string) (loadtest.Socket, error) {
	return func(ctx context.Context, user string) (loadtest.Socket, error) {
		conn, err := c.Connect(ctx, address, user)
		if err != nil {
			return nil, err
		}
		return wire.Wrap(conn), nil
	}
}

func (c *Config) seed(t testing.TB) uint64 {
	if c.Seed != 0 {
		return c.Seed
	}
	text := os.Getenv(SeedVariable)
	if text == "" {
		return 0
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("isolationtest: %s=%q is not a number", SeedVariable, text)
	}
	return seed
}

// shown is how many anomalies a failure prints.
const shown = 3

func (c *Config) fail(t testing.TB, r *result.Result) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Verdict, strings.Join(r.Reason, "; "))
	for _, e := range r.Runs[0].Evidence[:min(shown, len(r.Runs[0].Evidence))] {
		fmt.Fprintf(&b, "\n%s %s\n", e.Code, e.Prose)
		if e.Frame != "" {
			fmt.Fprintf(&b, "    %.300s\n", e.Frame)
		}
	}
	fmt.Fprintf(&b, "\nagain: %s=%s go test -run '^%s$'", SeedVariable, r.Seed, t.Name())
	dir := filepath.Join(t.ArtifactDir(), "wsmig-report")
	if err := reports.WriteDir(dir, r, nil); err == nil {
		fmt.Fprintf(&b, "\nreport: %s", dir)
	}
	t.Error(b.String())
}
