package natsbus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

const epochKey = "wsmig-epoch"

// retryWait is the pause before something that NATS refused is tried again.
const retryWait = 50 * time.Millisecond

// keptPerSubject is the history's bound per user. A factory that wants none still needs what a node catches up with.
func (b *Bus) keptPerSubject() int64 {
	if b.node.Events <= 0 {
		return 128
	}
	return int64(b.node.Events)
}

func (b *Bus) streamConfig() jetstream.StreamConfig {
	storage := jetstream.MemoryStorage
	if b.opts.FileStorage {
		storage = jetstream.FileStorage
	}
	duplicates := 2 * b.opts.PublishTimeout
	if b.node.Age > 0 {
		duplicates = min(duplicates, b.node.Age)
	}
	return jetstream.StreamConfig{
		Name: b.opts.Prefix, Subjects: []string{b.names.stored()}, Storage: storage, Replicas: b.opts.Replicas,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxMsgsPerSubject: b.keptPerSubject(), MaxBytes: b.opts.MaxBytes, MaxAge: b.node.Age, Duplicates: max(duplicates, 100*time.Millisecond),
		RePublish:   &jetstream.RePublish{Source: b.names.stored(), Destination: b.names.sent()},
		AllowDirect: false, // reads must see what was acknowledged, so they go to the leader
		Metadata:    map[string]string{epochKey: rand.Text()},
	}
}

// openHistory finds the stream, or makes it, and gives it this factory's bounds. All nodes may do so at once.
func (b *Bus) openHistory(ctx context.Context) (*jetstream.StreamInfo, error) {
	want := b.streamConfig()
	s, err := b.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if s, err = b.js.CreateStream(ctx, want); errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = b.js.Stream(ctx, want.Name)
		}
	}
	if err == nil {
		s, err = b.adjust(ctx, s, want)
	}
	if err != nil {
		return nil, err
	}
	info := s.CachedInfo()
	if info.Config.Metadata[epochKey] == "" {
		return nil, fmt.Errorf("there is a stream %q that is not a history of wsmig: choose another Prefix", want.Name)
	}
	return info, nil
}

func (b *Bus) adjust(ctx context.Context, s jetstream.Stream, want jetstream.StreamConfig) (jetstream.Stream, error) {
	have := s.CachedInfo().Config
	if have.Metadata[epochKey] == "" {
		return s, nil
	}
	want.Metadata, want.Storage = have.Metadata, have.Storage
	same := have.MaxMsgsPerSubject == want.MaxMsgsPerSubject && have.MaxBytes == want.MaxBytes && have.MaxAge == want.MaxAge &&
		have.Duplicates == want.Duplicates && have.Replicas == want.Replicas
	if same {
		return s, nil
	}
	b.log.Info("wsmig: natsbus: the history gets new bounds", "stream", want.Name)
	return b.js.UpdateStream(ctx, want)
}

// JetStream's codes for a stream that can't be made as asked: others pass, since a cluster that has just met has no peers
// yet.
const (
	invalidConfig  = 10052
	oneServerAlone = 10074 // it can't keep several replicas
)

// awaitHistory opens the history as soon as the NATS cluster can.
func (b *Bus) awaitHistory(ctx context.Context) error {
	var why *jetstream.APIError
	for {
		info, err := b.tryOpen(ctx)
		if err == nil {
			b.mu.Lock()
			b.epoch = info.Config.Metadata[epochKey]
			b.mu.Unlock()
			return nil
		}
		errors.As(err, &why)
		bad := why != nil && (why.ErrorCode == invalidConfig || why.ErrorCode == oneServerAlone)
		if bad || !pause(ctx, retryWait) {
			if why != nil { // what was last may be no more than the end of the wait
				err = chain(why, err)
			}
			return fmt.Errorf("wsmig: natsbus: history with %d replicas: %w", b.opts.Replicas, b.unable(err))
		}
	}
}

