package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/history"
)

// A correct server reads each connection by itself: what lies unread in a dead
// one may be delivered after what was asked for over the next.
func TestWhatWasAskedForOverTwoConnectionsMayOvertake(t *testing.T) {
	w := newWorld(t, 2)
	w.recv(1, w.over(2, 1))
	unread := w.over(2, 1)
	w.feed(history.Event{Op: history.Close, Conn: 2, Planned: true})
	w.connect(3, history.Session{Principal: 2})
	w.recv(1, w.over(3, 1))
	require.Equal(t, history.Own, w.recv(1, unread).Kind)
	w.fence()
	w.want(counts{})
}

func TestOneConnectionsEventsHaveAnOrderBesideAnothers(t *testing.T) {
	w := newWorld(t, 2)
	w.connect(3, history.Session{Principal: 2, Device: 1})
	w.recv(1, w.over(2, 1))
	a, b := w.over(3, 1), w.over(3, 1)
	w.recv(1, b)
	require.Equal(t, history.OutOfOrder, w.recv(1, a).Kind)
	w.want(counts{"D2": 1})
}

func TestAnInversionIsStillOneAfterTheSenderChangedConnections(t *testing.T) {
	w := newWorld(t, 2)
	w.connect(3, history.Session{Principal: 2, Device: 1})
	a, b := w.over(2, 1), w.over(2, 1)
	w.recv(1, b)
	later := w.over(3, 1) // alone of its run: it bars nothing
	w.recv(1, later)
	require.Equal(t, history.OutOfOrder, w.recv(1, a).Kind)
	w.want(counts{"D2": 1})
}

// A call that was given up on goes on in the server, however long.
func TestWhatIsInDoubtHasNoOrder(t *testing.T) {
	for _, fenced := range []bool{false, true} {
		w := newWorld(t, 1)
		w.pass(1, 1)
		slow := w.begin(1)
		w.feed(history.Event{Op: history.Unknown, StreamID: 1, Seq: slow.Seq})
		w.pass(1, 1)
		if fenced {
			w.fence()
			w.pass(1, 1)
		}
		require.Equal(t, history.Own, w.recv(1, slow).Kind)
		w.want(counts{})
	}
}

func TestManyInDoubtAreForgottenInFavourOfTheServer(t *testing.T) {
	w := newWorld(t, 1)
	first := w.begin(1)
	w.feed(history.Event{Op: history.Unknown, StreamID: 1, Seq: first.Seq})
	for range 100 {
		w.pass(1, 1)
		m := w.begin(1)
		w.feed(history.Event{Op: history.Unsent, StreamID: 1, Seq: m.Seq})
	}
	w.fence()
	w.pass(1, 1)
	w.recv(1, first)
	w.want(counts{})
	a, b := w.emit(1), w.emit(1)
	w.recv(1, b)
	w.recv(1, a)
	w.want(counts{"D2": 1})
}
