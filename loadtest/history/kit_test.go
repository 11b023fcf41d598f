package history_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
)

var key = canary.NewKey([16]byte{4, 2})

// world writes histories the way an engine would: a clock that moves a
// millisecond with each event, users with one connection each and one stream to
// each of them.
type world struct {
	t     require.TestingT
	c     *history.Checker
	now   time.Duration
	seq   map[history.StreamID]uint64
	owner map[history.StreamID]history.PrincipalID
}

func users(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("u%05d", i+1))
	}
	return names
}

// newWorld has n users; user i is bound to connection i and is the audience of
// stream i.
func newWorld(t require.TestingT, n int) *world {
	w := newBareWorld(t, &history.Model{Key: key, Users: users(n)})
	for i := 1; i <= n; i++ {
		w.plan(history.StreamID(i), history.Audience{Kind: history.ToPrincipal, Principal: history.PrincipalID(i)}, history.PrincipalID(i))
		w.connect(history.ConnID(i), history.Session{Principal: history.PrincipalID(i)})
	}
	return w
}

func newBareWorld(t require.TestingT, m *history.Model) *world {
	return &world{t: t, c: history.New(m), seq: map[history.StreamID]uint64{}, owner: map[history.StreamID]history.PrincipalID{}}
}

func (w *world) feed(e history.Event) history.Verdict {
	w.now += time.Millisecond
	e.At = w.now
	return w.c.Feed(e)
}

func (w *world) plan(id history.StreamID, to history.Audience, owner history.PrincipalID) {
	w.owner[id] = owner
	w.feed(history.Event{Op: history.Plan, Stream: &history.Stream{ID: id, Audience: to, Owner: owner}})
}

func (w *world) connect(id history.ConnID, s history.Session) {
	w.feed(history.Event{Op: history.Open, Conn: id, Session: s})
	w.feed(history.Event{Op: history.Bind, Conn: id, Session: s})
}

// emit sends the next event of the stream and returns its mark.
func (w *world) emit(id history.StreamID) canary.Mark {
	m := w.begin(id)
	w.feed(history.Event{Op: history.Sent, StreamID: id, Seq: m.Seq})
	return m
}

func (w *world) begin(id history.StreamID) canary.Mark {
	w.seq[id]++
	w.feed(history.Event{Op: history.Emit, StreamID: id, Seq: w.seq[id]})
	return canary.Mark{Owner: uint32(w.owner[id]), Stream: uint32(id), Seq: w.seq[id]}
}

// over is emit for an event that is asked for over a connection.
func (w *world) over(via history.ConnID, id history.StreamID) canary.Mark {
	w.seq[id]++
	w.feed(history.Event{Op: history.Emit, StreamID: id, Seq: w.seq[id], Conn: via})
	w.feed(history.Event{Op: history.Sent, StreamID: id, Seq: w.seq[id]})
	return canary.Mark{Owner: uint32(w.owner[id]), Stream: uint32(id), Seq: w.seq[id]}
}

func (w *world) recv(c history.ConnID, marks ...canary.Mark) history.Verdict {
	frame := `{"text":"`
	for _, m := range marks {
		frame += key.Mint(m) + " "
	}
	return w.raw(c, frame+`"}`)
}

func (w *world) raw(c history.ConnID, frame string) history.Verdict {
	return w.feed(history.Event{Op: history.Recv, Conn: c, Wire: history.Text, Frame: []byte(frame)})
}

func (w *world) pass(c history.ConnID, id history.StreamID) { w.recv(c, w.emit(id)) }

func (w *world) fence() { w.feed(history.Event{Op: history.Fence}) }

func (w *world) counts() map[string]uint64 { return w.c.Report(false).Counts.Map() }

// want holds the anomalies of the whole history against a list of codes, each
// once unless it is followed by its number.
func (w *world) want(counts map[string]uint64) {
	if h, ok := w.t.(*testing.T); ok {
		h.Helper()
	}
	require.Equal(w.t, counts, w.counts())
}

type counts = map[string]uint64
