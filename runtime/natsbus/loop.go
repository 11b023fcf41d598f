package natsbus

import (
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// lastHeader is where a republished message names the one before it on its subject.
const lastHeader = "Nats-Last-Sequence"

// recovered is a stored message that catching up read, or the end of that.
type recovered struct {
	out  string
	seq  uint64
	data []byte
	end  bool
	gone bool // with end: the history does not reach back far enough
}

// loop is the one goroutine that hands messages over, so that everything reaches the factory in the order of the
// history. It never waits: not for a client, not for NATS.
func (b *Bus) loop() {
	for {
		select {
		case m := <-b.in:
			b.take(m)
		case r := <-b.found:
			b.takeRecovered(r)
		case <-b.ctx.Done():
			return
		}
	}
}

func numbers(m *nats.Msg) (seq, last uint64, ok bool) {
	text := m.Header[jetstream.SequenceHeader]
	if len(text) == 0 {
		return 0, 0, false
	}
	seq, err := strconv.ParseUint(text[0], 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if text = m.Header[lastHeader]; len(text) > 0 {
		last, err = strconv.ParseUint(text[0], 10, 64)
	}
	return seq, last, err == nil
}

// take deals with a message that came live.
func (b *Bus) take(m *nats.Msg) {
	seq, prev, ok := numbers(m)
	if !ok {
		b.answer(m)
		return
	}
	if m.Subject == b.names.out(b.names.fence(b.id)) {
		b.fenced(m.Data, seq)
		b.advance(seq)
		return
	}
	b.mu.Lock()
	e := b.ears[m.Subject]
	switch {
	case e == nil || !e.live:
		b.mu.Unlock()
	case seq <= e.last:
		b.mu.Unlock()
		b.stats.repeated.Add(1)
	case b.catch.on:
		b.catch.hold(e, seq, prev, m.Data)
		b.mu.Unlock()
	case prev > e.last:
		b.suspectLocked("hole", min(b.catch.safe, e.last))
		b.catch.hold(e, seq, prev, m.Data)
		b.mu.Unlock()
	default:
		b.mu.Unlock()
		b.hand(e, seq, m.Data)
		b.advance(seq)
	}
}

// advance moves the position of a node that is not catching up.
func (b *Bus) advance(seq uint64) {
	b.mu.Lock()
	if !b.catch.on && seq > b.position.Load() {
		b.position.Store(seq)
	}
	b.mu.Unlock()
}

// hand gives a message to the factory if it is for whom its subject says.
func (b *Bus) hand(e *ear, seq uint64, data []byte) {
	m, err := decode(data)
	b.mu.Lock()
	deliver := e.deliver
	b.mu.Unlock()
	switch {
	case err != nil || !e.owns(m):
		b.stats.foreign.Add(1)
		b.log.Error("wsmig: natsbus: a message that is not for its subject was left out", "seq", seq, "subject", e.in)
	case m.Revoke:
		b.life.Go(func() { deliver(m) }) // it waits a moment for clients that are told
	case isMark(data):
	default:
		m.Seq = seq
		deliver(m)
		b.stats.delivered.Add(1)
	}
	b.mu.Lock()
	e.last = max(e.last, seq)
	b.mu.Unlock()
}

// owns compares the whole id: a subject has only a hash of it.
func (e *ear) owns(m *wsruntime.BusMessage) bool {
	switch e.what {
	case kindBroadcast:
		return m.Broadcast && m.User == "" && m.Room == ""
	case kindRoom:
		return m.Room == e.id && m.User == "" && !m.Broadcast && !m.Join && !m.Leave
	}
	return string(m.User) == e.id && m.Room == "" && !m.Broadcast
}

func (b *Bus) takeRecovered(r recovered) {
	if r.end {
		b.endRound(r)
		return
	}
	b.mu.Lock()
	e := b.ears[r.out]
	fresh := e != nil && e.live && r.seq > e.last
	if fresh {
		e.seen++
	}
	b.mu.Unlock()
	if fresh {
		b.stats.recovered.Add(1)
		b.hand(e, r.seq, r.data)
	}
}
