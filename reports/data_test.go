package reports_test

import (
	"encoding/csv"
	"math"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func parseMetrics(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(t, err)
	for name, family := range families {
		require.NotEmpty(t, family.GetHelp(), name)
	}
	return families
}

func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	t.Helper()
	require.Contains(t, families, name)
	for _, m := range families[name].Metric {
		if hasLabels(m, labels) {
			return m.GetGauge().GetValue()
		}
	}
	require.Fail(t, "no such sample", "%s %v", name, labels)
	return 0
}

func hasLabels(m *dto.Metric, labels []string) bool {
	for i := 0; i+1 < len(labels); i += 2 {
		found := false
		for _, pair := range m.Label {
			found = found || pair.GetName() == labels[i] && pair.GetValue() == labels[i+1]
		}
		if !found {
			return false
		}
	}
	return true
}

func TestPrometheusSaysWhatTheResultSays(t *testing.T) {
	r := sample.Result(1, 10)
	families := parseMetrics(t, text(t, loadTest("", reports.Prometheus).render, nil))
	require.Equal(t, 1.0, value(t, families, "wsmig_loadtest_verdict", "verdict", "pass"))
	require.Equal(t, 0.0, value(t, families, "wsmig_loadtest_verdict", "verdict", "violated"))
	require.Equal(t, 53.0, value(t, families, "wsmig_loadtest_leaks", "server", "singleton"))
	require.Equal(t, 0.0, value(t, families, "wsmig_loadtest_leaks", "server", "factory"))
	require.Equal(t, r.Runs[1].Latency.P99/1e6, value(t, families, "wsmig_loadtest_latency_seconds", "server", "factory", "quantile", "0.99"))
	require.Equal(t, float64(r.Runs[0].Anomalies["X1c"]), value(t, families, "wsmig_loadtest_anomalies", "code", "X1c"))

	r.Runs[0].Latency.P50 = math.NaN()
	var b strings.Builder
	require.NoError(t, reports.Prometheus(&b, r, nil))
	require.NotContains(t, b.String(), "NaN")
}

func TestPrometheusSurvivesHostileLabels(t *testing.T) {
	families := parseMetrics(t, text(t, loadTest("", reports.Prometheus).hostile, nil))
	require.NotEmpty(t, families)
	parseMetrics(t, text(t, lint("", reports.LintPrometheus).hostile, nil))
}

func TestLintPrometheus(t *testing.T) {
	families := parseMetrics(t, text(t, lint("", reports.LintPrometheus).render, nil))
	require.Equal(t, 2.0, value(t, families, "wsmig_lint_singletons"))
	open := 0.0
	for _, m := range families["wsmig_lint_findings"].Metric {
		if hasLabels(m, []string{"state", "open", "severity", "warning"}) {
			open += m.GetGauge().GetValue()
		}
	}
	require.Equal(t, 17.0, open)
}

func TestCSVReadsBack(t *testing.T) {
	for _, r := range renderings {
		if !strings.HasSuffix(r.name, ".csv") {
			continue
		}
		for _, out := range []string{text(t, r.render, nil), text(t, r.hostile, nil)} {
			rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
			require.NoError(t, err, r.name)
			require.Greater(t, len(rows), 5)
			for _, row := range rows[1:] {
				for _, cell := range row {
					require.False(t, cell != "" && strings.ContainsAny(cell[:1], "=+@"), "a formula: %q", cell)
				}
			}
		}
	}
}

func TestCSVHoldsEveryNumber(t *testing.T) {
	r := sample.Result(1, 10)
	rows, err := csv.NewReader(strings.NewReader(text(t, loadTest("", reports.CSV).render, nil))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"run", "users", "control", "kind", "name", "measure", "value"}, rows[0])
	kinds := map[string]int{}
	for _, row := range rows[1:] {
		kinds[row[0]+" "+row[3]]++
	}
	require.Equal(t, 3*len(r.Runs[0].Series), kinds["singleton series"])
	require.Equal(t, len(r.Runs[0].Matrix), kinds["singleton matrix"])
	require.Equal(t, len(r.Runs[0].Anomalies), kinds["singleton anomaly"])
	require.Equal(t, kinds["singleton summary"], kinds["factory summary"])
}
