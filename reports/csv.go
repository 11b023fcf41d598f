package reports

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// CSV writes a load test as one long table, run,users,control,kind,name,measure,value,
// which spreadsheets pivot and data tools read without a schema. Kind is summary,
// anomaly, schedule, series (name is the time in milliseconds) or matrix (name is
// the owner, measure the receiver). Numbers carry no units and no separators;
// latencies are microseconds. Text that a spreadsheet would run as a formula
// starts with an apostrophe.
func CSV(w io.Writer, r *result.Result, _ *Options) error {
	t := table{{"run", "users", "control", "kind", "name", "measure", "value"}}
	for i := range r.Runs {
		t.run(&r.Runs[i])
	}
	return t.write(w)
}

type table [][]string

func (t *table) run(r *result.Run) {
	add := func(kind, name, measure string, value any) {
		*t = append(*t, []string{
			escape.Cell(r.Name), strconv.Itoa(r.Users), strconv.FormatBool(r.Control), kind, escape.Cell(name), escape.Cell(measure), field(value),
		})
	}
	for _, s := range summary(r) {
		add("summary", "", s.measure, s.value)
	}
	for _, code := range slices.Sorted(maps.Keys(r.Anomalies)) {
		add("anomaly", code, "count", r.Anomalies[code])
	}
	for _, s := range r.Schedules {
		add("schedule", s.Name, "ran", s.Ran)
		add("schedule", s.Name, "emitted", s.Emitted)
		for _, code := range slices.Sorted(maps.Keys(s.Anomalies)) {
			add("schedule", s.Name, code, s.Anomalies[code])
		}
	}
	for _, p := range r.Series {
		at := decimal(p.AtMS)
		add("series", at, "events", p.Events)
		add("series", at, "leaks", p.Leaks)
		add("series", at, "connections", p.Connections)
	}
	for _, c := range r.Matrix {
		add("matrix", c.Owner, c.Receiver, c.Count)
	}
}

type measured struct {
	measure string
	value   any
}

// summary lists a run's own numbers under the names of the saved file.
func summary(r *result.Run) []measured {
	return []measured{
		{"verdict", r.Verdict},
		{"level", r.Level},
		{"connections", r.Connections},
		{"emitted", r.Emitted},
		{"delivered", r.Delivered},
		{"lost", r.Lost},
		{"duplicates", r.Duplicates},
		{"reordered", r.Reordered},
		{"declared", r.Declared},
		{"judged_share", decimal(r.JudgedShare)},
		{"bound95_per_delivery", decimal(r.Bound95.PerDelivery)},
		{"bound95_per_opportunity", decimal(r.Bound95.PerOpportunity)},
		{"latency_us_p50", decimal(r.Latency.P50)},
		{"latency_us_p99", decimal(r.Latency.P99)},
		{"latency_us_p999", decimal(r.Latency.P999)},
		{"latency_us_max", decimal(r.Latency.Max)},
		{"latency_us_raw_p50", decimal(r.Latency.RawP50)},
		{"latency_us_raw_p99", decimal(r.Latency.RawP99)},
		{"events_per_s", decimal(r.EventsPerSecond)},
		{"rss_bytes_per_user", r.RSSBytesPerUser},
		{"goroutines_after_close", r.GoroutinesAfterStop},
		{"emitters_created", r.Lifecycle.Created},
		{"emitters_active", r.Lifecycle.Active},
		{"emitters_after_close", r.Lifecycle.AfterClose},
	}
}

func decimal(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// LintCSV writes findings, one a row, with every field of the saved file.
func LintCSV(w io.Writer, r *findings.Result, _ *Options) error {
	t := table{{
		"file", "line", "column", "end_line", "end_column", "severity", "rule", "category", "role", "message", "package", "function", "symbol",
		"singleton", "addressee", "fixable", "reason", "suppressed", "baseline", "fingerprint",
	}}
	for i := range r.Findings {
		f := &r.Findings[i]
		t.add(f.File, f.Line, f.Column, f.EndLine, f.EndColumn, f.Severity, f.Rule, f.Category, f.Role, f.Message, f.Package, f.Function, f.Symbol,
			f.Singleton, f.Addressee, f.Fixable, f.Reason, f.Suppressed, f.Baseline, f.Fingerprint)
	}
	return t.write(w)
}

// LedgerCSV writes the sites of a ledger, one a row.
func LedgerCSV(w io.Writer, l *ledger.Ledger, _ *Options) error {
	t := table{{"file", "line", "column", "symbol", "role", "addressee", "status", "stage", "reason", "message"}}
	for i := range l.Sites {
		s := &l.Sites[i]
		t.add(s.File, s.Line, s.Column, s.Symbol, s.Role, s.Addressee, s.Status, s.Stage, s.Reason, s.Message)
	}
	return t.write(w)
}

func (t *table) add(values ...any) {
	row := make([]string, len(values))
	for i, value := range values {
		row[i] = field(value)
	}
	*t = append(*t, row)
}

// field guards text; a negative number is no formula.
func field(value any) string {
	if reflect.ValueOf(value).Kind() == reflect.String {
		return escape.Cell(fmt.Sprint(value))
	}
	return fmt.Sprint(value)
}

func (t table) write(w io.Writer) error {
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(t); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
