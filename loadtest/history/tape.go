package history

import (
	"bytes"
	"sync"
	"sync/atomic"
)

const (
	tapeDefault = 2048
	tapeLooked  = 1 << 17 // events after which recording ends whatever was kept
	tapeUsers   = 8
	tapeFrame   = 8 << 10 // longer frames are not kept: the drill needs none
)

// tape keeps a copy of what happened first to a few users, for the drill. The
// rest is left out, so that ten thousand users who connect don't fill it.
type tape struct {
	over    atomic.Bool
	mu      sync.Mutex
	left    int
	looked  int
	users   map[PrincipalID]bool
	streams map[StreamID]bool
	conns   map[ConnID]bool
	plans   []Event // of streams whose user has not been chosen yet
	events  []Event
}

func (t *tape) init(n int) {
	t.left = n
	if n == 0 {
		t.left = tapeDefault
	}
	t.users, t.streams, t.conns = map[PrincipalID]bool{}, map[StreamID]bool{}, map[ConnID]bool{}
	t.over.Store(t.left <= 0)
}

func (t *tape) record(e *Event) {
	if t.over.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.looked++; t.looked > tapeLooked || t.left <= 0 {
		t.over.Store(true)
		t.plans = nil
		return
	}
	if t.concerns(e) && len(e.Frame) <= tapeFrame {
		t.keep(e)
	}
}

// concerns decides whether the event is about the users whom the tape follows:
// the first to open a connection.
func (t *tape) concerns(e *Event) bool {
	switch e.Op {
	case Plan:
		if e.Stream == nil || t.users[e.Stream.Owner] {
			return e.Stream != nil
		}
		if len(t.plans) < tapeLooked/8 {
			t.plans = append(t.plans, copyEvent(e))
		}
		return false
	case Emit, Sent, Unsent, Unknown:
		return t.streams[e.StreamID]
	case Open:
		return t.follow(e)
	case Revoke, Join, Leave, Leaving:
		return t.users[e.Session.Principal]
	case Phase, Fence:
		return e.StreamID == 0 || t.streams[e.StreamID]
	}
	return t.conns[e.Conn]
}

func (t *tape) follow(e *Event) bool {
	p := e.Session.Principal
	if !t.users[p] && len(t.users) < tapeUsers {
		t.users[p] = true
		for _, plan := range t.plans {
			if plan.Stream.Owner == p {
				t.keep(&plan)
			}
		}
	}
	if t.users[p] {
		t.conns[e.Conn] = true
	}
	return t.users[p]
}

func (t *tape) keep(e *Event) {
	if e.Op == Plan {
		t.streams[e.Stream.ID] = true
	}
	t.events = append(t.events, copyEvent(e))
	t.left--
}

func copyEvent(e *Event) Event {
	kept := *e
	kept.Frame = bytes.Clone(e.Frame)
	if e.Stream != nil {
		plan := *e.Stream
		kept.Stream = &plan
	}
	return kept
}

func (t *tape) copy() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Event, len(t.events))
	for i := range t.events {
		all[i] = copyEvent(&t.events[i])
	}
	return all
}
