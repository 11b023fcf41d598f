package history_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
)

func TestHoleDoesNotCascade(t *testing.T) {
	w := newWorld(t, 1)
	w.emit(1)
	for range 1000 {
		w.pass(1, 1)
	}
	w.fence()
	w.want(counts{"D0": 1})
}

func TestTailLossIsSeen(t *testing.T) {
	w := newWorld(t, 1)
	w.pass(1, 1)
	w.emit(1)
	w.emit(1)
	w.fence()
	w.want(counts{"D0": 2})
}

func TestWithoutAFenceNothingIsLost(t *testing.T) {
	w := newWorld(t, 1)
	w.pass(1, 1)
	w.emit(1)
	w.want(counts{})
	require.Equal(t, 1, w.c.Report(false).Unfenced)
}

func TestLostAndFoundIsLate(t *testing.T) {
	w := newWorld(t, 1)
	m := w.emit(1)
	w.emit(1)
	w.fence()
	w.want(counts{"D0": 2})
	require.Equal(t, history.Late, w.recv(1, m).Kind)
	w.want(counts{"D0": 1, "D4": 1})
}

func TestDuplicate(t *testing.T) {
	w := newWorld(t, 1)
	m := w.emit(1)
	w.recv(1, m)
	for range 2000 {
		w.pass(1, 1)
	}
	require.Equal(t, history.Duplicate, w.recv(1, m).Kind)
	w.fence()
	w.want(counts{"D1": 1})
}

func TestTheSameEventTwiceInOneFrameIsOneReceipt(t *testing.T) {
	w := newWorld(t, 1)
	m := w.emit(1)
	w.recv(1, m, m, field(m, 4))
	w.fence()
	w.want(counts{})
}

func TestEachConnectionOfAUserGetsACopy(t *testing.T) {
	w := newWorld(t, 1)
	w.connect(2, history.Session{Principal: 1, Device: 1})
	m := w.emit(1)
	w.recv(1, m)
	w.recv(2, m)
	w.fence()
	w.want(counts{})
}

func TestOneOfSeveralConnectionsIsEnough(t *testing.T) {
	w := newWorld(t, 1)
	w.connect(2, history.Session{Principal: 1, Device: 1})
	w.recv(2, w.emit(1))
	w.fence()
	w.want(counts{})
}

func TestSiblingThatGetsNothingIsStarved(t *testing.T) {
	w := newWorld(t, 1)
	w.connect(2, history.Session{Principal: 1, Device: 1})
	for range 5 {
		w.pass(2, 1)
	}
	w.fence()
	w.want(counts{"D3": 1})
}

func TestRedeliveryToTheNextConnectionIsADuplicate(t *testing.T) {
	w := newWorld(t, 1)
	m := w.emit(1)
	w.recv(1, m)
	w.feed(history.Event{Op: history.Close, Conn: 1, Planned: true})
	w.connect(2, history.Session{Principal: 1})
	require.Equal(t, history.Duplicate, w.recv(2, m).Kind)
	w.fence()
	w.want(counts{"D1": 1})
}

func TestInversion(t *testing.T) {
	w := newWorld(t, 1)
	a, b, c := w.emit(1), w.emit(1), w.emit(1)
	w.recv(1, b)
	w.recv(1, c)
	require.Equal(t, history.OutOfOrder, w.recv(1, a).Kind)
	w.fence()
	w.want(counts{"D2": 1})
}

func TestConcurrentTriggersMayOvertake(t *testing.T) {
	w := newWorld(t, 1)
	a, b := w.begin(1), w.begin(1)
	for _, m := range []canary.Mark{a, b} {
		w.feed(history.Event{Op: history.Sent, StreamID: 1, Seq: m.Seq})
	}
	w.recv(1, b)
	w.recv(1, a)
	w.fence()
	w.want(counts{})
}

func TestUnorderedStreamsAreNotJudgedForOrder(t *testing.T) {
	w := newBareWorld(t, &history.Model{Key: key, Users: users(1)})
	w.owner[1] = 1
	w.feed(history.Event{Op: history.Plan, Stream: &history.Stream{ID: 1, Owner: 1, Unordered: true, Audience: history.Audience{Kind: history.ToPrincipal, Principal: 1}}})
	w.connect(1, history.Session{Principal: 1})
	a, b := w.emit(1), w.emit(1)
	w.recv(1, b)
	w.recv(1, a)
	w.fence()
	w.want(counts{})
}

func TestDoubtfulTriggersAreNeverLost(t *testing.T) {
	for _, op := range []history.Op{history.Unknown, history.Unsent} {
		w := newWorld(t, 1)
		w.pass(1, 1)
		m := w.begin(1)
		w.feed(history.Event{Op: op, StreamID: 1, Seq: m.Seq})
		w.begin(1)
		w.fence()
		w.want(counts{})
	}
}

