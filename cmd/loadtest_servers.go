package cmd

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/target" //wsmig:ignore secondhub those who watch the dashboard are not the users under test
)

const (
	controlServer = "singleton"
	testedServer  = "factory"
)

// builtinServers are the pair that shows what the migration is worth: the control
// first.
func (s *IO) builtinServers() []loadtest.Server {
	return []loadtest.Server{s.builtinServer(controlServer, true), s.builtinServer(testedServer, false)}
}

func (s *IO) builtinServer(name string, control bool) loadtest.Server {
	return loadtest.Server{Name: name, Control: control, Strict: !control, Start: func(ctx context.Context) (*loadtest.Instance, error) {
		server, err := s.startBuiltin(ctx, name)
		if err != nil {
			return nil, &loadtest.UsageError{Err: fmt.Errorf("the built-in server %s can't be started: %w", name, err)}
		}
		info := server.Info()
		spec, err := loadtest.ParseSpec(name, []byte(info.Config), nil)
		if err != nil {
			return nil, err
		}
		return &loadtest.Instance{Spec: spec, Mechanisms: info.Mechanisms, Close: server.Close, Stats: serverStats(server)}, nil
	}}
}

func serverStats(server target.Server) func(ctx context.Context) (loadtest.Stats, error) {
	return func(ctx context.Context) (loadtest.Stats, error) {
		st, err := server.Stats(ctx)
		return loadtest.Stats{Goroutines: st.Goroutines, RSSBytes: st.RSSBytes, CPU: st.CPU, Created: st.Created, Active: st.Active, Peak: st.Peak}, err
	}
}

// startBuiltin starts a server in a process of its own, so that its memory and
// goroutines can be told from the load generator's; without a binary to start it
// runs in this one.
func (s *IO) startBuiltin(ctx context.Context, name string) (target.Server, error) {
	if s.Executable == "" {
		return target.Start(ctx, name)
	}
	cmd := exec.Command(s.Executable, "loadtest", "serve", name)
	cmd.Stderr = io.Discard
	return target.Spawn(cmd)
}

func newLoadtestServeCmd(s *IO) *cobra.Command {
	return &cobra.Command{
		Use:    "serve NAME",
		Short:  "Run a built-in server for a load test, driven over standard input and output",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := target.Serve(c.Context(), args[0], s.In, s.Out); err != nil {
				return failed(err, "")
			}
			return nil
		},
	}
}

// targetServer is the user's own server.
func (s *IO) targetServer(spec *loadtest.Spec, f *loadtestFlags) loadtest.Server {
	return loadtest.Server{Name: "target", Start: func(ctx context.Context) (*loadtest.Instance, error) {
		instance := &loadtest.Instance{Spec: spec}
		if f.exec != "" {
			stop, err := s.startUserServer(ctx, f.exec, spec.First())
			if err != nil {
				return nil, usageOf(err)
			}
			instance.Close = stop
		}
		return instance, nil
	}}
}

func usageOf(err error) error {
	return &loadtest.UsageError{Err: fmt.Errorf("--exec: %w", err), Hint: "the command must start the server that the target names"}
}

// credentialWords are parts of the names of query parameters that carry something
// secret as a rule.
var credentialWords = []string{"token", "key", "secret", "password", "auth", "sig", "jwt", "access", "session", "ticket"}

// withoutCredentials leaves out of an address what looks like a credential.
func withoutCredentials(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	changed := u.User != nil
	u.User = nil
	query := u.Query()
	for name := range query {
		for _, word := range credentialWords {
			if strings.Contains(strings.ToLower(name), word) {
				query.Set(name, "REDACTED")
				changed = true
			}
		}
	}
	if !changed {
		return address
	}
	u.RawQuery = query.Encode()
	return u.String()
}
