package natsbus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// watch beats, and proves again and again that what is stored reaches this node: a fence comes back, and the stream's
// leader is the same. A new leader may not have sent out what its predecessor had stored last.
func (b *Bus) watch() {
	beat, proof := time.NewTicker(beatEvery), time.NewTicker(b.opts.WatchInterval)
	defer beat.Stop()
	defer proof.Stop()
	w := watcher{b: b}
	w.look()
	for {
		select {
		case <-beat.C:
			b.beat("")
		case <-proof.C:
			w.look()
		case <-b.ctx.Done():
			return
		}
		w.giveUp(time.Now())
	}
}

type watcher struct {
	b      *Bus
	leader string
	last   uint64 // place of the last fence, in the history of this name
	epoch  string
	gaveUp bool
}

func (w *watcher) look() {
	b := w.b
	ctx, cancel := context.WithTimeout(b.ctx, min(b.opts.WatchInterval, beatEvery))
	defer cancel()
	b.mu.Lock()
	before, epoch := b.stats.catchUps.Load(), b.epoch
	b.mu.Unlock()
	at, err := b.sync(ctx)
	if err != nil {
		if b.ctx.Err() == nil && b.nc.IsConnected() {
			b.suspect("no fence came back")
		}
		return
	}
	leader, err := b.leader(ctx)
	switch {
	case err != nil:
		return
	case w.leader != "" && leader != w.leader:
		b.suspect("the stream has another leader")
	}
	w.leader = leader
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.catch.on || b.stats.catchUps.Load() != before {
		w.epoch = "" // the fence may be of another history
		return
	}
	if w.epoch == epoch {
		b.catch.safe = max(b.catch.safe, w.last)
	}
	w.last, w.epoch = at, epoch
}

func (b *Bus) leader(ctx context.Context) (string, error) {
	s, err := b.js.Stream(ctx, b.opts.Prefix)
	if err != nil {
		return "", err
	}
	if c := s.CachedInfo().Cluster; c != nil {
		return c.Leader, nil
	}
	return b.nc.ConnectedServerId(), nil
}

// giveUp closes the clients of a node that has been cut off for too long: they find another node, and nobody need fear
// that a revocation does not reach them. It does so at every look, since a user who is still known here, by an emitter or
// a connection that drains, lets a client in that comes back too early.
func (w *watcher) giveUp(now time.Time) {
	b := w.b
	cut := now.Sub(time.Unix(0, b.proved.Load())) > b.opts.CutOff
	if cut && !w.gaveUp {
		b.log.Error("wsmig: natsbus: clients are sent away", "error", chain(b.nc.LastError(), errCutOff))
		b.stats.reopened.Add(1)
	}
	if cut {
		b.life.Go(b.node.Reopen)
	}
	w.gaveUp = cut
}

// noteRevocation puts a mark into the user's history and takes out what is before it.
func (b *Bus) noteRevocation(ctx context.Context, m *wsruntime.BusMessage) error {
	subject := b.names.user(string(m.User))
	seq, err := b.store(ctx, subject, encode(m))
	if err != nil {
		return err
	}
	s, err := b.js.Stream(ctx, b.opts.Prefix)
	if err == nil {
		err = s.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(seq))
	}
	if err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		b.log.Warn("wsmig: natsbus: forget a revoked user's history", "error", err) // the mark hides it in any case
	}
	return nil
}
