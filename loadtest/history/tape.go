package history

import (
	"bytes"
	"sync"
	"sync/atomic"
)

const (
	tapeDefault = 4096
	tapeFrame   = 8 << 10 // longer frames are not kept: the drill needs none
)

// tape keeps a copy of the first events for the drill.
type tape struct {
	full   atomic.Bool
	mu     sync.Mutex
	left   int
	events []Event
}

func (t *tape) init(n int) {
	t.left = n
	if n == 0 {
		t.left = tapeDefault
	}
	t.full.Store(t.left <= 0)
}

func (t *tape) record(e *Event) {
	if t.full.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left <= 0 || len(e.Frame) > tapeFrame {
		return
	}
	kept := *e
	kept.Frame = bytes.Clone(e.Frame)
	if e.Stream != nil {
		plan := *e.Stream
		kept.Stream = &plan
	}
	t.events = append(t.events, kept)
	if t.left--; t.left == 0 {
		t.full.Store(true)
	}
}

func (t *tape) copy() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Event(nil), t.events...)
}