// tryOpen does not wait long for an answer: a cluster that has no leader yet gives none.
func (b *Bus) tryOpen(ctx context.Context) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*shortTime)
	defer cancel()
	return b.openHistory(ctx)
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// History reads what the user was sent after one number, up to another one that this node has seen.
func (b *Bus) History(ctx context.Context, user wsruntime.UserID, rooms []string, after, upto uint64) (wsruntime.BusHistory, error) {
	h := wsruntime.BusHistory{}
	lack := func(from, to uint64, reason string) {
		if from <= to && (h.Reason == "" || to > h.GapTo) {
			h.GapFrom, h.GapTo, h.Reason = after+1, to, reason
		}
	}
	if after > upto {
		return b.ahead(ctx, after)
	}
	if b.node.Events < 0 {
		lack(after+1, upto, "expired")
		return h, nil
	}
	first, err := b.firstKept(ctx, after)
	if err != nil {
		return h, err
	}
	for _, subject := range b.subjectsFor(user, after) {
		part, err := b.read(ctx, subject, after, upto)
		if err != nil {
			return h, err
		}
		if part.whole {
			first = 1
		}
		if part.revoked > 0 {
			lack(after+1, part.revoked, "revoked")
		} else if part.full {
			lack(after+1, part.events[0].Seq-1, "expired")
		}
		h.Events = append(h.Events, part.events...)
	}
	for _, room := range rooms {
		last, err := b.lastOf(ctx, b.names.room(room), upto)
		if err != nil {
			return h, err
		}
		if last > after {
			lack(after+1, last, "room")
		}
	}
	lack(after+1, min(first-1, upto), "expired")
	slices.SortFunc(h.Events, func(x, y *wsruntime.BusMessage) int { return int(int64(x.Seq) - int64(y.Seq)) })
	b.bound(&h, lack)
	return h, nil
}

// ahead is for a client that has more than this node has seen: either this node is late, or the number was never given.
func (b *Bus) ahead(ctx context.Context, after uint64) (h wsruntime.BusHistory, err error) {
	now, err := b.sync(ctx)
	if err == nil && after > now {
		h.GapFrom, h.GapTo, h.Reason = 1, now, "epoch"
	}
	return h, err
}

// subjectsFor leaves the broadcasts out when the client had the last of them. During a catch-up nobody knows: one may be
// held that lies before a fence which has come back.
func (b *Bus) subjectsFor(user wsruntime.UserID, after uint64) []string {
	all := []string{b.names.user(string(user))}
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.ears[b.names.out(b.names.broadcast())]; e == nil || b.catch.on || e.last > after {
		all = append(all, b.names.broadcast())
	}
	return all
}

// bound leaves the oldest events out until the rest is within the factory's bounds.
func (b *Bus) bound(h *wsruntime.BusHistory, lack func(from, to uint64, reason string)) {
	size, keep := 0, len(h.Events)
	for keep > 0 && len(h.Events)-keep < int(b.keptPerSubject()) {
		m := h.Events[keep-1]
		if size += len(m.Type) + len(m.Thread) + len(m.Data); size > b.node.Bytes {
			break
		}
		keep--
	}
	if keep > 0 {
		lack(h.Events[0].Seq, h.Events[keep-1].Seq, "expired")
		h.Events = h.Events[keep:]
	}
}

// part is what one subject's history has.
type part struct {
	events  []*wsruntime.BusMessage
	full    bool   // so many that older ones may be gone
	revoked uint64 // everything up to here was forgotten
	whole   bool   // a mark says that nothing was missed before what is kept
}

func (b *Bus) read(ctx context.Context, subject string, after, upto uint64) (part, error) {
	p, n := part{}, int64(0)
	s, err := b.js.Stream(ctx, b.opts.Prefix)
	if err != nil {
		return p, err
	}
	for next := after + 1; next <= upto; {
		raw, err := s.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && raw.Sequence > upto {
			break
		}
		if err != nil {
			return p, err
		}
		next = raw.Sequence + 1
		n++
		m, err := decode(raw.Data)
		switch {
		case err != nil:
			b.stats.foreign.Add(1)
		case m.Revoke:
			p.events, p.revoked = nil, raw.Sequence
		case isMark(raw.Data):
			p.whole = p.whole || uint64(m.At) <= after
		default:
			m.Seq = raw.Sequence
			p.events = append(p.events, m)
		}
	}
	p.full = n >= b.keptPerSubject() && len(p.events) > 0
	return p, nil
}

// lastOf gives the number of a subject's last event, if that is not above upto; 0 without one.
func (b *Bus) lastOf(ctx context.Context, subject string, upto uint64) (uint64, error) {
	s, err := b.js.Stream(ctx, b.opts.Prefix)
	if err != nil {
		return 0, err
	}
	raw, err := s.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return min(raw.Sequence, upto), nil
}

// firstKept is the number from which on nothing was forgotten for its age or for the size of the whole; 1 when that is
// certain without asking.
func (b *Bus) firstKept(ctx context.Context, after uint64) (uint64, error) {
	s, err := b.js.Stream(ctx, b.opts.Prefix)
	if err != nil {
		return 0, err
	}
	info := s.CachedInfo() // of this moment: Stream has just asked for it
	if info.State.FirstSeq <= after+1 {
		return 1, nil
	}
	return info.State.FirstSeq, nil
}
