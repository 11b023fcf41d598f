package history

import (
	"fmt"
	"slices"
)

// PhaseReport is what one schedule emitted and found.
type PhaseReport struct {
	Name    string
	Excused bool
	Emitted uint64
	Counts  Counts
}

// Report is the judgement of everything fed so far. It shares nothing with the
// Checker.
type Report struct {
	Counts Counts // without delivery anomalies of excused phases
	Phases []PhaseReport
	Level  Level // strongest that held; at most session-isolated unless interference was tested

	Emitted   uint64 // emissions begun
	Delivered uint64 // receipts within the audience, main marks, duplicates included
	Declared  uint64 // losses that the server announced
	Echoes    uint64 // receipts by the author
	OldRun    uint64 // marks of another run

	Frames   uint64 // all frames
	Known    uint64 // control frames and frames of the protocol itself
	Judged   uint64 // frames with a mark
	Unjudged uint64 // frames without one that are not known
	Conns    int

	Opportunities uint64 // emissions that began while another user's event was in flight
	PairsMet      uint64 // ordered pairs of users that overlapped at least once
	PairsPossible uint64 // 0 when pairs were not told apart
	Interference  Interference

	Unfenced int // streams with emissions that no fence has settled
	// Silent names the kinds of stream, as the plan calls them, on which events were
	// awaited and not one reached its user.
	Silent []string

	Evidence []Evidence
	Cells    []Cell // receipts outside the audience, by owner and receiver
}

// JudgedShare is the share of data frames that carried a mark, of all that are
// not known to carry none; 1 when there were none.
func (r *Report) JudgedShare() float64 {
	if r.Judged+r.Unjudged == 0 {
		return 1
	}
	return float64(r.Judged) / float64(r.Judged+r.Unjudged)
}

// Bounds are the upper 95 % limits of the leak rate, per delivery and per
// opportunity.
func (r *Report) Bounds() (perDelivery, perOpportunity float64) {
	leaks := r.Counts.Leaks()
	return UpperBound(leaks, r.Delivered+leaks, 0.95), UpperBound(min(leaks, r.Opportunities), r.Opportunities, 0.95)
}

// Minimum is what a run must reach to count as conclusive.
type Minimum struct {
	Deliveries uint64
	Judged     float64 // share of data frames, 0 to 1
}

// Inconclusive lists, in words, why this history proves nothing; empty when it
// is as good as asked for.
func (r *Report) Inconclusive(m Minimum) (why []string) {
	say := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	if r.Delivered == 0 {
		say("no user received an event of his own")
	}
	for _, name := range r.Silent {
		if r.Delivered > 0 {
			say("no event of %q reached its own user", name)
		}
	}
	if r.Delivered > 0 && r.Delivered < m.Deliveries {
		say("%d deliveries, %d are asked for", r.Delivered, m.Deliveries)
	}
	if share := r.JudgedShare(); share < m.Judged {
		say("%.1f %% of the frames carried a mark, %.1f %% are asked for", 100*share, 100*m.Judged)
	}
	if r.Unfenced > 0 {
		say("%d streams ended without a fence, so that loss is not known", r.Unfenced)
	}
	if n := r.Counts[H]; n > 0 {
		say("%d harness faults", n)
	}
	return why
}

// Report judges what was fed so far. interferenceTested says whether X6 and X7
// were looked for, without which non-interference is not claimed.
func (c *Checker) Report(interferenceTested bool) *Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &Report{Counts: c.Counts(), Declared: c.declared.Load(), Opportunities: c.overlap.opportunities.Load()}
	r.Interference = c.delays.compare()
	if r.Interference.Noticed() && r.Counts[X7] == 0 {
		r.Counts[X7] = 1
	}
	r.PairsMet, r.PairsPossible = c.overlap.covered()
	for _, p := range c.phases {
		one := PhaseReport{Name: p.name, Excused: p.excused, Emitted: p.emitted.Load()}
		for i := range one.Counts {
			one.Counts[i] = p.counts[i].Load()
		}
		if r.Emitted += one.Emitted; one.Name != "" || one.Emitted > 0 || one.Counts != (Counts{}) {
			r.Phases = append(r.Phases, one)
		}
	}
	c.conns.each(func(k *conn) { k.addTo(r) })
	own := map[string]uint64{}
	c.streams.each(func(s *stream) { s.addTo(r, own) })
	for name, n := range own {
		if n == 0 {
			r.Silent = append(r.Silent, name)
		}
	}
	slices.Sort(r.Silent)
	r.Evidence, r.Cells = c.evidence.snapshot()
	r.Level = Held(r.Counts, interferenceTested)
	return r
}

func (c *conn) addTo(r *Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Conns++
	r.Frames += c.frames
	r.Known += c.known
	r.Judged += c.judged
	r.Unjudged += c.unjudged
	r.Delivered += c.own
	r.Echoes += c.echoes
	r.OldRun += c.old
}

// addTo adds the receipts of each kind of stream to own, where any were awaited.
func (s *stream) addTo(r *Report, own map[string]uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent.last > s.fenced {
		r.Unfenced++
	}
	if s.awaited && s.sent.through > 0 {
		own[s.Name] += s.own
	}
}
