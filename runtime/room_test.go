package runtime_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestRoom(t *testing.T) {
	f := newFactory(t, nil)
	alice, tablet := runtimetest.Record(t, f, "alice"), runtimetest.Record(t, f, "alice")
	bob, carol := runtimetest.Record(t, f, "bob"), runtimetest.Record(t, f, "carol")
	room, lobby := f.Room("room"), f.Room("/room")
	require.Equal(t, "room", room.Name())
	n, err := room.Emit(t.Context(), event("nobody"))
	require.Zero(t, n)
	require.ErrorIs(t, err, wsruntime.ErrNoConnection)
	for _, user := range []wsruntime.UserID{"bob", "alice", "alice"} {
		require.NoError(t, room.Join(t.Context(), user))
	}
	require.NoError(t, lobby.Join(t.Context(), "carol"))
	require.Equal(t, []wsruntime.UserID{"alice", "bob"}, f.Room("room").Members())
	n, err = room.Emit(t.Context(), event("both"))
	require.NoError(t, err)
	require.Equal(t, 2, n, "users, not connections")
	require.NoError(t, room.Leave(t.Context(), "bob"))
	require.NoError(t, room.Leave(t.Context(), "bob"))
	require.NoError(t, room.Leave(t.Context(), "nobody"))
	n, err = room.Emit(t.Context(), event("alice alone"))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = f.Broadcast(t.Context(), event("all"))
	require.NoError(t, err)
	require.Equal(t, []string{`"both"`, `"alice alone"`, `"all"`}, datas(alice.Wait(3)))
	require.Equal(t, []string{`"both"`, `"alice alone"`, `"all"`}, datas(tablet.Wait(3)))
	require.Equal(t, []string{`"both"`, `"all"`}, datas(bob.Wait(2)))
	require.Equal(t, []string{`"all"`}, datas(carol.Wait(1)), "a name that looks alike is another room")
	_, err = room.Emit(t.Context(), event(make(chan int)))
	require.ErrorIs(t, err, wsruntime.ErrEncode)
	require.EqualValues(t, 2, f.Stats().Rooms)
}

// TestRoomEndsWithItsMembers: membership is the context's; nothing has to be left.
func TestRoomEndsWithItsMembers(t *testing.T) {
	f := newFactory(t, nil)
	r := runtimetest.Record(t, f, "alice")
	require.NoError(t, f.Room("r").Join(t.Context(), "alice"))
	require.NoError(t, r.Conn().Close())
	gone(t, f)
	require.Empty(t, f.Room("r").Members())

	require.NoError(t, f.Room("r").Join(t.Context(), "early"), "before the first connection")
	require.Equal(t, 1, f.Stats().Users)
	early := runtimetest.Record(t, f, "early")
	early.WaitType("wsmig.ready")
	_, err := f.Room("r").Emit(t.Context(), event(1))
	require.NoError(t, err)
	early.Wait(1)
	require.NoError(t, early.Conn().Close())
	gone(t, f)

	require.NoError(t, f.Room("r").Join(t.Context(), "never"))
	require.NoError(t, f.Room("r").Leave(t.Context(), "never"))
	gone(t, f)
	require.NoError(t, f.Room("r").Join(t.Context(), "revoked"))
	require.NoError(t, f.Revoke(t.Context(), "revoked"))
	gone(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.Room("r").Join(ctx, "alice"), context.Canceled)
	require.ErrorIs(t, f.Room("r").Leave(ctx, "alice"), context.Canceled)
	require.ErrorIs(t, f.Room("r").Leave(t.Context(), ""), wsruntime.ErrInvalidID)
}

// leaving is data that makes somebody leave while the event that carries it is on its way.
type leaving func() error

func (l leaving) AppendJSON(dst []byte) ([]byte, error) { return append(dst, '1'), l() }

// TestRoomLeaveTakesEffect: from the moment that Leave returns nothing reaches the user, not even an event whose
// members were listed before.
func TestRoomLeaveTakesEffect(t *testing.T) {
	f := newFactory(t, nil)
	bob, stays := runtimetest.Record(t, f, "bob"), runtimetest.Record(t, f, "stays")
	room := f.Room("r")
	for _, user := range []wsruntime.UserID{"bob", "stays"} {
		conn(t, f, emitter(t, f, user))
		require.NoError(t, room.Join(t.Context(), user))
	}
	n, err := room.Emit(t.Context(), event(leaving(func() error { return room.Leave(context.Background(), "bob") })))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	stays.Wait(1)
	require.NoError(t, emitter(t, f, "bob").Emit(t.Context(), event("fence")))
	require.Equal(t, []string{`"fence"`}, datas(bob.Wait(1)))
}

func TestBroadcast(t *testing.T) {
	f := newFactory(t, nil)
	n, err := f.Broadcast(t.Context(), event(1))
	require.Zero(t, n)
	require.ErrorIs(t, err, wsruntime.ErrNoConnection)
	var all []*runtimetest.Recorder
	for i := range 10 {
		all = append(all, runtimetest.Record(t, f, wsruntime.UserID(fmt.Sprint("u", i))))
		all[i].WaitType("wsmig.ready")
	}
	emitter(t, f, "offline")
	n, err = f.Broadcast(t.Context(), event("all"))
	require.NoError(t, err)
	require.Equal(t, 10, n)
	epochs := map[string]bool{}
	for _, r := range all {
		fr := r.Wait(1)[0]
		require.EqualValues(t, 1, fr.Seq)
		epochs[fr.Epoch] = true
	}
	require.Len(t, epochs, 10, "each in the user's own stream")
	require.Zero(t, f.Stats().Dropped[wsruntime.ReasonNoConnection], "who is not there is not meant")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.Broadcast(ctx, event(1))
	require.ErrorIs(t, err, context.Canceled)
}
