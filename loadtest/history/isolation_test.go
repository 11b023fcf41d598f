package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
)

func TestOwnEventsAreOwn(t *testing.T) {
	w := newWorld(t, 3)
	for range 1000 {
		for i := 1; i <= 3; i++ {
			require.Equal(t, history.Own, w.recv(history.ConnID(i), w.emit(history.StreamID(i))).Kind)
		}
	}
	w.fence()
	r := w.c.Report(false)
	require.Empty(t, r.Counts.Map())
	require.Equal(t, uint64(3000), r.Delivered)
	require.Equal(t, history.SessionIsolated, r.Level)
	require.Empty(t, r.Inconclusive(history.Minimum{Deliveries: 3000, Judged: 1}))
}

func TestAnotherUsersEventIsForeign(t *testing.T) {
	w := newWorld(t, 3)
	m := w.emit(2)
	require.Equal(t, history.Foreign, w.recv(1, m).Kind)
	w.recv(2, m)
	w.fence()
	w.want(counts{"X0": 1})
	r := w.c.Report(false)
	require.Equal(t, history.NoIsolation, r.Level)
	require.Equal(t, []history.Cell{{Owner: 2, Receiver: 1, Count: 1}}, r.Cells)
	require.Len(t, r.Evidence, 1)
	require.Equal(t, history.PrincipalID(2), r.Evidence[0].Owner)
	require.NotEmpty(t, r.Evidence[0].Around)
}

func TestForeignReceiptDoesNotReplaceTheOwn(t *testing.T) {
	w := newWorld(t, 2)
	w.recv(1, w.emit(2))
	w.fence()
	w.want(counts{"X0": 1, "D0": 1})
}

func TestLogoutEndsTheAudience(t *testing.T) {
	w := newWorld(t, 2)
	w.feed(history.Event{Op: history.Unbind, Conn: 1})
	require.Equal(t, history.Ghost, w.recv(1, w.emit(1)).Kind)
	w.fence()
	w.want(counts{"X1a": 1})
	require.Equal(t, history.FieldIsolated, w.c.Report(false).Level)
}

// A server that looks a connection up and writes to it thereafter lets an event slip
// past a logout once in a while; one that ends the session late, at most logouts.
func TestWhatTrailsALogoutIsChanceWhileItIsRare(t *testing.T) {
	logOut := func(every int) map[string]uint64 {
		w := newWorld(t, 2)
		for i := range 200 {
			slips := i%every == 0
			under := w.emit(1)
			if !slips {
				w.recv(1, under)
			}
			w.feed(history.Event{Op: history.Unbind, Conn: 1})
			if slips {
				w.recv(1, under)
			}
			w.feed(history.Event{Op: history.Bind, Conn: 1, Session: history.Session{Principal: 1}})
		}
		return w.counts()
	}
	require.Empty(t, logOut(25))
	require.Greater(t, logOut(2)["X1a"], uint64(50))
}

func TestNothingBeforeTheBind(t *testing.T) {
	w := newWorld(t, 2)
	s := history.Session{Principal: 1, Device: 1}
	w.feed(history.Event{Op: history.Open, Conn: 9, Session: s})
	m := w.emit(1)
	w.recv(1, m)
	require.Equal(t, history.Early, w.recv(9, m).Kind)
	w.feed(history.Event{Op: history.Bind, Conn: 9, Session: s})
	m = w.emit(1)
	w.recv(1, m)
	w.recv(9, m)
	w.fence()
	w.want(counts{"X1b": 1})
}

func TestReloginLeavesTheFormerUserBehind(t *testing.T) {
	w := newWorld(t, 2)
	m := w.emit(1)
	w.feed(history.Event{Op: history.Bind, Conn: 1, Session: history.Session{Principal: 2, Device: 1, Epoch: 1}})
	require.Equal(t, history.Stale, w.recv(1, m).Kind)
	both := w.emit(2)
	require.Equal(t, history.Own, w.recv(1, both).Kind)
	require.Equal(t, history.Own, w.recv(2, both).Kind)
	w.fence()
	w.want(counts{"X1c": 1})
}

func TestSessionAudienceIsOneDevice(t *testing.T) {
	w := newWorld(t, 1)
	w.connect(5, history.Session{Principal: 1, Device: 1})
	w.plan(7, history.Audience{Kind: history.ToSession, Principal: 1, Device: 1}, 1)
	m := w.emit(7)
	require.Equal(t, history.Own, w.recv(5, m).Kind)
	require.Equal(t, history.WrongSession, w.recv(1, m).Kind)
	w.fence()
	w.want(counts{"X1d": 1})
	require.Equal(t, history.LifetimeIsolated, w.c.Report(false).Level)
}

