package natsbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// peers are the other nodes, by their beats.
type peers struct {
	mu   sync.Mutex
	seen map[string]time.Time // guarded by mu
	life time.Duration        // how long a node without a beat counts
}

func (p *peers) init(life time.Duration) { p.seen, p.life = make(map[string]time.Time), life }

func (p *peers) note(id string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[id] = at
}

func (p *peers) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seen, id)
}

// refresh is for a node that comes back: that it heard nobody says nothing about them.
func (p *peers) refresh(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.seen {
		p.seen[id] = now
	}
}

// living lists those who have beaten lately, and so may have clients.
func (p *peers) living(now time.Time) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ids []string
	for id, at := range p.seen {
		if now.Sub(at) > p.life {
			delete(p.seen, id)
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (p *peers) others(now time.Time) int { return len(p.living(now)) }

const (
	beatEvery = time.Second
	meetTime  = 100 * time.Millisecond
	hello     = "hello "
	bye       = "bye "
)

// listenForNodes subscribes to beats, to control, and to this node's fences.
func (b *Bus) listenForNodes() error {
	_, err1 := b.nc.Subscribe(b.names.beat(), b.heard)
	_, err2 := b.nc.Subscribe(b.names.control(), b.obey)
	_, err3 := b.nc.ChanSubscribe(b.names.out(b.names.fence(b.id)), b.in)
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("wsmig: natsbus: %w", err)
	}
	return nil
}

func (b *Bus) heard(m *nats.Msg) {
	text := string(m.Data)
	if id, gone := strings.CutPrefix(text, bye); gone {
		b.peers.forget(id)
		return
	}
	id, greets := strings.CutPrefix(text, hello)
	b.peers.note(id, time.Now())
	if greets {
		b.beat("")
	}
}

func (b *Bus) beat(word string) {
	if err := b.nc.Publish(b.names.beat(), []byte(word+b.id)); err != nil {
		b.log.Debug("wsmig: natsbus: beat", "error", err)
	}
}

// meet greets the others and gives them a moment to answer, so that a node which has just started knows whom to wait
// for.
func (b *Bus) meet(ctx context.Context) error {
	b.beat(hello)
	pause(ctx, meetTime)
	return nil
}

func (b *Bus) leave() {
	b.beat(bye)
	if err := b.nc.FlushTimeout(time.Second); err != nil {
		b.log.Debug("wsmig: natsbus: leave", "error", err)
	}
}

// obey does what another node's command says and tells it so.
func (b *Bus) obey(msg *nats.Msg) {
	m, err := decode(msg.Data)
	b.mu.Lock()
	deliver := b.everyone
	closed := b.closed
	b.mu.Unlock()
	if err != nil || deliver == nil || closed || !(m.Revoke || m.Join || m.Leave) {
		return
	}
	b.life.Go(func() {
		deliver(m)
		if err := msg.Respond([]byte(b.id)); err != nil {
			b.log.Debug("wsmig: natsbus: obey", "error", err)
		}
	})
}

// UnconfirmedError says that a command was not confirmed by every node in ControlTimeout. A node that is dead or cut off
// from NATS can't confirm. It has closed its clients' connections within [Options.CutOff] of the call at the latest, and
// learns of a revocation before it opens again.
type UnconfirmedError struct {
	Nodes []string // ids of those that did not answer
	Err   error
}

// Error counts the nodes.
func (e *UnconfirmedError) Error() string {
	return fmt.Sprintf("wsmig: natsbus: not confirmed by %d nodes: %v", len(e.Nodes), e.Err)
}

// Unwrap gives what ended the wait.
func (e *UnconfirmedError) Unwrap() error { return e.Err }

// command has all nodes do something. A revocation is noted in the history first, for those that are away, and what the
// user was sent before is taken out of it.
func (b *Bus) command(ctx context.Context, m *wsruntime.BusMessage) error {
	if m.Revoke {
		if err := b.noteRevocation(ctx, m); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, b.opts.ControlTimeout)
	defer cancel()
	inbox := b.nc.NewInbox()
	answers, err := b.nc.SubscribeSync(inbox)
	if err != nil {
		return fmt.Errorf("wsmig: natsbus: command: %w", err)
	}
	defer func() { _ = answers.Unsubscribe() }()
	if err := b.nc.PublishRequest(b.names.control(), inbox, encode(m)); err != nil {
		return fmt.Errorf("wsmig: natsbus: command: %w", err)
	}
	done := map[string]bool{}
	for {
		var missing []string
		for _, id := range b.peers.living(time.Now()) {
			if !done[id] {
				missing = append(missing, id)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		answer, err := answers.NextMsgWithContext(ctx)
		switch {
		case errors.Is(err, nats.ErrNoResponders):
			err = errors.New("no other node is connected")
			fallthrough
		case err != nil:
			return &UnconfirmedError{Nodes: missing, Err: err}
		}
		done[string(answer.Data)] = true
	}
}