func TestWhatWasUnderWayAtADisconnectIsNotLost(t *testing.T) {
	w := newWorld(t, 1)
	w.pass(1, 1)
	w.emit(1)
	w.feed(history.Event{Op: history.Close, Conn: 1, Planned: true})
	w.emit(1)
	w.connect(2, history.Session{Principal: 1})
	w.emit(1)
	w.fence()
	w.want(counts{"D0": 1})
}

func TestResumedSessionIsDueWhatItMissed(t *testing.T) {
	w := newWorld(t, 1)
	w.pass(1, 1)
	w.emit(1)
	w.feed(history.Event{Op: history.Close, Conn: 1, Planned: true})
	missed := w.emit(1)
	s := history.Session{Principal: 1, Epoch: 1}
	w.feed(history.Event{Op: history.Open, Conn: 2, Session: s})
	w.feed(history.Event{Op: history.Bind, Conn: 2, Session: s, Resumed: true})
	w.recv(2, missed)
	w.fence()
	w.want(counts{"D0": 1})
}

func TestServerThatHangsUpLosesWhatFollows(t *testing.T) {
	w := newWorld(t, 1)
	w.pass(1, 1)
	w.feed(history.Event{Op: history.Close, Conn: 1})
	w.emit(1)
	w.connect(2, history.Session{Principal: 1})
	w.pass(2, 1)
	w.fence()
	w.want(counts{"D0": 1})
}

// A server that lets one connection of a user stand closes the older one, before or
// after the newer is ready. What follows is due to the newer one alone.
func TestReplacedConnectionIsDueNothing(t *testing.T) {
	newer := history.Session{Principal: 1, Device: 1}
	for name, replace := range map[string]func(w *world){
		"after": func(w *world) {
			w.connect(2, newer)
			w.feed(history.Event{Op: history.Close, Conn: 1})
		},
		"before": func(w *world) {
			w.feed(history.Event{Op: history.Open, Conn: 2, Session: newer})
			w.feed(history.Event{Op: history.Close, Conn: 1})
			w.feed(history.Event{Op: history.Bind, Conn: 2, Session: newer})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			w.pass(1, 1)
			replace(w)
			for range 5 {
				w.pass(2, 1)
			}
			w.fence()
			w.emit(1)
			w.feed(history.Event{Op: history.Leaving, Conn: 2})
			w.emit(1)
			w.fence()
			w.want(counts{})
			w.connect(3, newer)
			w.emit(1)
			w.fence()
			w.want(counts{"D0": 1})
		})
	}
}

