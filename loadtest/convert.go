package loadtest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/result"
)

const (
	maxSteps    = 40
	maxEvidence = 200
)

// convert writes the checker's report in the form of a result.
func (s *session) convert(r *history.Report) *result.Run {
	opened, _ := s.driver.Connections()
	run := &result.Run{
		Name: s.server.Name, Control: s.server.Control, Level: r.Level.String(), Mechanisms: append([]string{}, s.instance.Mechanisms...),
		Users: s.users, Connections: int(opened), Emitted: r.Emitted, Delivered: r.Delivered,
		Lost: r.Counts[history.D0], Duplicates: r.Counts[history.D1], Reordered: r.Counts[history.D2], Declared: r.Declared,
		JudgedShare: r.JudgedShare(), Anomalies: r.Counts.Map(), Matrix: []result.Cell{}, Evidence: []result.Evidence{},
	}
	run.Bound95.PerDelivery, run.Bound95.PerOpportunity = r.Bounds()
	if r.PairsPossible > 0 {
		run.Pairs = &result.Pairs{Overlapped: r.PairsMet, Possible: r.PairsPossible}
	}
	for _, cell := range r.Cells {
		run.Matrix = append(run.Matrix, result.Cell{Owner: s.name(cell.Owner), Receiver: s.name(cell.Receiver), Count: cell.Count})
	}
	for _, e := range r.Evidence[:min(len(r.Evidence), maxEvidence)] {
		run.Evidence = append(run.Evidence, s.evidence(&e))
	}
	if r.Interference.Noticed() {
		run.Evidence = append(run.Evidence, s.interfered(&r.Interference))
	}
	for _, p := range s.driver.Protocols() {
		run.Protocols = append(run.Protocols, result.Protocol{Name: p.Name, Runs: p.Runs, Events: p.Events, Faults: p.Faults, Examples: append([]string{}, p.Examples...)})
	}
	s.latencies(run)
	run.Series, _ = s.samples.result()
	if seconds := s.driver.Busy().Seconds(); seconds > 0 {
		run.EventsPerSecond = float64(r.Delivered) / seconds
	}
	s.figures.fill(run)
	run.Schedules = s.scheduleResults(r)
	for _, one := range run.Schedules {
		run.Planned += one.Planned
	}
	return run
}

func (s *session) name(p history.PrincipalID) string { return s.driver.Checker().Name(p) }

func (s *session) scheduleResults(r *history.Report) []result.Schedule {
	out := []result.Schedule{}
	for _, e := range s.budget.entries {
		one := result.Schedule{Name: e.schedule.Name, Ran: e.played > 0, Reason: e.reason, Planned: e.planned, Anomalies: map[string]uint64{}}
		for _, p := range r.Phases {
			if p.Name != one.Name {
				continue
			}
			one.Emitted += p.Emitted
			for code, n := range p.Counts.Map() {
				one.Anomalies[code] += n
			}
		}
		out = append(out, one)
	}
	return out
}

func (s *session) latencies(run *result.Run) {
	intended, sent := s.driver.Latency()
	if intended.TotalCount() == 0 {
		return
	}
	quantile := func(h *hdrhistogram.Histogram, q float64) float64 { return float64(h.ValueAtQuantile(q)) }
	run.Latency = result.Latency{
		P50: quantile(intended, 50), P99: quantile(intended, 99), P999: quantile(intended, 99.9), Max: float64(intended.Max()),
		RawP50: quantile(sent, 50), RawP99: quantile(sent, 99), RawP999: quantile(sent, 99.9), RawMax: float64(sent.Max()),
		HDR: encoded(intended), RawHDR: encoded(sent),
		Buckets: buckets(intended), RawBuckets: buckets(sent),
	}
}

// encoded is a histogram in the form that other tools read; empty if it can't be
// written.
func encoded(h *hdrhistogram.Histogram) string {
	out, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return ""
	}
	return string(out)
}

