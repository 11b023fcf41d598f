package history

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Sequence is a protocol of events in a declarative form: what begins a run, what
// ends it, what comes in pairs in between. It is plain data and can be read from
// JSON. Paths name members of a JSON frame, such as "data.run_id".
type Sequence struct {
	Name string `json:"name"`
	// Type is the path of an event's type. Events of types that the protocol does
	// not name are none of its business.
	Type string `json:"type"`
	// Run are the paths whose values together name the run that an event is of. With
	// none, a receiver's runs follow one another.
	Run []string `json:"run"`
	// First begins a run and comes once; Last are those that end it.
	First string   `json:"first"`
	Last  []string `json:"last"`
	// Between may come any number of times.
	Between []string `json:"between"`
	Pairs   []Pair   `json:"pairs"`
}

// Pair are two types of which each Open is followed by one Close with the same
// values at the paths of By, before the run ends.
type Pair struct {
	Open  string   `json:"open"`
	Close string   `json:"close"`
	By    []string `json:"by"`
}

// AgentEvents is the protocol of an agent's run as the runtime's emitters send
// it: started first, completed or error last, and every tool that begins to
// execute completes.
func AgentEvents() *Sequence {
	return &Sequence{
		Name: "agent events", Type: "type", Run: []string{"data.run_id"},
		First: "agent_started", Last: []string{"agent_completed", "agent_error"},
		Between: []string{"agent_thinking", "progress"},
		Pairs:   []Pair{{Open: "tool_executing", Close: "tool_completed", By: []string{"data.tool_name"}}},
	}
}

// SequenceFault is one departure from a Sequence.
type SequenceFault struct {
	Run  string // the values that name the run
	Type string // of the event at which it showed, empty at the end
	What string
}

// Error says what is wrong with which run.
func (f SequenceFault) Error() string {
	if f.Type == "" {
		return fmt.Sprintf("run %s: %s", f.Run, f.What)
	}
	return fmt.Sprintf("run %s: %s: %s", f.Run, f.Type, f.What)
}

const (
	maxRuns   = 1 << 16 // under way at a time
	maxEnded  = 256     // remembered, so that what follows an end is told from what lacks a beginning
	maxFaults = 1000    // kept; a stream that is all wrong says so with fewer
)

// Watch holds one receiver's events against a Sequence. It belongs to one
// goroutine at a time.
type Watch struct {
	spec   *Sequence
	runs   map[string]*run
	ended  []string // the latest runs to end, oldest first
	late   bool
	begun  uint64
	events uint64
	faults []SequenceFault
	wrong  uint64
	missed int
}

type run struct {
	open    map[string]int // pairs begun, by their values
	ended   bool
	partial bool // its beginning, or something in between, may have gone elsewhere
}

// NewWatch starts with no run under way.
func NewWatch(s *Sequence) *Watch { return &Watch{spec: s, runs: map[string]*run{}} }

// Late says that the receiver may have missed what came before, such as one that
// has just connected again: runs under way, and those whose beginning is never
// seen, are judged by what is seen of them alone.
func (w *Watch) Late() {
	w.late = true
	for _, r := range w.runs {
		r.partial = true
	}
}

// Frame takes the next frame that the receiver got. What is not JSON, or not of
// the protocol, is passed over. The faults that show at this frame are returned.
func (w *Watch) Frame(frame []byte) []SequenceFault {
	var v any
	if json.Unmarshal(frame, &v) != nil {
		return nil
	}
	kind := lookup(v, w.spec.Type)
	if !w.spec.names(kind) {
		return nil
	}
	w.events++
	before := len(w.faults)
	w.event(kind, w.spec.values(v, w.spec.Run), v)
	return w.faults[before:]
}

// Open is the number of runs that are under way and were seen from their
// beginning.
func (w *Watch) Open() (n int) {
	for _, r := range w.runs {
		if !r.ended && !r.partial {
			n++
		}
	}
	return n
}

