package runtime_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestLaw12Ids(t *testing.T) {
	f := newFactory(t, nil)
	for name, id := range map[string]string{"long": strings.Repeat("x", 257), "not UTF-8": "a\xff", "NUL": "a\x00b", "newline": "a\n", "DEL": "\x7f", "C1": "a\u0085"} {
		_, err := f.Emitter(t.Context(), wsruntime.UserID(id))
		require.ErrorIs(t, err, wsruntime.ErrInvalidID, name)
		require.NotContains(t, err.Error(), id, "an id that is refused is not repeated")
		require.ErrorIs(t, f.Room("r").Join(t.Context(), wsruntime.UserID(id)), wsruntime.ErrInvalidID, name)
		require.ErrorIs(t, f.Room(id).Join(t.Context(), "alice"), wsruntime.ErrInvalidID, name)
		require.ErrorIs(t, emitter(t, f, "alice").For(wsruntime.ThreadID(id)).Emit(t.Context(), event(1)), wsruntime.ErrInvalidID, name)
	}
	_, err := f.Emitter(t.Context(), "")
	require.ErrorIs(t, err, wsruntime.ErrInvalidID)
	for _, id := range []string{strings.Repeat("x", 256), "日本", " ", "../etc", "a:b", "\"", "None"} {
		_, err := f.Emitter(t.Context(), wsruntime.UserID(id))
		require.NoError(t, err, id)
	}
	require.NoError(t, f.Shutdown(t.Context()))
}

// TestLaw12FourUsers: ids that some code somewhere takes for equal are different users, on the wire.
func TestLaw12FourUsers(t *testing.T) {
	ids := []wsruntime.UserID{"alice", "Alice", "alice ", "al", "alice1", "ａlice", "e\u0301", "\u00e9", "007", "7", "a:b", "a", "b", "a/b", "a%2Fb", "a|b", "*", "user-alice"}
	f := newFactory(t, nil)
	recorders := map[wsruntime.UserID]*runtimetest.Recorder{}
	for _, id := range ids {
		recorders[id] = runtimetest.Record(t, f, id)
	}
	for _, id := range ids {
		require.NoError(t, emitter(t, f, id).Emit(t.Context(), event(id)))
	}
	for _, id := range ids {
		got := recorders[id].Wait(1)
		require.Len(t, got, 1)
		require.Equal(t, id, decode[wsruntime.UserID](t, got[0].Data))
		require.EqualValues(t, 1, got[0].Seq)
	}
	require.Equal(t, len(ids), f.Stats().Users)
}

func TestLaw12ServerMintsConnIDs(t *testing.T) {
	f := newFactory(t, nil)
	seen := map[wsruntime.ConnID]bool{}
	for range 20 {
		ws, _, err := runtimetest.Dial(f, "alice", "id=mine&conn=mine&device=phone")
		require.NoError(t, err)
		em := emitter(t, f, "alice")
		c := conn(t, f, em)
		require.NotContains(t, string(c.ID()), "mine")
		require.False(t, seen[c.ID()], "never used twice")
		seen[c.ID()] = true
		require.Equal(t, wsruntime.UserID("alice"), c.User())
		require.Equal(t, "phone", c.Device())
		require.Same(t, em.UserContext(), c.UserContext())
		require.NotNil(t, c.RemoteAddr())
		require.NoError(t, ws.Close())
		require.NoError(t, em.Close())
		gone(t, f)
	}
	_, resp, err := runtimetest.Dial(f, "alice", "device=%00")
	require.Error(t, err)
	require.Equal(t, 400, resp.StatusCode)
}

func TestCompoundID(t *testing.T) {
	seen := map[wsruntime.UserID][]string{}
	for _, parts := range [][]string{{"a", "b"}, {"ab"}, {"a:b"}, {"a", "", "b"}, {"1:a", "b"}, {"", "ab"}, {"ab", ""}, {"1:a1:b"}, {"a/b"}} {
		id, err := wsruntime.CompoundID(parts...)
		require.NoError(t, err)
		require.Nil(t, seen[id], "%q and %q", seen[id], parts)
		seen[id] = parts
	}
	for _, parts := range [][]string{nil, {"\x00"}, {strings.Repeat("x", 300)}} {
		_, err := wsruntime.CompoundID(parts...)
		require.ErrorIs(t, err, wsruntime.ErrInvalidID)
	}
}
