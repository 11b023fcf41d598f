package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/history"
)

func traffic(w *world, n, rounds int) {
	for range rounds {
		for i := 1; i <= n; i++ {
			w.pass(history.ConnID(i), history.StreamID(i))
		}
	}
}

func TestDrillNamesEveryCodeOnCleanTraffic(t *testing.T) {
	w := newWorld(t, 3)
	traffic(w, 3, 20)
	d := w.c.Drill()
	require.Empty(t, d.Why)
	require.Empty(t, d.Missed)
	require.Equal(t, 20, d.Total())
	require.Equal(t, 20, d.Passed())
	w.fence()
	w.want(counts{})
}

func TestDrillNamesEveryCodeOnLeakingTraffic(t *testing.T) {
	w := newWorld(t, 4)
	for range 20 {
		a, b := w.emit(1), w.emit(2)
		w.recv(1, b)
		w.recv(2, b)
		w.recv(3, a)
		w.emit(4)
	}
	d := w.c.Drill()
	require.Empty(t, d.Missed)
	require.Empty(t, d.Why)
}

// Servers that only answer, or only speak to rooms or to all, some of them not to
// the speaker himself, are judged by the same checker.
func TestDrillOnTrafficForNobodyAlone(t *testing.T) {
	const room = 7
	for name, to := range map[string]func(i int) history.Audience{
		"reply": func(i int) history.Audience {
			return history.Audience{Kind: history.ToReply, Principal: history.PrincipalID(i), Conn: history.ConnID(i)}
		},
		"session": func(i int) history.Audience {
			return history.Audience{Kind: history.ToSession, Principal: history.PrincipalID(i)}
		},
		"room":      func(int) history.Audience { return history.Audience{Kind: history.ToRoom, Room: room} },
		"broadcast": func(int) history.Audience { return history.Audience{Kind: history.ToAll} },
	} {
		for _, echo := range []bool{true, false} {
			many := name == "room" || name == "broadcast"
			if !many && !echo {
				continue
			}
			w := newBareWorld(t, &history.Model{Key: key, Users: users(3)})
			for i := 1; i <= 3; i++ {
				w.connect(history.ConnID(i), history.Session{Principal: history.PrincipalID(i)})
				w.feed(history.Event{Op: history.Join, Room: room, Session: history.Session{Principal: history.PrincipalID(i)}})
			}
			for i := 1; i <= 3; i++ {
				w.plan(history.StreamID(i), to(i), history.PrincipalID(i))
			}
			for range 10 {
				for i := 1; i <= 3; i++ {
					m := w.emit(history.StreamID(i))
					for c := 1; c <= 3; c++ {
						if c == i && echo || c != i && many {
							w.recv(history.ConnID(c), m)
						}
					}
				}
			}
			d := w.c.Drill()
			require.Empty(t, d.Why, "%s, echo %v", name, echo)
			require.Empty(t, d.Missed, "%s, echo %v", name, echo)
		}
	}
}

// The answer of a trigger often comes after the event it triggered.
func TestDrillOnTrafficWhoseTriggersAnswerLate(t *testing.T) {
	w := newWorld(t, 3)
	for range 10 {
		for i := 1; i <= 3; i++ {
			m := w.begin(history.StreamID(i))
			w.recv(history.ConnID(i), m)
			if i < 3 {
				w.feed(history.Event{Op: history.Sent, StreamID: history.StreamID(i), Seq: m.Seq})
			}
		}
	}
	require.Empty(t, w.c.Drill().Missed)
}

func TestDrillNeedsTraffic(t *testing.T) {
	for _, n := range []int{1, 3} {
		w := newWorld(t, n)
		if n == 1 {
			traffic(w, 1, 5)
		}
		d := w.c.Drill()
		require.Zero(t, d.Passed())
		require.NotEmpty(t, d.Why)
	}
}

func TestDrillFollowsAFewOfManyUsers(t *testing.T) {
	w := newWorld(t, 3000)
	traffic(w, 3000, 2)
	require.Empty(t, w.c.Drill().Missed)
}

// Where users only send to each other, whatever reaches the sender is an echo: what is
// planted must go elsewhere, or its author be forgotten when there is nobody else.
func TestDrillOnTrafficThatOthersSend(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		for range 10 { // which two of them are taken is not fixed
			w := newBareWorld(t, &history.Model{Key: key, Users: users(n)})
			for i := 1; i <= n; i++ {
				w.connect(history.ConnID(i), history.Session{Principal: history.PrincipalID(i)})
			}
			for i := 1; i <= n; i++ {
				id := history.StreamID(i)
				to := history.PrincipalID(i)
				w.owner[id] = to
				w.feed(history.Event{Op: history.Plan, Stream: &history.Stream{
					ID: id, Owner: to, Author: history.PrincipalID(i%n + 1), Audience: history.Audience{Kind: history.ToPrincipal, Principal: to},
				}})
			}
			traffic(w, n, 3)
			d := w.c.Drill()
			require.Empty(t, d.Missed, "%d users", n)
		}
	}
}
