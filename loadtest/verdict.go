package loadtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/result"
)

// The exit codes of a run, by falling precedence; 2 stands for a mistake of the
// caller's, which has no result.
const (
	ExitPass         = 0
	ExitViolated     = 1
	ExitInconclusive = 3
	ExitSlow         = 4
	ExitInterrupted  = 130
)

// judge turns what the checker saw into the run's result and verdict.
func (s *session) judge(ctx context.Context) *tested {
	s.budget.close()
	report := s.report()
	out := &tested{run: s.convert(report), point: s.point(report), selftest: s.drill, control: s.server.Control, leaks: report.Counts.Leaks()}
	out.violations = s.violations(report)
	out.inconclusive = s.inconclusive(ctx, report)
	out.slow = s.slow(out.run)
	switch {
	case len(out.violations) > 0:
		out.run.Verdict = result.Violated
	case len(out.inconclusive) > 0 || out.alone() || ctx.Err() != nil:
		out.run.Verdict = result.Inconclusive
	default:
		out.run.Verdict = result.Pass
	}
	return out
}

// interference reports whether a stalled reader was among the schedules, without
// which non-interference was not tested.
func (s *session) interference() bool {
	for _, e := range s.budget.entries {
		if (e.schedule.Name == "slow-reader" || e.schedule.Name == "stuck-reader") && e.played > 0 {
			return true
		}
	}
	return false
}

// enoughStalled is how many events must have reached users beside a stalled reader
// before a run may say that they did not feel it.
const enoughStalled = 50

// report is the checker's, with the interference that the plan's own samples show,
// unless this machine may have made it itself.
func (s *session) report() *history.Report {
	r := s.driver.Checker().Report(s.interference())
	r.Interference, r.Counts[history.X7] = s.driver.Interference(), 0
	tested := r.Interference.StalledN >= enoughStalled
	switch {
	case !r.Interference.Noticed():
	case s.samples.busy(r.Interference.Stalled):
		s.unsure = "users seemed to wait for another's reader, but this machine was too busy to tell"
		r.Interference, tested = history.Interference{}, false
	default:
		r.Counts[history.X7] = 1
	}
	r.Level = history.Held(r.Counts, tested)
	return r
}

// busyLag is how long this process may have been kept from running before delays
// prove nothing about the server.
const busyLag = 30 * time.Millisecond

// violations names what was expected and did not hold.
func (s *session) violations(r *history.Report) (found []string) {
	e := &s.settings.expect
	wanted := history.SessionIsolated
	if e.Isolation != "" {
		if level, err := history.ParseLevel(e.Isolation); err == nil {
			wanted = level
		}
	}
	_, lag := s.samples.result()
	for _, code := range history.Codes() {
		n := r.Counts[code]
		if n == 0 || !s.broken(code, n, wanted, lag > busyLag) {
			continue
		}
		found = append(found, fmt.Sprintf("%s: %s %s", s.server.Name, code.Words(), times(code, n)))
	}
	for _, p := range s.driver.Protocols() {
		if p.Faults > 0 {
			line := fmt.Sprintf("%s: %s out of order in %s", s.server.Name, p.Name, plural(p.Faults, "place"))
			if len(p.Examples) > 0 { // none yet where the first fault is seen while it is noted
				line += ", for example " + p.Examples[0]
			}
			found = append(found, line)
		}
	}
	return found
}

func times(code history.Code, n uint64) string {
	if n == 1 {
		return fmt.Sprintf("(%s) once", code)
	}
	return fmt.Sprintf("(%s) %d times", code, n)
}

// broken reports whether n cases of a code are more than what was expected allows.
func (s *session) broken(code history.Code, n uint64, wanted history.Level, busy bool) bool {
	e := &s.settings.expect
	switch code {
	case history.H:
		return false // the harness's fault is never the server's
	case history.D0:
		return e.Loss.Exceeded(n)
	case history.D1:
		return e.Duplicates.Exceeded(n)
	case history.D2:
		return e.Order != "none"
	case history.D3:
		return s.named(e.Starved, n)
	case history.D4:
		return e.Late > 0 || s.server.Strict && !busy
	case history.X7:
		return s.named(e.Interference, n) || wanted == history.NonInterfering
	}
	if level := code.Breaks(); level != history.NoIsolation {
		return level <= wanted
	}
	return true
}

// named judges what is only reported unless the specification names it or the
// server promises it.
func (s *session) named(limit *spec.Count, n uint64) bool {
	if limit == nil {
		return s.server.Strict
	}
	return limit.Exceeded(n)
}

