package reports_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/dashboard"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

// TestTheDashboardMovesInTheBrowser watches a run as a person does: the strip
// moves, the report grows without losing the reader's place, and at the end the
// page says so and stays.
func TestTheDashboardMovesInTheBrowser(t *testing.T) {
	browser := startBrowser(t)
	s, err := dashboard.Start(t.Context())
	require.NoError(t, err)
	tab := openAt(t, browser, 1440, 900, s.URL())
	require.Contains(t, eval[string](t, tab, `document.querySelector('h1').textContent`), "nothing has been judged yet")

	at := loadtest.Progress{Server: "singleton", Users: 10, Connections: 10, Schedule: "burst", Events: 400, Leaks: 3, Elapsed: time.Second, Total: 5 * time.Second, Step: 1, Steps: 2}
	tab.until(t, `document.querySelector('[data-is=leaks]').textContent === '3 leaks'`, func() { s.Progress(at) })
	require.Equal(t, "singleton, burst", eval[string](t, tab, `document.querySelector('[data-is=what]').textContent`))
	require.InDelta(t, 0.1, eval[float64](t, tab, `document.querySelector('#live progress').value`), 1e-9)

	partial := sample.Result(1, 10)
	partial.Verdict, partial.ExitCode = result.Violated, loadtest.ExitViolated
	s.Show(partial)
	tab.until(t, `document.querySelectorAll('svg.matrix').length === 2`, nil)
	require.True(t, eval[bool](t, tab, `(() => { const d = document.querySelector('main details'); d.open = true; return d.open })()`))
	tab.shoot(t, "dashboard")
	s.Show(partial)
	tab.until(t, `document.querySelector('main details').open`, nil)
	require.Empty(t, eval[[]string](t, tab, stickingOut))
	require.Empty(t, eval[[]string](t, tab, faintTexts))

	require.NoError(t, s.End(sample.Result(1, 10), "The run has ended."))
	tab.until(t, `document.querySelector('[data-is=what]').textContent === 'The run has ended.'`, nil)
	require.Equal(t, "PASS", eval[string](t, tab, `document.querySelector('.word').textContent`))
	tab.requireOnly(t, s.URL())
}

// until waits for a condition in the page, and repeats what should bring it about.
func (p *tab) until(t *testing.T, condition string, again func()) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !eval[bool](t, p, condition) {
		if again != nil {
			again()
		}
		select {
		case <-tick.C:
		case <-p.ctx.Done():
			t.Fatalf("never came true: %s", condition)
		}
	}
}

// requireOnly holds a page that may speak with its own server to just that.
func (p *tab) requireOnly(t *testing.T, address string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(t, p.said)
	for _, url := range p.requests {
		require.True(t, strings.HasPrefix(url, address) || strings.HasPrefix(url, "data:"), "the page asked for %s", url)
	}
}
