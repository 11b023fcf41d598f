package loadtest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// builtin runs a server of the catalogue in this process.
func builtin(name string, control bool) loadtest.Server {
	return loadtest.Server{Name: name, Control: control, Strict: !control, Start: func(ctx context.Context) (*loadtest.Instance, error) {
		server, err := target.Start(ctx, name)
		if err != nil {
			return nil, err
		}
		s, err := loadtest.ParseSpec(name, []byte(server.Info().Config), nil)
		return &loadtest.Instance{Spec: s, Mechanisms: server.Info().Mechanisms, Close: server.Close, Stats: func(ctx context.Context) (loadtest.Stats, error) {
			st, err := server.Stats(ctx)
			return loadtest.Stats{Goroutines: st.Goroutines, RSSBytes: st.RSSBytes, Created: st.Created, Active: st.Active, Peak: st.Peak}, err
		}}, err
	}}
}

func pair() []loadtest.Server {
	return []loadtest.Server{builtin("singleton", true), builtin("factory", false)}
}

// described is a server of which only a configuration is known.
func described(t testing.TB, config string) loadtest.Server {
	t.Helper()
	s, err := loadtest.ParseSpec("test.yaml", []byte(config), nil)
	require.NoError(t, err)
	return loadtest.Server{Name: "target", Start: func(context.Context) (*loadtest.Instance, error) {
		return &loadtest.Instance{Spec: s}, nil
	}}
}
