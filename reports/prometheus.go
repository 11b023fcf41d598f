package reports

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// Prometheus writes a load test in the text format, for the textfile collector
// or a push gateway. Everything is a gauge: a file is one finished test, and the
// next one may have less of anything. Units are seconds and bytes.
func Prometheus(w io.Writer, r *result.Result, _ *Options) error {
	m := newMetrics()
	for _, v := range []result.Verdict{result.Pass, result.Inconclusive, result.Violated} {
		m.add("wsmig_loadtest_verdict", "1 for the verdict over all servers, 0 for the others.", truth(r.Verdict == v), "verdict", string(v))
	}
	m.add("wsmig_loadtest_exit_code", "Exit code of the load test.", float64(r.ExitCode))
	m.add("wsmig_loadtest_duration_seconds", "Length of the whole test.", r.Seconds)
	if started, err := time.Parse(time.RFC3339, r.Started); err == nil {
		m.add("wsmig_loadtest_start_time_seconds", "Start of the test since the epoch.", float64(started.Unix()))
	}
	m.add("wsmig_loadtest_selftest_passed", "Kinds of anomaly that the checker recognised in its self-test.", float64(r.SelfTest.Passed))
	m.add("wsmig_loadtest_selftest_total", "Kinds of anomaly that the self-test tried.", float64(r.SelfTest.Total))
	for i := range r.Runs {
		m.run(&r.Runs[i])
	}
	return m.write(w)
}

func (m *metrics) run(r *result.Run) {
	labels := []string{"server", r.Name, "users", strconv.Itoa(r.Users), "control", strconv.FormatBool(r.Control)}
	gauge := func(name, help string, value float64, more ...string) {
		m.add("wsmig_loadtest_"+name, help, value, append(slices.Clone(labels), more...)...)
	}
	gauge("violated", "1 when this server broke what was expected of it.", truth(r.Verdict == result.Violated))
	gauge("connections", "Connections opened.", float64(r.Connections))
	gauge("events_emitted", "Events emitted.", float64(r.Emitted))
	gauge("events_delivered", "Deliveries judged.", float64(r.Delivered))
	gauge("leaks", "Receipts outside their audience.", float64(digest.Leaks(r.Anomalies)))
	gauge("events_lost", "Events that never arrived.", float64(r.Lost))
	gauge("events_duplicate", "Second and later arrivals.", float64(r.Duplicates))
	gauge("events_reordered", "Arrivals after a later event of the same stream.", float64(r.Reordered))
	gauge("judged_ratio", "Share of frames that could be judged.", r.JudgedShare)
	for _, code := range slices.Sorted(maps.Keys(r.Anomalies)) {
		gauge("anomalies", "Anomalies by code.", float64(r.Anomalies[code]), "code", code)
	}
	gauge("leak_ratio_bound95", "Upper 95 % limit of the leak rate.", r.Bound95.PerDelivery, "per", "delivery")
	gauge("leak_ratio_bound95", "", r.Bound95.PerOpportunity, "per", "opportunity")
	for _, q := range []struct {
		label string
		us    float64
	}{{"0.5", r.Latency.P50}, {"0.99", r.Latency.P99}, {"0.999", r.Latency.P999}, {"1", r.Latency.Max}} {
		gauge("latency_seconds", "Latency from the intended emission, by quantile.", q.us/1e6, "quantile", q.label)
	}
	gauge("events_per_second", "Deliveries per second.", r.EventsPerSecond)
	gauge("memory_bytes_per_user", "Memory of the server divided by its users.", float64(r.RSSBytesPerUser))
	gauge("goroutines_after_close", "Goroutines left after every connection was closed.", float64(r.GoroutinesAfterStop))
	gauge("emitters_after_close", "Emitters left after every connection was closed.", float64(r.Lifecycle.AfterClose))
}

// LintPrometheus writes the debt in the text format: findings and uses as gauges.
func LintPrometheus(w io.Writer, r *findings.Result, _ *Options) error {
	m := newMetrics()
	type key struct{ pkg, rule, role, severity, state string }
	counts := map[key]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		counts[key{f.Package, f.Rule, string(f.Role), string(f.Severity), state(f)}]++
	}
	for k, n := range counts {
		m.add("wsmig_lint_findings", "Findings; state is open, ignored or baseline.", float64(n), "package", k.pkg, "rule", k.rule, "role", k.role, "severity", k.severity, "state", k.state)
	}
	for _, s := range r.Singletons {
		for role, n := range s.Uses {
			m.add("wsmig_lint_singleton_uses", "Uses of a singleton by role.", float64(n), "singleton", s.Package+"."+s.Name, "role", string(role))
		}
	}
	m.add("wsmig_lint_singletons", "Process-wide states with connections of several users.", float64(len(r.Singletons)))
	m.add("wsmig_lint_packages", "Packages matched.", float64(r.Stats.Packages))
	m.add("wsmig_lint_packages_failed", "Packages that could not be read in full.", float64(len(r.Stats.PackagesFailed)))
	m.add("wsmig_lint_duration_seconds", "How long the analysis took.", r.Stats.Seconds)
	return m.write(w)
}

func state(f *findings.Finding) string {
	switch {
	case f.Suppressed:
		return "ignored"
	case f.Baseline:
		return "baseline"
	}
	return "open"
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// metrics gathers samples into families, which the format wants in one piece.
type metrics struct {
	families map[string]*dto.MetricFamily
	order    []string
}

func newMetrics() *metrics { return &metrics{families: map[string]*dto.MetricFamily{}} }

// add takes labels as names and values in turn. NaN and infinities mean that
// nothing was measured and are left out.
func (m *metrics) add(name, help string, value float64, labels ...string) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return
	}
	family, ok := m.families[name]
	if !ok {
		kind := dto.MetricType_GAUGE
		family = &dto.MetricFamily{Name: &name, Help: &help, Type: &kind}
		m.families[name] = family
		m.order = append(m.order, name)
	}
	sample := &dto.Metric{Gauge: &dto.Gauge{Value: &value}}
	for i := 0; i+1 < len(labels); i += 2 {
		text := escape.Visible(labels[i+1])
		sample.Label = append(sample.Label, &dto.LabelPair{Name: &labels[i], Value: &text})
	}
	family.Metric = append(family.Metric, sample)
}

func (m *metrics) write(w io.Writer) error {
	var b bytes.Buffer
	for _, name := range m.order {
		family := m.families[name]
		slices.SortStableFunc(family.Metric, func(a, b *dto.Metric) int { return cmp.Compare(labelText(a), labelText(b)) })
		if _, err := expfmt.MetricFamilyToText(&b, family); err != nil {
			return err
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func labelText(m *dto.Metric) string {
	var text string
	for _, pair := range m.Label {
		text += pair.GetValue() + "\x00"
	}
	return text
}
