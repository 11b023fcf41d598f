package runtime_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// chronicle is a bus with a history, in memory, for some nodes.
type chronicle struct {
	mu    sync.Mutex
	nodes []*scribe
	kept  []*wsruntime.BusMessage
	seq   uint64
	first uint64 // what is older is gone
}

// scribe is one node's end of it.
type scribe struct {
	c     *chronicle
	node  wsruntime.BusNode
	users map[string]func(*wsruntime.BusMessage) // by "u" and user, "r" and room
	read  func()                                 // runs while the history is read
}

func (c *chronicle) join() *scribe {
	s := &scribe{c: c, users: map[string]func(*wsruntime.BusMessage){}}
	c.nodes = append(c.nodes, s)
	return s
}

func (s *scribe) Attach(n wsruntime.BusNode) error { s.node = n; return nil }
func (s *scribe) Epoch() string                    { return "EPOCH" }

func (s *scribe) Position() uint64 {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	return s.c.seq
}

func (s *scribe) listen(key string, deliver func(*wsruntime.BusMessage)) (func(), error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.users[key] = deliver
	return func() {
		s.c.mu.Lock()
		defer s.c.mu.Unlock()
		delete(s.users, key)
	}, nil
}

func (s *scribe) Subscribe(u wsruntime.UserID, d func(*wsruntime.BusMessage)) (func(), error) {
	return s.listen("u"+string(u), d)
}

func (s *scribe) SubscribeRoom(r string, d func(*wsruntime.BusMessage)) (func(), error) {
	return s.listen("r"+r, d)
}

func (s *scribe) Publish(_ context.Context, m *wsruntime.BusMessage) error {
	kept := *m
	kept.Data = slices.Clone(m.Data)
	key := "u" + string(m.User)
	s.c.mu.Lock()
	switch {
	case m.Revoke, m.Join, m.Leave:
		key = "u"
	case m.Room != "":
		key = "r" + m.Room
	}
	if key != "u" || m.Broadcast {
		s.c.seq++
		kept.Seq = s.c.seq
		s.c.kept = append(s.c.kept, &kept)
	}
	var all []func(*wsruntime.BusMessage)
	for _, n := range s.c.nodes {
		if d := n.users[key]; d != nil && (n != s || kept.Seq != 0) {
			all = append(all, d)
		}
	}
	s.c.mu.Unlock()
	for _, d := range all {
		d(&kept)
	}
	if len(all) == 0 && key != "u" {
		return wsruntime.ErrNoConnection
	}
	return nil
}

func (s *scribe) History(_ context.Context, u wsruntime.UserID, _ []string, after, upto uint64) (wsruntime.BusHistory, error) {
	if s.read != nil {
		s.read()
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	h := wsruntime.BusHistory{}
	if after+1 < s.c.first {
		h.GapFrom, h.GapTo, h.Reason = after+1, s.c.first-1, "expired"
	}
	for _, m := range s.c.kept {
		if m.Seq > after && m.Seq <= upto && m.Seq >= s.c.first && (m.User == u || m.Broadcast) {
			h.Events = append(h.Events, m)
		}
	}
	return h, nil
}

func (s *scribe) Elsewhere(_ context.Context, u wsruntime.UserID) ([]string, bool, error) {
	s.c.mu.Lock()
	var others []*scribe
	for _, n := range s.c.nodes {
		if n != s && n.users["u"+string(u)] != nil {
			others = append(others, n)
		}
	}
	s.c.mu.Unlock()
	if len(others) == 0 {
		return nil, false, nil
	}
	return others[0].node.Rooms(u), true, nil
}

// twoScribes makes two nodes with one history.
func twoScribes(t *testing.T) (c *chronicle, one, two *wsruntime.Factory) {
	c = &chronicle{}
	return c, newFactory(t, &wsruntime.Options{Bus: c.join()}), newFactory(t, &wsruntime.Options{Bus: c.join()})
}

func resumeOn(t *testing.T, f *wsruntime.Factory, user wsruntime.UserID, epoch string, last uint64) *runtimetest.Recorder {
	t.Helper()
	ws, _, err := runtimetest.Dial(f, user, "resume="+epoch+":"+strconv.FormatUint(last, 10))
	require.NoError(t, err)
	return runtimetest.NewRecorder(t, ws)
}

// TestSharedHistory: with a bus that has a history all connections of a user see the same events with the same numbers
// in the same order, whichever node they are on and whichever node emitted.
func TestSharedHistory(t *testing.T) {
	_, one, two := twoScribes(t)
	here, there, bob := runtimetest.Record(t, one, "alice"), runtimetest.Record(t, two, "alice"), runtimetest.Record(t, two, "bob")
	for _, r := range []*runtimetest.Recorder{here, there, bob} {
		require.Equal(t, "EPOCH", r.WaitType("wsmig.ready").Epoch)
	}
	require.NoError(t, emitter(t, one, "alice").For("t1").Emit(t.Context(), event(1)))
	require.NoError(t, emitter(t, two, "bob").Emit(t.Context(), event("his")))
	require.NoError(t, emitter(t, two, "alice").Emit(t.Context(), event(2)))
	require.NoError(t, emitter(t, one, "alice").EmitRaw(t.Context(), wsruntime.BinaryMessage, []byte{7}))
	n, err := one.Broadcast(t.Context(), event("all"))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, here.Wait(4), there.Wait(4))
	got := here.Wait(4)
	require.Equal(t, []uint64{1, 3, 0, 5}, []uint64{got[0].Seq, got[1].Seq, got[2].Seq, got[3].Seq})
	require.Equal(t, wsruntime.ThreadID("t1"), got[0].Thread)
	require.Equal(t, []string{`"his"`, `"all"`}, datas(bob.Wait(2)))
	require.ErrorIs(t, emitter(t, one, "nobody").Emit(t.Context(), event(1)), wsruntime.ErrNoConnection)
	stats, _ := one.UserStats("nobody")
	require.Equal(t, uint64(1), stats.Dropped[wsruntime.ReasonNoConnection])
}

