package runtime_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// resume connects with a token and waits for the first frame.
func resume(t *testing.T, f *wsruntime.Factory, user wsruntime.UserID, token string) *runtimetest.Recorder {
	t.Helper()
	ws, _, err := runtimetest.Dial(f, user, "resume="+token)
	require.NoError(t, err)
	r := runtimetest.NewRecorder(t, ws)
	r.WaitType("wsmig.ready")
	return r
}

// leave ends a client and waits until the server has noticed.
func leave(t *testing.T, f *wsruntime.Factory, r *runtimetest.Recorder) {
	t.Helper()
	ready := f.Stats().ConnsReady
	require.NoError(t, r.Conn().Close())
	eventually(t, "the end of a connection", func() bool { return f.Stats().ConnsReady < ready })
}

func TestResume(t *testing.T) {
	for _, away := range []string{"with an emitter open", "with nobody there"} {
		t.Run(away, func(t *testing.T) {
			f := newFactory(t, nil)
			r := resume(t, f, "alice", "")
			em := emitter(t, f, "alice")
			for i := range 3 {
				require.NoError(t, em.Emit(t.Context(), event(i)))
			}
			last := r.Wait(3)[2]
			leave(t, f, r)
			if away == "with nobody there" {
				require.NoError(t, em.Close())
				gone(t, f)
				require.Equal(t, 1, f.Stats().Resumable)
				em = emitter(t, f, "alice")
			}
			for i := range 4 {
				require.ErrorIs(t, em.For("away").Emit(t.Context(), event(3+i)), wsruntime.ErrNoConnection)
			}
			r = resume(t, f, "alice", fmt.Sprintf("%s:%d", last.Epoch, last.Seq-1))
			require.NoError(t, em.Emit(t.Context(), event(7)))
			got := r.Wait(6)
			require.Equal(t, []string{"2", "3", "4", "5", "6", "7"}, datas(got), "from where the client was, in order, none twice")
			for i, fr := range got {
				require.EqualValues(t, 3+i, fr.Seq)
				require.Equal(t, last.Epoch, fr.Epoch)
			}
			require.Equal(t, wsruntime.ThreadID("away"), got[1].Thread)
			require.Equal(t, last.ID, got[0].ID, "the same event has the same id")
			require.EqualValues(t, 7, r.Frames()[0].Seq, "ready tells the newest number")
			require.EqualValues(t, 5, f.Stats().Replayed)
			require.NoError(t, runtimetest.Conserved(f))
		})
	}
}

// TestResumeIsTheOwners: a token is no key. Another user who presents it gets nothing of it, nor does its owner lose
// anything by it.
func TestResumeIsTheOwners(t *testing.T) {
	f := newFactory(t, nil)
	r := resume(t, f, "alice", "")
	em := emitter(t, f, "alice")
	require.NoError(t, em.Emit(t.Context(), event("secret")))
	fr := r.Wait(1)[0]
	mallory := resume(t, f, "mallory", fr.Epoch+":0")
	gap := mallory.WaitType("wsmig.gap")
	require.Equal(t, "epoch", gap.Reason)
	require.NoError(t, emitter(t, f, "mallory").Emit(t.Context(), event("fence")))
	require.Equal(t, []string{`"fence"`}, datas(mallory.Wait(1)))
	for _, fr := range mallory.Frames() {
		require.NotContains(t, string(fr.Raw), "secret")
		require.NotEqual(t, r.Frames()[0].Epoch, fr.Epoch)
	}
}

// TestResumeOfTheAbsentIsTheirs: what is kept for users who are away goes to nobody who comes meanwhile. There are more
// of them than places in which the factory keeps them, so that strangers share a place with them.
func TestResumeOfTheAbsentIsTheirs(t *testing.T) {
	const users = 200
	f := newFactory(t, nil)
	epochs := map[string]bool{}
	for i := range users {
		r := resume(t, f, wsruntime.UserID(fmt.Sprint("absent", i)), "")
		epochs[r.WaitType("wsmig.ready").Epoch] = true
		leave(t, f, r)
	}
	require.Len(t, epochs, users)
	eventually(t, "rings that wait", func() bool { return f.Stats().Resumable == users })
	for epoch := range epochs {
		stranger := resume(t, f, wsruntime.UserID("stranger to "+epoch), epoch+":0")
		require.Equal(t, "epoch", stranger.WaitType("wsmig.gap").Reason)
		require.NotContains(t, epochs, stranger.Frames()[0].Epoch)
	}
}

func TestResumeGaps(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{ResumeEvents: 3})
	r := resume(t, f, "alice", "")
	em := emitter(t, f, "alice")
	for i := range 10 {
		require.NoError(t, em.Emit(t.Context(), event(i)))
	}
	epoch := r.Wait(10)[0].Epoch
	for token, want := range map[string]struct {
		from, to uint64
		reason   string
		replayed int
	}{
		epoch + ":2":                    {3, 7, "expired", 3},
		epoch + ":6":                    {7, 7, "expired", 3},
		epoch + ":7":                    {0, 0, "", 3},
		epoch + ":10":                   {0, 0, "", 0},
		epoch + ":11":                   {1, 10, "epoch", 0},
		"ANOTHER:2":                     {1, 10, "epoch", 0},
		"nonsense":                      {1, 10, "malformed", 0},
		epoch + ":-1":                   {1, 10, "malformed", 0},
		epoch + ":99999999999999999999": {1, 10, "malformed", 0},
		strings.Repeat("x", 100) + ":1": {1, 10, "malformed", 0},
	} {
		r := resume(t, f, "alice", token)
		c := emitter(t, f, "alice")
		require.NoError(t, c.EmitRaw(t.Context(), wsruntime.TextMessage, []byte("fence")))
		got := r.Wait(want.replayed + 1)
		require.Len(t, got, want.replayed+1, token)
		var gap runtimetest.Frame
		for _, fr := range r.Frames() {
			if fr.Type == "wsmig.gap" {
				gap = fr
			}
		}
		require.Equal(t, want.reason, gap.Reason, token)
		if want.reason != "" {
			require.Equal(t, []uint64{want.from, want.to}, []uint64{gap.From, gap.To}, token)
		}
		leave(t, f, r)
	}
}

func TestResumeBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFactory(t, &wsruntime.Options{ResumeEvents: 100, ResumeBytes: 1000, ResumeTTL: time.Minute, PingInterval: -1})
		em := emitter(t, f, "alice")
		r := resume(t, f, "alice", "")
		epoch := r.Frames()[0].Epoch
		replayed := func() int {
			n := f.Stats().Replayed
			ws, _, err := runtimetest.Dial(f, "alice", "resume="+epoch+":0")
			require.NoError(t, err)
			require.NoError(t, ws.Close())
			synctest.Wait()
			return int(f.Stats().Replayed - n)
		}
		for range 20 {
			require.NoError(t, em.Emit(t.Context(), event(strings.Repeat("x", 98))))
		}
		require.Equal(t, 10, replayed(), "bytes")
		<-time.After(50 * time.Second)
		require.NoError(t, em.Emit(t.Context(), event(1)))
		require.Equal(t, 10, replayed())
		<-time.After(30 * time.Second)
		require.Equal(t, 1, replayed(), "age")
		require.NoError(t, em.Emit(t.Context(), event(strings.Repeat("x", 2000))))
		require.Zero(t, replayed(), "what can't be kept leaves no hole behind")
		require.NoError(t, em.Emit(t.Context(), event(1)))
		require.Equal(t, 1, replayed())

		require.NoError(t, em.Close())
		require.NoError(t, r.Conn().Close())
		synctest.Wait()
		require.Equal(t, 1, f.Stats().Resumable)
		<-time.After(2 * time.Minute)
		require.Zero(t, f.Stats().Resumable, "an absent user's ring ends")
	})
}

func TestResumeOff(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{ResumeEvents: -1})
	r := resume(t, f, "alice", "")
	em := emitter(t, f, "alice")
	require.NoError(t, em.Emit(t.Context(), event(1)))
	epoch := r.Wait(1)[0].Epoch
	again := resume(t, f, "alice", epoch+":0")
	require.Equal(t, "expired", again.WaitType("wsmig.gap").Reason)
	leave(t, f, r)
	leave(t, f, again)
	require.NoError(t, em.Close())
	gone(t, f)
	require.Zero(t, f.Stats().Resumable)
}

func TestSessionOutlivesAReconnect(t *testing.T) {
	f := newFactory(t, nil)
	session := func(query string) string {
		ws, _, err := runtimetest.Dial(f, "alice", query)
		require.NoError(t, err)
		r := runtimetest.NewRecorder(t, ws)
		s := r.WaitType("wsmig.ready").Session
		leave(t, f, r)
		return s
	}
	phone := session("device=phone")
	require.NotEmpty(t, phone)
	require.Equal(t, phone, session("device=phone"))
	require.NotEqual(t, phone, session("device=tablet"))
	require.NotEqual(t, session(""), session(""), "without a name there is nothing to know a device by")
	for i := range 40 {
		session(fmt.Sprint("device=d", i))
	}
	require.NotEqual(t, phone, session("device=phone"), "names are bounded")
}

// TestRingIsAsLargeAsWhatItKeeps: memory follows the bound of events, however many went through.
func TestRingIsAsLargeAsWhatItKeeps(t *testing.T) {
	ring := wsruntime.NewTestRing(128, 256<<10)
	p := make([]byte, 128)
	for range 10_000 {
		ring.Keep(p)
	}
	require.Len(t, ring.All(), 128)
	require.LessOrEqual(t, ring.Size(), 4*128*128)
	p = make([]byte, 1024)
	for range 300 {
		ring.Keep(p)
	}
	require.Len(t, ring.All(), 128, "it grows when payloads do")
}

// TestRing drives the ring against a list that is kept without any cleverness.
func TestRing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit, events := rapid.IntRange(64, 4096).Draw(t, "bytes"), rapid.IntRange(1, 40).Draw(t, "events")
		ring := wsruntime.NewTestRing(events, limit)
		var model []string
		size := 0
		for i := range rapid.IntRange(1, 200).Draw(t, "n") {
			p := fmt.Sprintf("%d:%s", i, strings.Repeat("x", rapid.IntRange(0, 300).Draw(t, "size")))
			ring.Keep([]byte(p))
			if len(p) > limit {
				model, size = nil, 0
				continue
			}
			model, size = append(model, p), size+len(p)
			for len(model) > events || size > limit {
				size -= len(model[0])
				model = model[1:]
			}
			got := ring.All()
			// A circle may have to give up more than the bound asks for, where a payload does not fit before its end.
			require.LessOrEqual(t, len(got), len(model))
			require.Equal(t, model[len(model)-len(got):], got)
			require.NotEmpty(t, got)
			if 2*size+600 <= limit {
				require.Len(t, got, len(model), "with room for twice as much nothing is given up")
			}
		}
	})
}
