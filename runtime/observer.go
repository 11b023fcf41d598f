package runtime

import "time"

// Observer is told of what happens as it happens. Its methods are called from many goroutines at once, without any
// lock held, on paths that deliver: they must be quick and must not call back into the factory. A panic in one is
// logged and goes no further. Embed [NopObserver] to implement only some of them.
type Observer interface {
	// Connected is called when a connection has become ready, Disconnected when it has ended; err is nil for a normal
	// closure by the client.
	Connected(c *Conn)
	Disconnected(c *Conn, err error)
	// Refused is called for each handshake that was turned away; user is empty if nobody was authenticated.
	Refused(user UserID, err error)
	// Dropped is called when n copies of events to a user were dropped.
	Dropped(user UserID, reason DropReason, n int)
	// Violation is called when an event met a connection of another user and was stopped.
	Violation(v Violation)
}

// NopObserver implements [Observer] and does nothing.
type NopObserver struct{}

// Connected does nothing.
func (NopObserver) Connected(*Conn) {}

// Disconnected does nothing.
func (NopObserver) Disconnected(*Conn, error) {}

// Refused does nothing.
func (NopObserver) Refused(UserID, error) {}

// Dropped does nothing.
func (NopObserver) Dropped(UserID, DropReason, int) {}

// Violation does nothing.
func (NopObserver) Violation(Violation) {}

// Violation is the evidence of an event that met a connection of another user. The event was not delivered there.
type Violation struct {
	At       time.Time
	Intended UserID // whom the event was emitted for
	Owner    UserID // whose connection it met
	Conn     ConnID
	Type     string // the event's type
	Seq      uint64 // its number in the intended user's stream
	Bytes    int    // its size; the payload itself is not kept
}

// maxEvidence bounds the violations that a factory remembers.
const maxEvidence = 64

// Violations returns the last isolation violations, oldest first, 64 at most. [Stats] has the count of all.
func (f *Factory) Violations() []Violation {
	f.evidenceMu.Lock()
	defer f.evidenceMu.Unlock()
	return append([]Violation(nil), f.evidence...)
}

func (f *Factory) keepEvidence(v Violation) {
	f.evidenceMu.Lock()
	if len(f.evidence) == maxEvidence {
		f.evidence = append(f.evidence[:0], f.evidence[1:]...)
	}
	f.evidence = append(f.evidence, v)
	f.evidenceMu.Unlock()
	f.opts.Logger.Error("wsmig: isolation violation stopped", "intended", v.Intended, "owner", v.Owner, "conn", v.Conn, "type", v.Type, "seq", v.Seq)
	f.observe(func(o Observer) { o.Violation(v) })
}

func (f *Factory) observe(call func(Observer)) {
	if f.opts.Observer == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			f.opts.Logger.Error("wsmig: panic in Observer", "panic", p)
		}
	}()
	call(f.opts.Observer)
}