// inconclusive says why the run proves nothing.
func (s *session) inconclusive(ctx context.Context, r *history.Report) []string {
	why := append([]string(nil), s.notes...)
	e := &s.settings.expect
	why = append(why, r.Inconclusive(history.Minimum{Deliveries: e.MinDeliveries, Judged: e.MinJudged})...)
	if s.driver.Lost() {
		why = append(why, "the server stopped answering midway")
	}
	if !s.fenced && ctx.Err() == nil && !s.driver.Lost() && len(why) == 0 {
		why = append(why, "the last events never came back, so that loss is not known")
	}
	if n := s.driver.Unanswered(); n > 0 {
		why = append(why, fmt.Sprintf("%s got no answer, so that nothing is known of what they made", plural(n, "call")))
	}
	for _, p := range s.driver.Protocols() {
		if p.Runs == 0 {
			why = append(why, fmt.Sprintf("no run of %s was received, so that their order is not known: %s", p.Name, unseen(&p)))
		} else if p.Full {
			why = append(why, fmt.Sprintf("more of %s went on at once on a connection than can be watched, so that their order is not known", p.Name))
		} else if !s.ended && ctx.Err() == nil && !s.driver.Lost() {
			why = append(why, fmt.Sprintf("whether all runs of %s ended is not known", p.Name))
		}
	}
	if s.unsure != "" && e.Interference != nil {
		why = append(why, s.unsure)
	}
	if n := s.driver.Oversize(); n > 0 {
		why = append(why, fmt.Sprintf("%s too long to be judged whole", plural(n, "message")))
	}
	for i, one := range why {
		why[i] = s.server.Name + ": " + one
	}
	return why
}

// unseen says what may be the matter with a protocol no run of which was received.
func unseen(p *drive.Protocol) string {
	if p.Unnamed > 0 {
		return fmt.Sprintf("%s of its types came without a value at the paths of run", plural(p.Unnamed, "event"))
	}
	return "does an emitter start one?"
}

// slow names the performance threshold that was missed, if any.
func (s *session) slow(r *result.Run) string {
	limit := time.Duration(s.settings.expect.P99)
	got := time.Duration(r.Latency.P99) * time.Microsecond
	if limit == 0 || got <= limit {
		return ""
	}
	return fmt.Sprintf("%s: 99 %% of the events took up to %v, %v are allowed", s.server.Name, got.Round(10*time.Microsecond), limit)
}

// alone reports whether one user had the server for himself.
func (t *tested) alone() bool { return t.run.Users == 1 }

// doubts are why a server's run proves nothing. That one user is alone at the lower
// end of a sweep is no doubt: he is there to be compared with.
func (t *tested) doubts(all []*tested) []string {
	if !t.alone() || t.sweeps(all) {
		return t.inconclusive
	}
	return append([]string{t.run.Name + ": one user alone can't show whether users are kept apart"}, t.inconclusive...)
}

// sweeps reports whether the server was tested with several users as well.
func (t *tested) sweeps(all []*tested) bool {
	return slices.ContainsFunc(all, func(o *tested) bool { return o.run.Name == t.run.Name && o.run.Users > 1 })
}

// decide is the verdict over all servers, with its exit code and reasons.
func decide(out *result.Result, done []*tested, interrupted bool) {
	var violated, unknown, slow []string
	leaked := false
	for _, t := range done {
		if t.control {
			if t.leaks == 0 && (!t.alone() || !t.sweeps(done)) {
				unknown = append(unknown, fmt.Sprintf("the control %s was not caught, so that a clean result proves nothing", t.run.Name))
			}
			continue
		}
		leaked = leaked || t.leaks > 0
		violated = append(violated, t.violations...)
		unknown = append(unknown, t.doubts(done)...)
		if t.slow != "" {
			slow = append(slow, t.slow)
		}
	}
	out.Verdict, out.ExitCode = result.Pass, ExitPass
	switch {
	case interrupted:
		out.Verdict, out.ExitCode = result.Inconclusive, ExitInterrupted
		if leaked {
			out.Verdict = result.Violated
		}
		out.Reason = append(out.Reason, "interrupted")
		out.Reason = append(out.Reason, violated...)
	case len(violated) > 0:
		out.Verdict, out.ExitCode = result.Violated, ExitViolated
		out.Reason = append(out.Reason, violated...)
	case len(unknown) > 0:
		out.Verdict, out.ExitCode = result.Inconclusive, ExitInconclusive
		out.Reason = append(out.Reason, unknown...)
	case len(slow) > 0:
		out.ExitCode = ExitSlow
		out.Reason = append(out.Reason, slow...)
	}
	for i, one := range out.Reason {
		out.Reason[i] = strings.Join(strings.Fields(one), " ")
	}
}
