package loadtest

import (
	"context"
	"time"

	"github.com/wsmig/wsmig/loadtest/result"
)

// partialEvery is the least time between two partial results: each walks over every
// stream and connection.
const partialEvery = 500 * time.Millisecond

// partial tells the caller what the result would be if the run ended here. It is
// called before the first stretch of the plan and between two of them, on the goroutine
// that plays them.
func (s *session) partial(ctx context.Context) {
	show := s.runner.config.Partial
	if show == nil || time.Since(s.shown) < partialEvery {
		return
	}
	unsure := s.unsure // what the end decides is not for a look on the way to change
	defer func() { s.unsure = unsure }()
	report := s.report()
	out := &tested{run: s.convert(report), selftest: s.drill, control: s.server.Control, leaks: report.Counts.Leaks()}
	out.violations = s.violations(report)
	out.run.Verdict = result.Inconclusive
	if len(out.violations) > 0 {
		out.run.Verdict = result.Violated
	}
	show(s.runner.underWay(ctx, out))
	s.shown = time.Now()
}

// underWay is the result of the servers that are done and of the one under test.
func (r *runner) underWay(ctx context.Context, t *tested) *result.Result {
	out := r.resultOf(ctx, append(r.done[:len(r.done):len(r.done)], t))
	if out.Verdict == result.Pass {
		out.Verdict, out.ExitCode = result.Inconclusive, ExitInconclusive
	}
	return out
}