// Counts are the runs whose beginning was seen, the events of the protocol, and
// the faults so far, those that are not kept included.
func (w *Watch) Counts() (runs, events, faults uint64) { return w.begun, w.events, w.wrong }

// End says that nothing follows and returns all faults, those of runs that never
// ended included.
func (w *Watch) End() []SequenceFault {
	names := make([]string, 0, len(w.runs))
	for name := range w.runs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if r := w.runs[name]; !r.ended && !r.partial {
			w.fault(name, "", "it never ended")
		}
	}
	if w.missed > 0 {
		w.fault("", "", fmt.Sprintf("%d runs more than can be watched at once", w.missed))
	}
	return w.faults
}

func (w *Watch) event(kind, name string, v any) {
	r := w.runs[name]
	switch first := kind == w.spec.First; {
	case r == nil || first && r.ended && len(w.spec.Run) == 0:
		if r = w.begin(name, first); r == nil {
			return
		}
		if !first && !r.partial {
			w.fault(name, kind, "before "+w.spec.First)
		}
	case r.ended:
		w.fault(name, kind, "the run had ended")
		return
	case first:
		w.fault(name, kind, "the run had begun already")
	}
	w.pair(r, kind, name, v)
	if slices.Contains(w.spec.Last, kind) {
		w.close(r, kind, name)
	}
}

// begin makes a run known; nil when there are too many.
func (w *Watch) begin(name string, first bool) *run {
	if len(w.runs) >= maxRuns {
		w.missed++
		return nil
	}
	if first {
		w.begun++
	}
	r := &run{open: map[string]int{}, partial: w.late && !first}
	w.runs[name] = r
	return r
}

func (w *Watch) pair(r *run, kind, name string, v any) {
	for _, p := range w.spec.Pairs {
		key := p.Open + " " + w.spec.values(v, p.By)
		switch kind {
		case p.Open:
			r.open[key]++
		case p.Close:
			if r.open[key] == 0 {
				if !r.partial {
					w.fault(name, kind, "without "+key)
				}
				continue
			}
			if r.open[key]--; r.open[key] == 0 {
				delete(r.open, key)
			}
		}
	}
}

func (w *Watch) close(r *run, kind, name string) {
	r.ended = true
	left := make([]string, 0, len(r.open))
	for key := range r.open {
		left = append(left, key)
	}
	slices.Sort(left)
	for _, key := range left {
		if !r.partial {
			w.fault(name, kind, key+" was not completed")
		}
	}
	r.open = nil
	w.ended = append(w.ended, name)
	if len(w.ended) > maxEnded {
		w.forget(w.ended[0])
		w.ended = w.ended[1:]
	}
}

func (w *Watch) forget(name string) {
	if r := w.runs[name]; r != nil && r.ended && !slices.Contains(w.ended[1:], name) {
		delete(w.runs, name)
	}
}

func (w *Watch) fault(run, kind, what string) {
	w.wrong++
	if len(w.faults) >= maxFaults {
		return
	}
	w.faults = append(w.faults, SequenceFault{Run: run, Type: kind, What: what})
}

func (s *Sequence) names(kind string) bool {
	if kind == "" {
		return false
	}
	if kind == s.First || slices.Contains(s.Last, kind) || slices.Contains(s.Between, kind) {
		return true
	}
	return slices.ContainsFunc(s.Pairs, func(p Pair) bool { return kind == p.Open || kind == p.Close })
}

func (s *Sequence) values(v any, paths []string) string {
	parts := make([]string, len(paths))
	for i, p := range paths {
		parts[i] = fmt.Sprintf("%q", lookup(v, p))
	}
	return strings.Join(parts, " ")
}

// lookup finds the text or number at a path, or nothing.
func lookup(v any, path string) string {
	for _, name := range strings.Split(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = object[name]
	}
	switch v := v.(type) {
	case string:
		return v
	case float64, bool:
		return fmt.Sprint(v)
	}
	return ""
}