// That a server lets go of a connection for no newer one excuses no loss.
func TestDroppedTabsAreDueWhatWasSent(t *testing.T) {
	second, third := history.Session{Principal: 1, Device: 1}, history.Session{Principal: 1, Device: 2}
	for name, drop := range map[string]func(w *world){
		"the newer one": func(w *world) { w.feed(history.Event{Op: history.Close, Conn: 2}) },
		"both": func(w *world) {
			w.feed(history.Event{Op: history.Close, Conn: 2})
			w.feed(history.Event{Op: history.Close, Conn: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			w.connect(2, second)
			m := w.emit(1)
			w.recv(1, m)
			w.recv(2, m)
			drop(w)
			w.emit(1)
			w.connect(3, third)
			for range 5 {
				m := w.emit(1)
				w.recv(1, m)
				w.recv(3, m)
			}
			w.fence()
			require.NotZero(t, w.c.Report(false).Counts[history.D0])
		})
	}
}

func TestFaultedConnectionIsDueNothing(t *testing.T) {
	w := newWorld(t, 1)
	w.feed(history.Event{Op: history.Fault, Conn: 1})
	w.emit(1)
	w.feed(history.Event{Op: history.Heal, Conn: 1})
	w.pass(1, 1)
	w.fence()
	w.want(counts{})
}

func TestAnnouncedLossIsDeclared(t *testing.T) {
	w := newWorld(t, 1)
	for range 4 {
		w.emit(1)
	}
	w.feed(history.Event{Op: history.Declare, Conn: 1, Count: 3})
	w.fence()
	w.want(counts{"D0": 1})
	require.Equal(t, uint64(3), w.c.Report(false).Declared)

	w = newWorld(t, 1)
	w.emit(1)
	w.feed(history.Event{Op: history.Declare, Conn: 1})
	w.emit(1)
	w.fence()
	w.want(counts{"D0": 1})
	require.Equal(t, uint64(1), w.c.Report(false).Declared)
}

func TestExcusedPhaseKeepsDeliveryApart(t *testing.T) {
	w := newWorld(t, 2)
	w.feed(history.Event{Op: history.Phase, Name: "stall", Excused: true})
	w.emit(1)
	w.recv(1, w.emit(2))
	w.fence()
	w.want(counts{"X0": 1})
	phases := w.c.Report(false).Phases
	require.Len(t, phases, 1)
	require.Equal(t, counts{"X0": 1, "D0": 2}, phases[0].Counts.Map())
}

func TestLateIsOverTheBound(t *testing.T) {
	w := newBareWorld(t, &history.Model{Key: key, Users: users(1), LateAfter: 20 * time.Millisecond})
	w.plan(1, history.Audience{Kind: history.ToPrincipal, Principal: 1}, 1)
	w.connect(1, history.Session{Principal: 1})
	w.pass(1, 1)
	m := w.emit(1)
	w.now += 30 * time.Millisecond
	require.Equal(t, history.Late, w.recv(1, m).Kind)
	w.fence()
	w.want(counts{"D4": 1})
}

func TestHealAfterTheEndMakesNothingDue(t *testing.T) {
	w := newWorld(t, 1)
	w.feed(history.Event{Op: history.Fault, Conn: 1})
	w.feed(history.Event{Op: history.Close, Conn: 1, Planned: true})
	w.connect(2, history.Session{Principal: 1, Device: 1})
	w.feed(history.Event{Op: history.Heal, Conn: 1})
	for range 5 {
		w.pass(2, 1)
	}
	w.fence()
	w.want(counts{})
}

func TestEventMayDieWithTheSocketThatAskedForIt(t *testing.T) {
	for _, closes := range []bool{false, true} {
		w := newWorld(t, 2)
		w.pass(2, 2)
		w.feed(history.Event{Op: history.Emit, StreamID: 2, Seq: 2, Conn: 1})
		w.feed(history.Event{Op: history.Sent, StreamID: 2, Seq: 2})
		if closes {
			w.feed(history.Event{Op: history.Close, Conn: 1, Planned: true})
		}
		w.fence()
		w.want(map[bool]counts{true: {}, false: {"D0": 1}}[closes])
	}
}

func TestReceiptsTellOfTheReceiversOwnStall(t *testing.T) {
	var waited []bool
	w := newBareWorld(t, &history.Model{Key: key, Users: users(1), OnReceipt: func(r history.Receipt) { waited = append(waited, r.Waited) }})
	w.plan(1, history.Audience{Kind: history.ToPrincipal, Principal: 1}, 1)
	w.connect(1, history.Session{Principal: 1})
	w.pass(1, 1)
	m := w.emit(1)
	w.feed(history.Event{Op: history.Fault, Conn: 1})
	w.feed(history.Event{Op: history.Heal, Conn: 1})
	w.recv(1, m)
	w.pass(1, 1)
	require.Equal(t, []bool{false, true, false}, waited)
}

func TestAFenceSaysBeforehandWhatItWouldFind(t *testing.T) {
	w := newWorld(t, 2)
	require.False(t, w.c.Lacking(1))
	require.False(t, w.c.Lacking(77), "nobody planned it")
	m := w.emit(1)
	require.True(t, w.c.Lacking(1))
	require.False(t, w.c.Lacking(2))
	w.recv(1, m)
	require.False(t, w.c.Lacking(1))
	w.connect(3, history.Session{Principal: 1, Device: 1})
	for range 5 {
		w.pass(1, 1)
	}
	require.True(t, w.c.Lacking(1), "one of two connections is starved")
	w.want(counts{})
	w.fence()
	w.want(counts{"D3": 1})
	require.False(t, w.c.Lacking(1), "it was counted")
	w.emit(1)
	w.feed(history.Event{Op: history.Declare, Conn: 1})
	require.False(t, w.c.Lacking(1), "the server said so")
}

func TestNobodyIsOwedARoomsEventsWhileLeavingIt(t *testing.T) {
	w := newWorld(t, 2)
	member := func(op history.Op, p history.PrincipalID) {
		w.feed(history.Event{Op: op, Room: 1, Session: history.Session{Principal: p}})
	}
	w.plan(3, history.Audience{Kind: history.ToRoom, Room: 1}, 1)
	member(history.Join, 1)
	member(history.Join, 2)
	member(history.Leaving, 2)
	w.recv(1, w.emit(3))
	w.plan(4, history.Audience{Kind: history.ToRoom, Room: 1}, 1)
	w.recv(1, w.emit(4))
	w.feed(history.Event{Op: history.Close, Conn: 2, Planned: true})
	w.connect(5, history.Session{Principal: 2})
	m := w.emit(3)
	w.recv(1, m)
	w.fence()
	w.want(counts{})
	w.recv(5, m)
	w.want(counts{}) // the server may come to the wish later
	member(history.Join, 2)
	member(history.Join, 2)
	w.recv(1, w.emit(3))
	w.fence()
	w.want(counts{"D0": 1})
	member(history.Leaving, 2)
	member(history.Leave, 2)
	m = w.emit(3)
	w.recv(1, m)
	w.recv(5, m)
	w.fence()
	w.want(counts{"D0": 1, "X4": 1})
}
