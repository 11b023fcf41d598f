package history_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
)

func TestExplanationsNameWhoWhatAndWhen(t *testing.T) {
	w := newWorld(t, 2)
	m := w.emit(2)
	w.recv(1, m)
	w.emit(2)
	w.raw(1, flip(key.Mint(m), 30))
	w.feed(history.Event{Op: history.Overrun, Name: "reader fell behind"})
	w.fence()
	all := map[string]string{}
	r := w.c.Report(false)
	for _, e := range r.Evidence {
		all[e.Code.String()] = w.c.Explain(&e)
		require.NotContains(t, all[e.Code.String()], "%!")
		require.NotContains(t, all[e.Code.String()], "~w1")
	}
	require.Equal(t, "Event 1 of stream 2 of u00002, emitted at 7.000 ms, was received at 9.000 ms by connection c1, which was u00001's since 3.000 ms. X0: that is not who it was for.", all["X0"])
	require.Contains(t, all["D0"], "had not reached u00002")
	require.Contains(t, all["P0"], "check is false")
	require.Contains(t, all["H"], "reader fell behind")
}

func TestEvidenceIsBoundedAndSpreadOverPairs(t *testing.T) {
	w := newBareWorld(t, &history.Model{Key: key, Users: users(60), Evidence: 20})
	for i := 1; i <= 60; i++ {
		w.plan(history.StreamID(i), history.Audience{Kind: history.ToPrincipal, Principal: history.PrincipalID(i)}, history.PrincipalID(i))
		w.connect(history.ConnID(i), history.Session{Principal: history.PrincipalID(i)})
	}
	for round := range 30 {
		w.recv(1, w.emit(2))
		if round > 20 {
			w.recv(3, w.emit(history.StreamID(round)))
		}
	}
	r := w.c.Report(false)
	require.Equal(t, uint64(39), r.Counts[history.X0])
	require.Len(t, r.Cells, 10)
	loud := 0
	for _, e := range r.Evidence {
		if e.Receiver == 1 {
			loud++
		}
	}
	require.Equal(t, 4, loud, "one pair can't fill the store")
	require.Len(t, r.Evidence, 13)
}

// What one schedule shows is not hidden by what an earlier one left, however often
// they take turns.
func TestEvidenceHasRoomForEachPhase(t *testing.T) {
	w := newBareWorld(t, &history.Model{Key: key, Users: users(2), Evidence: 6})
	for i := 1; i <= 2; i++ {
		w.plan(history.StreamID(i), history.Audience{Kind: history.ToPrincipal, Principal: history.PrincipalID(i)}, history.PrincipalID(i))
		w.connect(history.ConnID(i), history.Session{Principal: history.PrincipalID(i)})
	}
	leaks := func(phase string, n int) {
		w.feed(history.Event{Op: history.Phase, Name: phase})
		for range n {
			w.recv(2, w.emit(1))
		}
	}
	leaks("first", 40)
	leaks("second", 2)
	leaks("first", 40)
	leaks("second", 40)
	leaks("third", 1)
	kept := map[string]int{}
	for _, e := range w.c.Report(false).Evidence {
		kept[e.Phase]++
	}
	require.Equal(t, map[string]int{"first": 4, "second": 4, "third": 1}, kept)
}

func TestEvidenceKeepsWhatLedToIt(t *testing.T) {
	w := newWorld(t, 2)
	for range 200 {
		w.pass(1, 1)
		w.pass(2, 2)
	}
	w.recv(1, w.emit(2))
	e := w.c.Report(false).Evidence[0]
	require.NotEmpty(t, e.Around)
	seen := map[history.ConnID]bool{}
	for i, s := range e.Around {
		seen[s.Conn] = true
		require.GreaterOrEqual(t, s.At, e.At-50*time.Millisecond)
		if i > 0 {
			require.GreaterOrEqual(t, s.At, e.Around[i-1].At)
		}
	}
	require.Equal(t, map[history.ConnID]bool{1: true, 2: true}, seen, "the receiver's connection and the owner's")
	require.Equal(t, history.Foreign, e.Around[len(e.Around)-1].Kind)
}