func TestForeignFieldInOwnEnvelope(t *testing.T) {
	w := newWorld(t, 2)
	own, other := w.emit(1), w.emit(2)
	w.recv(2, other, field(other, 3))
	require.Equal(t, history.FieldForeign, w.recv(1, own, field(other, 3)).Kind)
	w.fence()
	w.want(counts{"X2": 1})
	require.Equal(t, history.UserIsolated, w.c.Report(false).Level)
}

func field(m canary.Mark, f uint8) canary.Mark { m.Field = f; return m }

func TestTailOfAnothersPaddingIsAFragment(t *testing.T) {
	w := newWorld(t, 2)
	own, other := w.emit(1), w.emit(2)
	long := string(key.AppendFill(nil, other, 300))
	require.Equal(t, history.Own, w.raw(2, long).Kind)
	require.Equal(t, history.FieldForeign, w.raw(1, key.Mint(own)+long[200:]).Kind)
	w.fence()
	w.want(counts{"X2": 1})
}

func TestCutMarkOfAnotherIsAFragment(t *testing.T) {
	w := newWorld(t, 2)
	own, other := w.emit(1), w.emit(2)
	w.recv(2, other)
	w.raw(1, key.Mint(own)+key.Mint(other)[:30])
	w.fence()
	w.want(counts{"X2": 1})
}

func TestReplyGoesToWhoAsked(t *testing.T) {
	w := newWorld(t, 2)
	w.connect(3, history.Session{Principal: 1, Device: 1})
	w.plan(8, history.Audience{Kind: history.ToReply, Principal: 1, Conn: 1}, 1)
	m := w.emit(8)
	require.Equal(t, history.Own, w.recv(1, m).Kind)
	require.Equal(t, history.Crossed, w.recv(2, m).Kind)
	require.Equal(t, history.WrongSession, w.recv(3, m).Kind)
	w.fence()
	w.want(counts{"X3": 1, "X1d": 1})
}

func TestRoomReachesItsMembersOnly(t *testing.T) {
	w := newWorld(t, 3)
	for _, p := range []history.PrincipalID{1, 2} {
		w.feed(history.Event{Op: history.Join, Room: 1, Session: history.Session{Principal: p}})
	}
	w.plan(9, history.Audience{Kind: history.ToRoom, Room: 1}, 1)
	m := w.emit(9)
	require.Equal(t, history.Own, w.recv(1, m).Kind)
	require.Equal(t, history.Own, w.recv(2, m).Kind)
	require.Equal(t, history.Overreach, w.recv(3, m).Kind)
	m = w.emit(9)
	w.recv(1, m)
	w.feed(history.Event{Op: history.Leave, Room: 1, Session: history.Session{Principal: 2}})
	require.Equal(t, history.Own, w.recv(2, m).Kind, "emitted while still a member")
	m = w.emit(9)
	w.recv(1, m)
	require.Equal(t, history.Overreach, w.recv(2, m).Kind)
	w.fence()
	w.want(counts{"X4": 2})
}

func TestRoomLossIsPerMember(t *testing.T) {
	w := newWorld(t, 3)
	for p := range 3 {
		w.feed(history.Event{Op: history.Join, Room: 1, Session: history.Session{Principal: history.PrincipalID(p + 1)}})
	}
	w.plan(9, history.Audience{Kind: history.ToRoom, Room: 1}, 1)
	m := w.emit(9)
	w.recv(1, m)
	w.recv(3, m)
	w.fence()
	w.want(counts{"D0": 1})
}

func TestIdentityOfAnother(t *testing.T) {
	w := newWorld(t, 2)
	w.recv(1, canary.Mark{Owner: 1, Field: canary.FieldIdentity})
	w.want(counts{})
	require.Equal(t, history.Disclosed, w.recv(1, canary.Mark{Owner: 2, Field: canary.FieldIdentity}).Kind)
	w.want(counts{"X5": 1})
}

func TestRevokedUserHearsNothingNew(t *testing.T) {
	w := newWorld(t, 1)
	before := w.emit(1)
	w.feed(history.Event{Op: history.Revoke, Session: history.Session{Principal: 1}})
	require.Equal(t, history.Own, w.recv(1, before).Kind, "may have been on its way")
	require.Equal(t, history.Ghost, w.recv(1, w.emit(1)).Kind)
	w.connect(2, history.Session{Principal: 1})
	require.Equal(t, history.Own, w.recv(2, w.emit(1)).Kind)
	w.fence()
	w.want(counts{"X1a": 1})
}

