package prom_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/prom"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func scrape(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.PanicOnError}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestCollector(t *testing.T) {
	f := runtimetest.New(t, nil)
	reg := prometheus.NewPedanticRegistry()
	c := prom.New(f, prometheus.Labels{"factory": "main"})
	reg.MustRegister(c)
	r := runtimetest.Record(t, f, "alice-the-user")
	r.WaitType("wsmig.ready")
	em, err := f.Emitter(t.Context(), "alice-the-user")
	require.NoError(t, err)
	for i := range 3 {
		require.NoError(t, em.Emit(t.Context(), wsruntime.Event{Type: "t", Data: i}))
	}
	r.Wait(3)
	require.NoError(t, em.Flush(t.Context()))
	f.Gate("realtime.instance").Do("alice-the-user", func() {})
	require.NoError(t, em.Close())
	out := scrape(t, reg)
	for _, line := range []string{
		`wsmig_users{factory="main"} 1`, `wsmig_connections_ready{factory="main"} 1`, `wsmig_events_emitted_total{factory="main"} 3`,
		`wsmig_events_delivered_total{factory="main"} 3`, `wsmig_events_dropped_total{factory="main",reason="overflow"} 0`,
		`wsmig_isolation_violations_total{factory="main"} 0`, `wsmig_gate_sends_total{factory="main",gate="realtime.instance"} 1`,
	} {
		require.Contains(t, out, line+"\n")
	}
	require.NotContains(t, out, "alice", "no user is named")
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// TestEveryCounter: no counter of the factory is left out.
func TestEveryCounter(t *testing.T) {
	f := runtimetest.New(t, nil)
	descs := make(chan *prometheus.Desc, 64)
	prom.New(f, nil).Describe(descs)
	close(descs)
	n := 0
	for range descs {
		n++
	}
	gates := reflect.TypeFor[wsruntime.GateStats]().NumField() - 2 // pairs are among the sends, keys come and go
	require.Equal(t, reflect.TypeFor[wsruntime.Stats]().NumField()-1+gates, n, "ContextsActive is the users")
	require.NotEmpty(t, wsruntime.DropReasons())
}

// TestSeriesDontGrowWithUsers: the number of series is the same for one user and a hundred.
func TestSeriesDontGrowWithUsers(t *testing.T) {
	f := runtimetest.New(t, nil)
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(prom.New(f, nil))
	count := func() int { return strings.Count(scrape(t, reg), "\n") }
	before := count()
	for i := range 100 {
		em, err := f.Emitter(t.Context(), wsruntime.UserID(fmt.Sprint("u", i)))
		require.NoError(t, err)
		defer em.Close()
		require.ErrorIs(t, em.Emit(t.Context(), wsruntime.Event{Type: fmt.Sprint("t", i)}), wsruntime.ErrNoConnection)
	}
	require.Equal(t, before, count())
}
