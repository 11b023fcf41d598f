package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
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
	maxRuns   = 2048 // of a receiver at a time
	maxOpen   = 256  // pairs of different values that stand in a run
	maxEnded  = 256  // remembered, so that what follows an end is told from what lacks a beginning
	maxFaults = 100  // kept; a stream that is all wrong says so with fewer
	maxName   = 64   // bytes of a value that stand in a name
)

// Watch holds one receiver's events against a Sequence. It belongs to one
// goroutine at a time.
type Watch struct {
	spec    *Sequence
	runs    map[string]*run
	ended   []string // the latest runs to end, oldest first
	gap     uint64   // times that something may have been missed
	now     time.Duration
	pause   time.Duration
	open    int
	begun   uint64
	events  uint64
	unnamed uint64
	faults  []SequenceFault
	wrong   uint64
	full    bool
}

type run struct {
	open   map[string]int // pairs begun, by their values
	kind   string         // of its first event that was seen
	unseen bool           // its beginning was not
	ended  bool
	gap    uint64 // the watch's when it was begun
	last   uint64 // the number of its latest event
	at     time.Duration
	pause  time.Duration // the longest between two of its events
}

// NewWatch starts with no run under way.
func NewWatch(s *Sequence) *Watch { return &Watch{spec: s, runs: map[string]*run{}} }

// Late says that the receiver may have missed what came before, such as one that
// has just connected again: runs under way, and those whose beginning is never
// seen, are judged by what is seen of them alone.
func (w *Watch) Late() {
	w.gap++
	w.open = 0
}

// Renew says that what follows is meant for somebody else, who may have missed
// what came before: the runs so far have nothing to do with it.
func (w *Watch) Renew() {
	w.Late()
	w.runs, w.ended = map[string]*run{}, nil
}

// Frame takes the next frame that the receiver got. What is not JSON, or not of
// the protocol, is passed over. The faults that show at this frame are returned.
func (w *Watch) Frame(frame []byte) []SequenceFault { return w.FrameAt(frame, w.now) }

// FrameAt is Frame with the moment at which the frame came.
func (w *Watch) FrameAt(frame []byte, at time.Duration) []SequenceFault {
	w.now = at
	v, ok := decode(frame)
	if !ok {
		return nil
	}
	kind := lookup(v, w.spec.Type)
	if !w.spec.names(kind) {
		return nil
	}
	if !w.spec.ofRun(v) {
		w.unnamed++
		return nil
	}
	w.events++
	if w.full {
		return nil
	}
	before := len(w.faults)
	w.event(kind, w.spec.values(v, w.spec.Run), v)
	return w.faults[before:]
}

// Open is the number of runs that are under way and were seen from their
// beginning.
func (w *Watch) Open() int { return w.open }

// Counts are the runs whose beginning was seen, the events of the protocol, and
// the faults so far, those that are not kept included.
func (w *Watch) Counts() (runs, events, faults uint64) { return w.begun, w.events, w.wrong }

// Unnamed counts the frames whose type is the protocol's but that name no run.
func (w *Watch) Unnamed() uint64 { return w.unnamed }

// Full reports whether more went on at once than can be watched: from then on
// nothing was judged.
func (w *Watch) Full() bool { return w.full }

// Pause is the longest time that passed between two events of a run that ended.
func (w *Watch) Pause() time.Duration { return w.pause }

// End says that nothing follows and returns all faults, those of runs that never
// ended included.
func (w *Watch) End() []SequenceFault {
	w.EndSince(w.events)
	return w.faults
}

// EndSince says that nothing follows for the runs under way of which nothing came
// after the first so many events, and returns the faults of those.
func (w *Watch) EndSince(events uint64) []SequenceFault {
	before := len(w.faults)
	for _, name := range slices.Sorted(maps.Keys(w.runs)) {
		if r := w.runs[name]; !r.ended && !w.partial(r) && r.last <= events {
			w.fault(name, "", "it never ended")
		}
	}
	return w.faults[before:]
}

