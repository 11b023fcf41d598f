package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// traffic is users on the nodes and, for each, somebody who emits one event after the other, by way of another node each
// time.
type traffic struct {
	t       *testing.T
	nodes   []*node
	down    []atomic.Bool // nodes that are not asked to emit
	clients []*client
	sent    []*ledger
	quit    chan struct{}
	wg      sync.WaitGroup
}

// ledger is what was emitted to one user.
type ledger struct {
	mu    sync.Mutex
	next  int
	acked map[int]bool
	at    map[int]time.Time
}

func startTraffic(t *testing.T, nodes []*node, users int) *traffic {
	tr := &traffic{t: t, nodes: nodes, down: make([]atomic.Bool, len(nodes)), quit: make(chan struct{})}
	for i := range users {
		order := append(slices.Clone(nodes[i%len(nodes):]), nodes[:i%len(nodes)]...)
		tr.clients = append(tr.clients, newClient(t, "user."+strconv.Itoa(i), order...))
		tr.sent = append(tr.sent, &ledger{acked: map[int]bool{}, at: map[int]time.Time{}})
	}
	for i := range users {
		tr.clients[i].ready(t)
		tr.wg.Go(func() { tr.emit(i) })
	}
	t.Cleanup(tr.halt)
	tr.everybodyMoves(time.Now())
	return tr
}

func (tr *traffic) emit(user int) {
	l := tr.sent[user]
	for turn := user; ; turn++ {
		select {
		case <-tr.quit:
			return
		case <-time.After(5 * time.Millisecond):
		}
		if at := turn % len(tr.nodes); !tr.down[at].Load() {
			tr.emitOne(tr.nodes[at], tr.clients[user].user, l)
		}
	}
}

func (tr *traffic) emitOne(n *node, user string, l *ledger) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	defer context.AfterFunc(n.dead, cancel)()
	em, err := n.f.Emitter(ctx, wsruntime.UserID(user))
	if err != nil {
		return
	}
	defer em.Close()
	l.mu.Lock()
	i := l.next
	l.next++
	l.at[i] = time.Now()
	l.mu.Unlock()
	err = em.Emit(ctx, event(user, i))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[i] = err == nil || errors.Is(err, wsruntime.ErrNoConnection)
}

func (tr *traffic) halt() {
	select {
	case <-tr.quit:
	default:
		close(tr.quit)
	}
	tr.wg.Wait()
}

// everybodyMoves waits until each user got an event that was emitted after a moment, and says how long the last took.
func (tr *traffic) everybodyMoves(since time.Time) time.Duration {
	tr.t.Helper()
	longest := time.Duration(0)
	for i, c := range tr.clients {
		l := tr.sent[i]
		c.await(tr.t, "an event of after "+since.Format(time.StampMilli), func(c *client) bool {
			for k, f := range slices.Backward(c.frames) {
				if f.Type != "test" {
					continue
				}
				l.mu.Lock()
				fresh := l.at[parse(f).N].After(since)
				l.mu.Unlock()
				if fresh {
					longest = max(longest, c.times[k].Sub(since))
				}
				return fresh
			}
			return false
		})
	}
	return longest
}

// more waits until each user was emitted so many more events, by whatever nodes still can.
func (tr *traffic) more(n int) {
	tr.t.Helper()
	count := func() (all []int) {
		for _, l := range tr.sent {
			l.mu.Lock()
			all = append(all, l.next)
			l.mu.Unlock()
		}
		return all
	}
	begin := count()
	until(tr.t, "more events", func() bool {
		for i, now := range count() {
			if now < begin[i]+n {
				return false
			}
		}
		return true
	})
}

// verdict is a row of the fault table.
type verdict struct{ acked, delivered, gaps, crossed int }

// judge ends the traffic and holds what came against what was acknowledged: each event came once, in order, or lies in
// a gap that its user was told of; and nothing came to anybody else.
func (tr *traffic) judge() (v verdict) {
	tr.t.Helper()
	tr.more(50)
	tr.halt()
	for i, c := range tr.clients {
		l := tr.sent[i]
		tr.emitOne(tr.nodes[0], c.user, l)
		require.True(tr.t, l.acked[l.next-1], "the last event was not acknowledged")
		c.await(tr.t, "the last event", c.has(l.next-1))
		c.close()
		v.add(tr.t, c, l)
	}
	return v
}

func (v *verdict) add(t *testing.T, c *client, l *ledger) {
	t.Helper()
	seqs, before := map[int]uint64{}, -1
	for _, f := range c.frames {
		p := parse(f)
		switch {
		case f.Type == "wsmig.ready":
			v.gaps++
		case f.Type == "wsmig.gap":
			if f.Reason != "epoch" {
				v.gaps++
			}
			t.Logf("%s: gap %d to %d: %s", c.user, f.From, f.To, f.Reason)
		case p.User != c.user:
			v.crossed++
		case seqs[p.N] != 0:
			t.Errorf("%s: event %d came twice, as %d and %d", c.user, p.N, seqs[p.N], f.Seq)
		default:
			seqs[p.N] = f.Seq
			if l.acked[p.N] {
				if p.N < before {
					t.Errorf("%s: event %d came after %d", c.user, p.N, before)
				}
				before = p.N
			}
		}
	}
	var silent []int
	for n := range l.next {
		switch {
		case !l.acked[n]:
		case seqs[n] != 0:
			v.acked++
			v.delivered++
		default:
			v.acked++
			if !told(c.frames, seqs, n, l.next) {
				silent = append(silent, n)
			}
		}
	}
	require.Empty(t, silent, "%s: acknowledged, did not come, and in no gap", c.user)
	require.Zero(t, v.crossed, "events of other users")
}

// told tells whether the client knows that an event is missing: by a gap that overlaps what lies between the events that
// came before and after, or by the start of another history between the two.
func told(frames []runtimetest.Frame, seqs map[int]uint64, n, end int) bool {
	low, high, from, to := uint64(0), ^uint64(0), 0, len(frames)
	place := func(seq uint64, i int) int {
		return slices.IndexFunc(frames, func(f runtimetest.Frame) bool { return f.Type == "test" && f.Seq == seq && parse(f).N == i })
	}
	for i := n; i >= 0 && low == 0; i-- {
		if low = seqs[i]; low != 0 {
			from = place(low, i)
		}
	}
	for i := n; i < end && high == ^uint64(0); i++ {
		if seqs[i] != 0 {
			high = seqs[i]
			to = place(high, i)
		}
	}
	if to < from { // the first was not acknowledged, and came late
		from, to = to, from
	}
	return slices.ContainsFunc(frames[from:to], func(f runtimetest.Frame) bool { return f.Type == "wsmig.ready" }) ||
		slices.ContainsFunc(frames, func(f runtimetest.Frame) bool { return f.Type == "wsmig.gap" && f.From < high && f.To > low })
}

func (v verdict) String() string {
	return fmt.Sprintf("acknowledged %d, delivered %d, gaps %d, crossed %d", v.acked, v.delivered, v.gaps, v.crossed)
}