func buckets(h *hdrhistogram.Histogram) (out []result.Bucket) {
	for _, bar := range h.Distribution() {
		if bar.Count > 0 {
			out = append(out, result.Bucket{Micros: float64(bar.To), Count: uint64(bar.Count)})
		}
	}
	return out
}

// evidence writes one anomaly for people.
func (s *session) evidence(e *history.Evidence) result.Evidence {
	out := result.Evidence{
		Code: e.Code.String(), Owner: s.name(e.Owner), Receiver: s.name(e.Receiver), Schedule: e.Phase,
		AtMS: milliseconds(e.At), EmittedMS: milliseconds(e.Emitted), Frame: s.frame(e), Prose: s.driver.Checker().Explain(e),
	}
	if e.Conn != 0 {
		out.Connection = connection(e.Conn)
	}
	for _, step := range around(e) {
		out.Around = append(out.Around, s.step(&step))
	}
	return out
}

// interfered tells what a stalled reader did to the others.
func (s *session) interfered(i *history.Interference) result.Evidence {
	name := ""
	for _, e := range s.budget.entries {
		if e.schedule.Setup.Small && e.played > 0 {
			name = e.schedule.Name
			break
		}
	}
	return result.Evidence{Code: history.X7.String(), Schedule: name, AtMS: milliseconds(s.driver.Clock()), Prose: fmt.Sprintf(
		"While some users did not read, one in ten of the events of the others took more than %v. Otherwise 99 in 100 took no more than %v.", i.Stalled, i.Calm)}
}

func connection(c history.ConnID) string { return fmt.Sprintf("c%d", c) }

// around keeps the steps nearest to the anomaly.
func around(e *history.Evidence) []history.Step {
	if len(e.Around) <= maxSteps {
		return e.Around
	}
	steps := slices.Clone(e.Around)
	slices.SortStableFunc(steps, func(a, b history.Step) int { return int(distance(a.At, e.At) - distance(b.At, e.At)) })
	steps = steps[:maxSteps]
	slices.SortStableFunc(steps, func(a, b history.Step) int { return int(a.At - b.At) })
	return steps
}

func distance(a, b time.Duration) time.Duration { return max(a-b, b-a) }

func (s *session) step(h *history.Step) result.Step {
	out := result.Step{AtMS: milliseconds(h.At), Kind: h.Op.String(), User: s.name(h.User), Seq: h.Seq}
	if h.Conn != 0 {
		out.Connection = connection(h.Conn)
	}
	if h.Stream != 0 {
		out.Stream = fmt.Sprintf("s%d", h.Stream)
		out.Owner = s.driver.StreamOwner(h.Stream)
	}
	return out
}

// frame shows a frame as it was, or its canaries and a hash: what a server sends
// to the wrong user may be confidential, and need not stand in a report to be
// proof.
func (s *session) frame(e *history.Evidence) string {
	if len(e.Frame) == 0 {
		return ""
	}
	if s.runner.config.FullEvidence || s.server.Strict || s.server.Control {
		return s.runner.redact(printable(e.Frame), s.instance.Spec)
	}
	marks := make([]string, 0, 4)
	for m := range canary.NewKey(s.runner.secret).Scan(e.Frame) {
		if len(marks) < cap(marks) {
			marks = append(marks, printable(e.Frame[m.At:min(m.End, m.At+canary.Len)]))
		}
	}
	sum := sha256.Sum256(e.Frame)
	return fmt.Sprintf("%s sha256:%x (%s of %d)", strings.Join(marks, " "), sum[:8], plural(uint64(len(e.Frame)), "byte"), e.FrameLen)
}

// printable keeps a frame's text and shows what is no text as escapes.
func printable(frame []byte) string {
	if utf8.Valid(frame) {
		return string(frame)
	}
	quoted := fmt.Sprintf("%q", frame)
	return quoted[1 : len(quoted)-1]
}
