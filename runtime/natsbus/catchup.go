package natsbus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// catchUp is what a node does when something may have passed it by: it raises a fence, reads everything that is stored
// between the last place that is beyond doubt and the fence, and hands over what is for its ears. Meanwhile what comes
// live is held. Guarded by Bus.mu, but for the messages, which the loop alone uses.
type catchUp struct {
	on    bool
	again bool   // something more happened
	safe  uint64 // everything for this node up to here was handed over
	proof proof  // the last fence that came back while all was well
	held  []held
	over  bool // more came than may be held
	begun time.Time
}

// proof is a fence by its place in the history and its number: no other history has it there.
type proof struct{ at, number uint64 }

type held struct {
	e         *ear
	seq, prev uint64
	data      []byte
}

// heldLimit bounds what is held; over it, the history is read once more instead.
const heldLimit = 65_536

func (c *catchUp) hold(e *ear, seq, prev uint64, data []byte) {
	e.seen++
	if c.over = c.over || len(c.held) >= heldLimit; c.over {
		c.held = nil
		return
	}
	c.held = append(c.held, held{e, seq, prev, data})
}

// suspect starts catching up from the last place that is beyond doubt.
func (b *Bus) suspect(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.suspectLocked(why, b.catch.safe)
}

func (b *Bus) suspectLocked(why string, from uint64) {
	if !b.attached || b.closed || b.ctx.Err() != nil || b.proved.Load() == 0 {
		return
	}
	if b.catch.on {
		b.catch.again = true
		return
	}
	b.log.Info("wsmig: natsbus: catching up", "why", why, "from", from)
	b.stats.catchUps.Add(1)
	b.catch = catchUp{on: true, safe: b.catch.safe, proof: b.catch.proof, begun: time.Now()}
	for _, e := range b.ears {
		e.before, e.seen = e.last, 0
	}
	b.life.Go(func() { b.round(from) })
}

// round is one try after the other until the history was read.
func (b *Bus) round(from uint64) {
	for b.ctx.Err() == nil {
		gone, upto, err := b.tryRound(from)
		if err == nil {
			b.pass(recovered{seq: upto, end: true, gone: gone})
			return
		}
		b.log.Debug("wsmig: natsbus: catching up", "error", err)
		pause(b.ctx, retryWait)
	}
}

// A round first finds out whether NATS is there again, in shortTime, and has longTime to read then.
const (
	shortTime = time.Second
	longTime  = 30 * time.Second
)

func (b *Bus) tryRound(from uint64) (gone bool, upto uint64, err error) {
	short, cancel := context.WithTimeout(b.ctx, shortTime)
	defer cancel()
	info, err := b.openHistory(short)
	if err != nil {
		return false, 0, err
	}
	epoch, err := b.checkEpoch(short, info)
	if err != nil {
		return false, 0, err
	}
	if upto, err = b.sync(short); err != nil {
		return false, 0, fmt.Errorf("fence: %w", err)
	}
	if epoch != b.Epoch() {
		b.startOver(epoch)
		return true, upto, nil
	}
	if info.State.FirstSeq > from+1 {
		return true, upto, nil
	}
	long, cancel := context.WithTimeout(b.ctx, longTime)
	defer cancel()
	return false, upto, b.readAll(long, from+1, upto)
}

// checkEpoch gives the history's name, a new one if its numbers began anew. The last fence of the time before tells: it
// is still at its place, or the history has gone on so far that its place is forgotten.
func (b *Bus) checkEpoch(ctx context.Context, info *jetstream.StreamInfo) (string, error) {
	epoch := info.Config.Metadata[epochKey]
	b.mu.Lock()
	known, last := epoch == b.epoch, b.catch.proof
	b.mu.Unlock()
	if !known || last.at < info.State.FirstSeq {
		return epoch, nil
	}
	s, err := b.js.Stream(ctx, b.opts.Prefix)
	if err != nil {
		return "", err
	}
	m, err := s.GetMsg(ctx, last.at)
	switch {
	case err == nil && m.Subject == b.names.fence(b.id) && bytes.Equal(m.Data, fenceData(last.number)):
		return epoch, nil
	case err == nil || errors.Is(err, jetstream.ErrMsgNotFound):
		return b.renameHistory(ctx, info.Config)
	}
	return "", err
}

// renameHistory gives a new name to a history whose numbers began anew: all servers that had it in memory were down at
// once. All nodes that find out give it the same one.
func (b *Bus) renameHistory(ctx context.Context, c jetstream.StreamConfig) (string, error) {
	epoch := token("after " + c.Metadata[epochKey])
	c.Metadata = map[string]string{epochKey: epoch}
	_, err := b.js.UpdateStream(ctx, c)
	return epoch, err
}