// TestSharedResume: a client that had something on one node gets what it missed on another, its own and the broadcasts,
// and a gap for what the history does not have any more; nobody else's token or number helps.
func TestSharedResume(t *testing.T) {
	c, one, two := twoScribes(t)
	r := runtimetest.Record(t, one, "alice")
	em := emitter(t, one, "alice")
	require.NoError(t, em.Emit(t.Context(), event(1)))
	last := r.Wait(1)[0]
	require.NoError(t, r.Conn().Close())
	eventually(t, "alice gone", func() bool { return one.Stats().Conns == 0 })
	require.ErrorIs(t, em.Emit(t.Context(), event(2)), wsruntime.ErrNoConnection)
	require.ErrorIs(t, emitter(t, one, "bob").Emit(t.Context(), event("bob's")), wsruntime.ErrNoConnection)
	_, err := one.Broadcast(t.Context(), event("all"))
	require.NoError(t, err)

	back := resumeOn(t, two, "alice", last.Epoch, last.Seq)
	require.NoError(t, em.Emit(t.Context(), event(3)))
	require.Equal(t, []string{"2", `"all"`, "3"}, datas(back.Wait(3)))
	require.Equal(t, uint64(2), two.Stats().Replayed)

	foreign := resumeOn(t, two, "mallory", last.Epoch, last.Seq)
	require.Equal(t, []string{`"all"`}, datas(foreign.Wait(1)))
	require.Equal(t, "epoch", resumeOn(t, two, "alice", "OTHER", last.Seq).WaitType("wsmig.gap").Reason)
	c.mu.Lock()
	c.first = 5
	c.mu.Unlock()
	gap := resumeOn(t, one, "alice", last.Epoch, last.Seq).WaitType("wsmig.gap")
	require.Equal(t, []any{"expired", uint64(2), uint64(4)}, []any{gap.Reason, gap.From, gap.To})
}

// overtaken is a history during whose reading something happens.
type overtaken struct {
	*scribe
	late func()
}

func (o *overtaken) History(ctx context.Context, u wsruntime.UserID, rooms []string, after, upto uint64) (wsruntime.BusHistory, error) {
	h, err := o.scribe.History(ctx, u, rooms, after, upto)
	o.late()
	return h, err
}

// TestSharedResumeOvertaken: events that come while the history is read come once, in order; those that are too many
// to keep are told as a gap.
func TestSharedResumeOvertaken(t *testing.T) {
	for name, flood := range map[string]int{"few": 10, "too many": 5000} {
		t.Run(name, func(t *testing.T) {
			c := &chronicle{}
			bus := &overtaken{scribe: c.join(), late: func() {}}
			f := newFactory(t, &wsruntime.Options{Bus: bus, QueueEvents: 10_000, QueueBytes: 64 << 20, MaxEventBytes: 100})
			first := runtimetest.Record(t, f, "alice")
			first.WaitType("wsmig.ready")
			em := emitter(t, f, "alice")
			require.NoError(t, em.Emit(t.Context(), event("before")))
			first.Wait(1)
			bus.late = func() {
				for i := range flood {
					_ = em.Emit(context.Background(), event(i))
				}
			}
			back := resumeOn(t, f, "alice", "EPOCH", 0)
			bus.late = func() {}
			require.NoError(t, em.Emit(t.Context(), event("after")))
			total, kept := uint64(flood+2), min(flood, 4096)+2
			got := back.Wait(kept)
			require.Len(t, got, kept)
			for i, fr := range got[:kept-1] {
				require.Equal(t, uint64(i+1), fr.Seq)
			}
			require.Equal(t, total, got[kept-1].Seq)
			if flood > 4096 {
				gap := back.WaitType("wsmig.gap")
				require.Equal(t, []any{"overflow", uint64(4098), total - 1}, []any{gap.Reason, gap.From, gap.To})
			}
		})
	}
}