// Of an event that is not remembered any more nothing is known, least of all when a
// later one was emitted.
func TestAnEventThatIsForgottenIsNotTakenForALaterOne(t *testing.T) {
	w := newWorld(t, 1)
	first := w.emit(1)
	for range 511 {
		w.emit(1)
	}
	w.feed(history.Event{Op: history.Revoke, Session: history.Session{Principal: 1}})
	after := w.emit(1)
	require.Equal(t, history.Own, w.recv(1, first).Kind, "may have been on its way")
	require.Equal(t, history.Ghost, w.recv(1, after).Kind)
}

func TestBroadcastIsForEverybody(t *testing.T) {
	w := newWorld(t, 2)
	w.plan(9, history.Audience{Kind: history.ToAll}, 1)
	m := w.emit(9)
	w.recv(1, m)
	w.recv(2, m)
	w.fence()
	w.want(counts{})
}

func TestAuthorMayHearAnEchoWhereThePlanSaysSo(t *testing.T) {
	w := newWorld(t, 2)
	w.feed(history.Event{Op: history.Plan, Stream: &history.Stream{ID: 9, Owner: 2, Author: 1, Audience: history.Audience{Kind: history.ToPrincipal, Principal: 2}}})
	w.owner[9] = 2
	m := w.emit(9)
	w.recv(2, m)
	require.Equal(t, history.Echo, w.recv(1, m).Kind)
	w.fence()
	w.want(counts{})
}

func authored(w *world) {
	w.feed(history.Event{Op: history.Plan, Stream: &history.Stream{ID: 9, Owner: 2, Author: 1, Audience: history.Audience{Kind: history.ToPrincipal, Principal: 2}}})
	w.owner[9] = 2
}

func TestEventThatOnlyItsAuthorGotWentToTheWrongUser(t *testing.T) {
	w := newWorld(t, 2)
	authored(w)
	w.recv(1, w.emit(9))
	w.pass(2, 9)
	w.fence()
	w.want(counts{"X0": 1, "D0": 1})
	require.Equal(t, []history.Cell{{Owner: 2, Receiver: 1, Count: 1}}, w.c.Report(false).Cells)
}

func TestServerThatEchoesIsNotAccusedWhenItLoses(t *testing.T) {
	w := newWorld(t, 2)
	authored(w)
	m := w.emit(9)
	w.recv(1, m)
	w.recv(2, m)
	w.recv(1, w.emit(9))
	w.fence()
	w.want(counts{"D0": 1})
}

func TestLoginThatIsUnderWayLetsBothUsersIn(t *testing.T) {
	w := newWorld(t, 2)
	w.feed(history.Event{Op: history.Login, Conn: 1, Session: history.Session{Principal: 2, Device: 1}})
	lost := w.emit(1)
	require.Equal(t, history.Own, w.recv(1, lost).Kind, "the former session may last until the answer")
	w.emit(1)
	m := w.emit(2)
	w.recv(2, m)
	require.Equal(t, history.Own, w.recv(1, m).Kind, "and the next one begins before the answer is read")
	w.feed(history.Event{Op: history.Bind, Conn: 1, Session: history.Session{Principal: 2, Device: 1}})
	w.fence()
	w.want(counts{})
}

func TestWhatComesBeforeTheAnswerOfAServerThatKnowsWhoConnects(t *testing.T) {
	w := newWorld(t, 2)
	s := history.Session{Principal: 1, Device: 1}
	w.feed(history.Event{Op: history.Open, Conn: 9, Session: s})
	w.feed(history.Event{Op: history.Login, Conn: 9, Session: s})
	own, other := w.emit(1), w.emit(2)
	require.Equal(t, history.Own, w.recv(9, own).Kind, "it may be registered before it is greeted")
	require.Equal(t, history.Foreign, w.recv(9, other).Kind)
	w.recv(1, own)
	w.recv(2, other)
	w.feed(history.Event{Op: history.Bind, Conn: 9, Session: s})
	m := w.emit(1)
	w.recv(1, m)
	w.recv(9, m)
	w.fence()
	w.want(counts{"X0": 1})
}

func TestServerMayHangUpInsteadOfChangingTheUser(t *testing.T) {
	w := newWorld(t, 2)
	w.feed(history.Event{Op: history.Login, Conn: 1, Session: history.Session{Principal: 2, Device: 1}})
	w.feed(history.Event{Op: history.Close, Conn: 1})
	w.emit(1)
	w.fence()
	w.want(counts{})
}