// startOver is for a history that is another one: the NATS servers lost theirs. All numbers begin anew.
func (b *Bus) startOver(epoch string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.epoch = epoch
	b.catch.safe, b.catch.held, b.catch.proof = 0, nil, proof{}
	b.position.Store(0)
	for _, e := range b.ears {
		e.last, e.before = 0, 0
	}
}

// readAll passes on everything that is stored from one number to another.
func (b *Bus) readAll(ctx context.Context, from, upto uint64) error {
	s, err := b.js.Stream(ctx, b.opts.Prefix)
	if err != nil {
		return err
	}
	start, cancel := context.WithTimeout(ctx, shortTime)
	defer cancel()
	c, err := s.OrderedConsumer(start, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from})
	if err != nil {
		return err
	}
	it, err := c.Messages(jetstream.PullExpiry(shortTime), jetstream.PullHeartbeat(shortTime/2))
	if err != nil {
		return err
	}
	defer it.Stop()
	for {
		m, err := b.next(ctx, it)
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Stream <= upto {
			b.pass(recovered{out: b.names.out(m.Subject()), seq: meta.Sequence.Stream, data: m.Data()})
		}
		if meta.Sequence.Stream >= upto {
			return nil
		}
	}
}

// next gives up when nothing comes: the consumer may have been put on a server that is dead, which nobody may have found
// out yet. The next round asks for another one.
func (b *Bus) next(ctx context.Context, it jetstream.MessagesContext) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*shortTime)
	defer cancel()
	return it.Next(jetstream.NextContext(ctx))
}

func (b *Bus) pass(r recovered) {
	select {
	case b.found <- r:
	case <-b.ctx.Done():
	}
}

// endRound runs in the loop when everything up to the fence was read: what was held meanwhile follows, and the node
// goes on live, unless something more happened.
func (b *Bus) endRound(r recovered) {
	b.mu.Lock()
	again := b.catch.again || b.catch.over
	b.catch.again, b.catch.over = false, false
	waiting := b.catch.held
	b.catch.held = nil
	b.catch.safe = max(b.catch.safe, r.seq)
	if r.gone {
		for _, e := range b.ears { // all clients come back and read the history themselves
			e.last = max(e.last, r.seq)
		}
	}
	b.mu.Unlock()
	if r.gone {
		b.stats.reopened.Add(1)
		b.life.Go(b.node.Reopen)
	}
	if again {
		b.life.Go(func() { b.round(r.seq) })
		b.position.Store(max(b.position.Load(), r.seq))
		return
	}
	last := r.seq
	for _, h := range waiting {
		b.takeHeld(h)
		last = max(last, h.seq)
	}
	b.tellOverfull(r.gone)
	b.mu.Lock()
	b.catch.on, b.catch.held = false, nil
	b.position.Store(max(b.position.Load(), last))
	took := time.Since(b.catch.begun)
	b.mu.Unlock()
	b.stats.lastCatchUp.Store(int64(took))
	b.log.Info("wsmig: natsbus: caught up", "took", took, "position", last)
}

func (b *Bus) takeHeld(h held) {
	b.mu.Lock()
	last := h.e.last
	b.mu.Unlock()
	if h.seq <= last {
		return
	}
	if h.prev > last {
		b.lost(h.e, last+1, h.prev) // it was read up to the fence, so what is missing is gone
	}
	b.hand(h.e, h.seq, h.data)
}

// tellOverfull tells a gap where so much came during the catch-up that the history may have forgotten some of it before
// it was read. Nobody needs to know when all clients come back anyway.
func (b *Bus) tellOverfull(gone bool) {
	b.mu.Lock()
	var full []*ear
	for _, e := range b.ears {
		if !gone && e.live && e.seen >= int(b.keptPerSubject()) {
			full = append(full, e)
		}
	}
	b.mu.Unlock()
	for _, e := range full {
		b.lost(e, e.before+1, e.last)
	}
}

// lost tells those who listen that what lies between is missing.
func (b *Bus) lost(e *ear, from, to uint64) {
	b.stats.gaps.Add(1)
	m := &wsruntime.BusMessage{GapFrom: from, Seq: to}
	switch e.what {
	case kindEvent:
		m.User = wsruntime.UserID(e.id)
	case kindRoom:
		m.Room = e.id
	}
	e.deliver(m)
}

// errCutOff is logged when a node gives its clients up.
var errCutOff = errors.New("wsmig: natsbus: cut off")