func TestLongFramesAreClippedAroundTheFind(t *testing.T) {
	w := newWorld(t, 2)
	w.raw(1, strings.Repeat("x", 3000)+key.Mint(w.emit(2))+strings.Repeat("y", 3000))
	e := w.c.Report(false).Evidence[0]
	require.Len(t, e.Frame, 512)
	require.Equal(t, 6036, e.FrameLen)
	require.Contains(t, string(e.Frame), "~w1.")
}

func TestUpperBoundIsExact(t *testing.T) {
	require.InDelta(t, 1-math.Pow(0.05, 1.0/1000), history.UpperBound(0, 1000, 0.95), 1e-12)
	require.InDelta(t, 3.0/1e6, history.UpperBound(0, 1e6, 0.95), 1e-8)
	require.Equal(t, 1.0, history.UpperBound(0, 0, 0.95))
	require.Equal(t, 1.0, history.UpperBound(7, 7, 0.95))
	// The bound is where the binomial sum up to k is 5 %: held against that sum.
	for _, c := range []struct{ k, n uint64 }{{1, 10}, {3, 50}, {17, 200}, {40, 41}, {100, 500}} {
		p := history.UpperBound(c.k, c.n, 0.95)
		require.InDelta(t, 0.05, binomialSum(c.k, c.n, p), 1e-6, "%d of %d", c.k, c.n)
	}
	big := history.UpperBound(5000, 10_000_000, 0.95)
	require.InDelta(t, 0.0005, big, 0.0005*0.05)
	require.Greater(t, big, 0.0005)
}