// partial reports whether a run's beginning, or something in between, may have
// gone elsewhere. Who has missed nothing yet can't have missed a beginning.
func (w *Watch) partial(r *run) bool { return r.gap != w.gap || r.unseen && w.gap > 0 }

func (w *Watch) event(kind, name string, v any) {
	r := w.runs[name]
	switch first := kind == w.spec.First; {
	case r == nil || r.ended && r.gap != w.gap || first && (w.partial(r) || r.ended && len(w.spec.Run) == 0):
		if r != nil && r.unseen && !r.ended && r.gap == w.gap { // nothing was missed since
			w.fault(name, r.kind, "before "+w.spec.First)
		}
		if r = w.begin(name, kind); r == nil {
			return
		}
		if r.unseen && !w.partial(r) {
			w.fault(name, kind, "before "+w.spec.First)
		}
	case r.ended:
		w.fault(name, kind, "the run had ended")
		return
	case first:
		w.fault(name, kind, "the run had begun already")
	}
	r.pause, r.at, r.last = max(r.pause, w.now-r.at), w.now, w.events
	if w.pair(r, kind, name, v); w.full {
		return
	}
	if slices.Contains(w.spec.Last, kind) {
		w.close(r, kind, name)
	}
}

// begin makes a run known; nil when there are too many.
func (w *Watch) begin(name, kind string) *run {
	if len(w.runs) >= maxRuns {
		w.spare()
	}
	if w.full {
		return nil
	}
	r := &run{kind: kind, unseen: kind != w.spec.First, gap: w.gap, at: w.now}
	if !r.unseen {
		w.begun++
	}
	if !w.partial(r) {
		w.open++
	}
	w.runs[name] = r
	return r
}

// spare forgets runs whose end may have gone elsewhere, of which there may come to
// be any number.
func (w *Watch) spare() {
	maps.DeleteFunc(w.runs, func(_ string, r *run) bool { return !r.ended && w.partial(r) })
	if len(w.runs) >= maxRuns {
		w.giveUp()
	}
}

func (w *Watch) giveUp() {
	w.full, w.open = true, 0
	w.runs, w.ended = nil, nil
}

func (w *Watch) pair(r *run, kind, name string, v any) {
	for _, p := range w.spec.Pairs {
		if kind != p.Open && kind != p.Close {
			continue
		}
		key := p.Open + " " + w.spec.values(v, p.By)
		switch {
		case kind == p.Open && r.open[key] == 0 && len(r.open) >= maxOpen:
			w.giveUp()
			return
		case kind == p.Open:
			if r.open == nil {
				r.open = map[string]int{}
			}
			r.open[key]++
		case r.open[key] == 0:
			if !w.partial(r) {
				w.fault(name, kind, "without "+key)
			}
		default:
			if r.open[key]--; r.open[key] == 0 {
				delete(r.open, key)
			}
		}
	}
}

func (w *Watch) close(r *run, kind, name string) {
	if r.ended = true; !w.partial(r) {
		w.open--
		w.pause = max(w.pause, r.pause)
		for _, key := range slices.Sorted(maps.Keys(r.open)) {
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

// ofRun reports whether an event names a run, where the protocol tells runs apart.
func (s *Sequence) ofRun(v any) bool {
	return len(s.Run) == 0 || slices.ContainsFunc(s.Run, func(path string) bool { return lookup(v, path) != "" })
}

func (s *Sequence) values(v any, paths []string) string {
	parts := make([]string, len(paths))
	for i, p := range paths {
		parts[i] = fmt.Sprintf("%q", short(lookup(v, p)))
	}
	return strings.Join(parts, " ")
}

// short keeps what somebody else may have written out of memory and reports: of a
// long text, its beginning and what tells it from others.
func short(text string) string {
	if len(text) <= maxName {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%s~%x", text[:maxName/2], sum[:8])
}

// decode reads one JSON value. Numbers keep their digits, since ids may be numbers
// that a float can't tell apart.
func decode(frame []byte) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(frame))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil, false
	}
	_, err := d.Token()
	return v, errors.Is(err, io.EOF)
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
	case json.Number, bool:
		return fmt.Sprint(v)
	}
	return ""
}