// TestSharedReopen: a bus that missed too much makes the clients come back.
func TestSharedReopen(t *testing.T) {
	bus := (&chronicle{}).join()
	f := newFactory(t, &wsruntime.Options{Bus: bus})
	r := runtimetest.Record(t, f, "alice")
	r.WaitType("wsmig.ready")
	bus.node.Reopen()
	require.Equal(t, 1013, r.WaitClosed())
}

// TestSharedReopenMeetsHandshakes: a client that is about to become ready when all are sent away is sent away too, since
// what it has read of the history may be out of date.
func TestSharedReopenMeetsHandshakes(t *testing.T) {
	c := &chronicle{}
	bus := c.join()
	f := newFactory(t, &wsruntime.Options{Bus: bus})
	bus.read = func() { bus.node.Reopen() }
	late := resumeOn(t, f, "alice", "EPOCH", 0)
	require.Equal(t, 1013, late.WaitClosed())
	bus.read = nil
	well := resumeOn(t, f, "alice", "EPOCH", 0)
	well.WaitType("wsmig.ready")
}

// TestSharedRooms: members are members on every node, and a user who comes to a further node brings the rooms along.
func TestSharedRooms(t *testing.T) {
	_, one, two := twoScribes(t)
	a1, a2 := runtimetest.Record(t, one, "alice"), runtimetest.Record(t, two, "alice")
	outsider := runtimetest.Record(t, two, "mallory")
	for _, r := range []*runtimetest.Recorder{a1, a2, outsider} {
		r.WaitType("wsmig.ready")
	}
	require.NoError(t, one.Room("den").Join(t.Context(), "alice"))
	require.Equal(t, []wsruntime.UserID{"alice"}, two.Room("den").Members())
	n, err := two.Room("den").Emit(t.Context(), event("hi"))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, a1.Wait(1), a2.Wait(1))

	require.NoError(t, a2.Conn().Close())
	eventually(t, "alice gone from two", func() bool { return two.Room("den").Members() == nil })
	a3 := runtimetest.Record(t, two, "alice")
	a3.WaitType("wsmig.ready")
	require.Equal(t, []wsruntime.UserID{"alice"}, two.Room("den").Members(), "brought along")
	require.NoError(t, two.Room("den").Leave(t.Context(), "alice"))
	require.Empty(t, one.Room("den").Members())
	_, err = one.Room("den").Emit(t.Context(), event("nobody"))
	require.ErrorIs(t, err, wsruntime.ErrNoConnection)
	require.Empty(t, outsider.Events())
}

// TestSharedPresenceAndRevoke: who is connected is known on every node, by connections and not by handles; a revocation
// holds on all nodes when it returns.
func TestSharedPresenceAndRevoke(t *testing.T) {
	_, one, two := twoScribes(t)
	em := emitter(t, two, "alice")
	connected := func(f *wsruntime.Factory) bool {
		yes, err := f.Connected(t.Context(), "alice")
		require.NoError(t, err)
		return yes
	}
	require.False(t, connected(one), "a handle is no connection")
	r := runtimetest.Record(t, two, "alice")
	r.WaitType("wsmig.ready")
	require.True(t, connected(one))
	require.True(t, connected(two))
	require.NoError(t, one.Revoke(t.Context(), "alice"))
	require.ErrorIs(t, em.Emit(t.Context(), event(1)), wsruntime.ErrRevoked)
	require.Equal(t, 1008, r.WaitClosed())
	require.False(t, connected(one))
	_, err := one.Connected(t.Context(), "")
	require.ErrorIs(t, err, wsruntime.ErrInvalidID)
}

// TestSharedGapAndOverflow: what the bus has lost is told, and a queue that is full loses its oldest whatever the
// policy, since nobody can be made to wait.
func TestSharedGapAndOverflow(t *testing.T) {
	c := &chronicle{}
	bus := c.join()
	f := newFactory(t, &wsruntime.Options{Bus: bus, Overflow: wsruntime.Block, QueueEvents: 2, WriteTimeout: time.Minute})
	r := runtimetest.Record(t, f, "alice")
	r.WaitType("wsmig.ready")
	bus.users["ualice"](&wsruntime.BusMessage{User: "alice", GapFrom: 3, Seq: 9})
	gap := r.WaitType("wsmig.gap")
	require.Equal(t, []any{"history", uint64(3), uint64(9)}, []any{gap.Reason, gap.From, gap.To})

	slow := deaf(t, serve(t, f), "bob")
	em := emitter(t, f, "bob")
	conn(t, f, em)
	for f.Stats().Dropped[wsruntime.ReasonOverflow] == 0 {
		require.NoError(t, em.EmitRaw(t.Context(), wsruntime.BinaryMessage, make([]byte, 1<<16)))
	}
	require.NoError(t, slow.Close())
}
