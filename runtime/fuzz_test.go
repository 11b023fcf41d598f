package runtime_test

import (
	"context"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

// FuzzInbound throws bytes at a server where frames should be. Whatever they are: that connection ends or goes on, the
// application gets only messages that keep the bounds, and another user's event still comes.
func FuzzInbound(f *testing.F) {
	masked := func(first byte, p string) string { return string([]byte{first, 0x80 | byte(len(p)), 0, 0, 0, 0}) + p }
	for _, seed := range []string{
		masked(0x81, "hello"), masked(0x82, "\xff"), masked(0x81, "\xff"), masked(0x89, "ping"), masked(0x8a, "pong"), masked(0x88, "\x03\xe8"),
		masked(0x01, "frag") + masked(0x80, "ment"), masked(0xc1, "rsv"), "\x81\x05hello", "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", "", masked(0x88, "\x00\x01"), masked(0x83, ""),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		fac := newFactory(t, &wsruntime.Options{MaxInboundBytes: 1024, OnMessage: func(_ context.Context, _ *wsruntime.Conn, mt wsruntime.MessageType, data []byte) error {
			if len(data) > 1024 || mt == wsruntime.TextMessage && !utf8.Valid(data) {
				t.Errorf("out of bounds: %v %q", mt, data)
			}
			return nil
		}})
		ws := runtimetest.Pipe(t, fac, "mallory")
		bob := runtimetest.Record(t, fac, "bob")
		bob.WaitType("wsmig.ready")
		go func() { _, _ = io.Copy(io.Discard, ws.NetConn()) }()
		_, _ = ws.NetConn().Write(wire) // the server may have hung up
		require.NoError(t, emitter(t, fac, "bob").Emit(t.Context(), event(1)))
		bob.Wait(1)
		_ = ws.NetConn().Close()
	})
}

// FuzzResumeToken: any token gets the owner's own frames, or none; never an error, never another epoch's.
func FuzzResumeToken(f *testing.F) {
	for _, seed := range []string{"", ":", "A:1", "A:-1", "A:18446744073709551615", "A:18446744073709551616", "A:+1", "A: 1", "A:1:2", strings.Repeat("A", 64) + ":1", "\x00:1", "A:0x1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		epoch, last, ok := wsruntime.ParseResume(token)
		if ok {
			require.True(t, strings.HasPrefix(token, epoch+":"))
			require.NotContains(t, epoch, ":")
			require.NotEmpty(t, epoch)
			require.LessOrEqual(t, len(token), 64)
		} else {
			require.Zero(t, last)
		}
		fac := newFactory(t, nil)
		em := emitter(t, fac, "alice")
		require.ErrorIs(t, em.Emit(t.Context(), event("hers")), wsruntime.ErrNoConnection)
		ws, _, err := runtimetest.Dial(fac, "alice", "resume="+url.QueryEscape(token))
		require.NoError(t, err)
		r := runtimetest.NewRecorder(t, ws)
		require.NoError(t, em.Emit(t.Context(), event("fence")))
		require.Equal(t, `"fence"`, string(r.Wait(1)[len(r.Events())-1].Data))
	})
}

// FuzzIDs: an id is refused, or names exactly one user, byte for byte.
func FuzzIDs(f *testing.F) {
	for _, seed := range [][2]string{{"alice", "Alice"}, {"a", "a "}, {"é", "e\u0301"}, {"", "x"}, {"\x00", "\xff"}, {"a:b", "a"}, {strings.Repeat("x", 256), strings.Repeat("x", 257)}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		fac := newFactory(t, nil)
		ea, errA := fac.Emitter(t.Context(), wsruntime.UserID(a))
		eb, errB := fac.Emitter(t.Context(), wsruntime.UserID(b))
		for id, err := range map[string]error{a: errA, b: errB} {
			valid := id != "" && len(id) <= 256 && utf8.ValidString(id) && !strings.ContainsFunc(id, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 })
			if valid {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, wsruntime.ErrInvalidID)
			}
		}
		if errA == nil && errB == nil {
			require.Equal(t, a == b, ea.UserContext() == eb.UserContext())
			require.NoError(t, eb.Close())
		}
		if errA == nil {
			require.NoError(t, ea.Close())
		}
	})
}

// FuzzEmit: whatever type, thread and data are, the frame is one JSON object that says exactly them, to its user alone.
func FuzzEmit(f *testing.F) {
	f.Add("type", "thread", "data")
	f.Add("\"", "\\", "\x00")
	f.Add("wsmig.x", "\u2028", `","seq":9,"x":"`)
	f.Add("a<b>&c", "日本", "\xff")
	f.Fuzz(func(t *testing.T, typ, thread, data string) {
		fac := newFactory(t, nil)
		alice, bob := runtimetest.Record(t, fac, "alice"), runtimetest.Record(t, fac, "bob")
		alice.WaitType("wsmig.ready")
		bob.WaitType("wsmig.ready")
		em := emitter(t, fac, "alice")
		err := em.For(wsruntime.ThreadID(thread)).Emit(t.Context(), wsruntime.Event{Type: typ, Data: data})
		require.NoError(t, em.Emit(t.Context(), event("fence")))
		require.NoError(t, emitter(t, fac, "bob").Emit(t.Context(), event("fence")))
		if err == nil {
			got := alice.Wait(2)[0]
			require.True(t, json.Valid(got.Raw))
			require.Equal(t, typ, got.Type)
			require.Equal(t, wsruntime.ThreadID(thread), got.Thread)
			require.EqualValues(t, 1, got.Seq)
			require.Equal(t, string([]rune(data)), decode[string](t, got.Data))
		}
		require.Equal(t, []string{`"fence"`}, datas(bob.Wait(1)))
	})
}

// TestPingFloodMeetsLargeMessages: pongs don't splice into frames that are half written (M10).
func TestPingFloodMeetsLargeMessages(t *testing.T) {
	fac := newFactory(t, &wsruntime.Options{InboundRate: -1, QueueEvents: 1000, QueueBytes: 64 << 20})
	ws := dial(t, serve(t, fac), "alice")
	pongs := 0
	ws.SetPongHandler(func(string) error { pongs++; return nil })
	r := runtimetest.NewRecorder(t, ws)
	r.WaitType("wsmig.ready")
	em := emitter(t, fac, "alice")
	for i := range 100 {
		require.NoError(t, ws.WriteControl(websocket.PingMessage, []byte("ping"), deadline()))
		require.NoError(t, em.EmitRaw(t.Context(), wsruntime.TextMessage, []byte(strings.Repeat(string(rune('a'+i%26)), 100<<10))))
	}
	for i, fr := range r.Wait(100) {
		require.Equal(t, 100<<10, strings.Count(string(fr.Raw), string(rune('a'+i%26))))
	}
	require.NoError(t, ws.Close())
	r.WaitClosed()
	require.Positive(t, pongs)
}