func binomialSum(k, n uint64, p float64) (sum float64) {
	for i := range k + 1 {
		a, _ := math.Lgamma(float64(n) + 1)
		b, _ := math.Lgamma(float64(i) + 1)
		c, _ := math.Lgamma(float64(n-i) + 1)
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

func TestOpportunitiesAreEmissionsThatOverlapped(t *testing.T) {
	w := newWorld(t, 3)
	w.pass(1, 1)
	w.pass(2, 2)
	require.Zero(t, w.c.Report(false).Opportunities)
	a, b := w.emit(1), w.emit(2)
	w.recv(1, a)
	w.recv(2, b)
	r := w.c.Report(false)
	require.Equal(t, uint64(1), r.Opportunities)
	require.Equal(t, []uint64{2, 6}, []uint64{r.PairsMet, r.PairsPossible})
	perDelivery, perOpportunity := r.Bounds()
	require.Less(t, perDelivery, perOpportunity)
	require.InDelta(t, 0.95, perOpportunity, 1e-9)
}

func TestOnesOwnEventsAreNoOpportunity(t *testing.T) {
	w := newWorld(t, 2)
	for range 5 {
		w.emit(1)
	}
	require.Zero(t, w.c.Report(false).Opportunities)
}

func TestBacklogOfTheStalledHimselfIsNotInterference(t *testing.T) {
	w := newWorld(t, 3)
	traffic(w, 2, 100)
	w.feed(history.Event{Op: history.Fault, Conn: 3})
	traffic(w, 2, 50)
	var waiting []canary.Mark
	for range 200 {
		waiting = append(waiting, w.emit(3))
	}
	w.now += time.Minute
	w.feed(history.Event{Op: history.Heal, Conn: 3})
	for _, m := range waiting {
		w.recv(3, m)
	}
	i := w.c.Report(true).Interference
	require.False(t, i.Noticed())
	require.Equal(t, uint64(100), i.StalledN)
}

func TestStallOnASlowServerIsNotInterference(t *testing.T) {
	w := newWorld(t, 3)
	send := func(n int, delay time.Duration) {
		for range n {
			m := w.emit(1)
			w.now += delay
			w.recv(1, m)
		}
	}
	send(100, 60*time.Millisecond)
	w.feed(history.Event{Op: history.Fault, Conn: 3})
	send(100, 300*time.Millisecond)
	r := w.c.Report(true)
	require.False(t, r.Interference.Noticed(), "five times as slow is what load does")
	require.Equal(t, []uint64{100, 100}, []uint64{r.Interference.CalmN, r.Interference.StalledN})
}

func TestStallThatOthersFeelIsInterference(t *testing.T) {
	for _, slow := range []time.Duration{time.Millisecond, time.Second} {
		w := newWorld(t, 3)
		traffic(w, 2, 100)
		w.feed(history.Event{Op: history.Fault, Conn: 3})
		for range 200 {
			m := w.emit(1)
			w.now += slow
			w.recv(1, m)
		}
		w.feed(history.Event{Op: history.Heal, Conn: 3})
		w.fence()
		r := w.c.Report(true)
		require.Equal(t, slow == time.Second, r.Interference.Noticed())
		require.Equal(t, slow == time.Second, r.Counts[history.X7] == 1)
		require.Equal(t, slow != time.Second, r.Level == history.NonInterfering)
	}
}

func TestDelayThatBeganInAStallIsOfTheStall(t *testing.T) {
	w := newWorld(t, 3)
	traffic(w, 2, 100)
	for range 150 {
		w.feed(history.Event{Op: history.Fault, Conn: 3})
		m := w.emit(1)
		w.now += time.Second
		w.feed(history.Event{Op: history.Heal, Conn: 3})
		w.recv(1, m)
	}
	require.True(t, w.c.Report(true).Interference.Noticed())
}

func TestInconclusiveSaysWhy(t *testing.T) {
	w := newWorld(t, 2)
	r := w.c.Report(false)
	require.Contains(t, strings.Join(r.Inconclusive(history.Minimum{}), "; "), "no user received")
	w.pass(1, 1)
	w.emit(2)
	w.raw(1, "noise")
	why := strings.Join(w.c.Report(false).Inconclusive(history.Minimum{Deliveries: 5, Judged: 0.9}), "; ")
	for _, part := range []string{"1 deliveries, 5", "50.0 %", "without a fence"} {
		require.Contains(t, why, part)
	}
}

func TestKindOfStreamThatNeverArrivesIsNamed(t *testing.T) {
	w := newWorld(t, 2)
	w.feed(history.Event{Op: history.Plan, Stream: &history.Stream{ID: 9, Owner: 2, Name: "notify", Audience: history.Audience{Kind: history.ToPrincipal, Principal: 2}}})
	w.pass(1, 1)
	w.emit(9)
	w.feed(history.Event{Op: history.Close, Conn: 2, Planned: true})
	w.fence()
	r := w.c.Report(false)
	require.Empty(t, r.Counts.Map(), "it was under way when its user left")
	require.Equal(t, []string{"notify"}, r.Silent)
	require.Contains(t, r.Inconclusive(history.Minimum{}), `no event of "notify" reached its own user`)
}

func TestCodesAndLevelsHaveNames(t *testing.T) {
	for _, c := range history.Codes() {
		back, err := history.ParseCode(c.String())
		require.NoError(t, err)
		require.Equal(t, c, back)
		require.NotEmpty(t, c.Words())
	}
	require.Len(t, history.Codes(), 23)
	_, err := history.ParseCode("X9")
	require.Error(t, err)
	for l := history.NoIsolation; l <= history.NonInterfering; l++ {
		back, err := history.ParseLevel(l.String())
		require.NoError(t, err)
		require.Equal(t, l, back)
	}
	_, err = history.ParseLevel("perfect")
	require.Error(t, err)
}

func TestLevelIsTheStrongestThatHeld(t *testing.T) {
	for code, want := range map[history.Code]history.Level{
		history.X0: history.NoIsolation, history.X3: history.NoIsolation, history.X4: history.NoIsolation, history.X2: history.UserIsolated, history.X5: history.UserIsolated,
		history.X1a: history.FieldIsolated, history.X1b: history.FieldIsolated, history.X1c: history.FieldIsolated, history.X1d: history.LifetimeIsolated,
		history.X6: history.SessionIsolated, history.X7: history.SessionIsolated, history.D0: history.NonInterfering,
	} {
		var n history.Counts
		n[code] = 1
		require.Equal(t, want, history.Held(n, true), code)
		require.Equal(t, min(want, history.SessionIsolated), history.Held(n, false), code)
	}
}
