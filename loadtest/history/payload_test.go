package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
)

func TestPayloadAnomalies(t *testing.T) {
	fill := func(m canary.Mark) string { return string(key.AppendFill(nil, m, 200)) }
	cases := []struct {
		code  history.Code
		frame func(m canary.Mark) string
	}{
		{history.P0, func(m canary.Mark) string { return flip(key.Mint(m), 30) }},
		{history.P2, func(m canary.Mark) string { return key.Mint(m)[:20] + `"}` }},
		{history.P3, func(m canary.Mark) string { s := []byte(key.Mint(m)); s[15] = '!'; return string(s) }},
		{history.P2, func(m canary.Mark) string { return fill(m)[:150] }},
		{history.P3, func(m canary.Mark) string { return fill(m)[:150] + "?" + fill(m)[151:] }},
		{history.P2, func(m canary.Mark) string { return fill(m)[80:] }},
	}
	for i, one := range cases {
		w := newWorld(t, 2)
		m := w.emit(1)
		v := w.raw(1, one.frame(m))
		require.Equal(t, one.code, v.Code, "case %d", i)
		require.Equal(t, uint64(1), w.counts()[one.code.String()], "case %d", i)
		require.Len(t, w.counts(), 1, "case %d", i)
	}
}

func flip(s string, at int) string {
	b := []byte(s)
	if b[at] == '0' {
		b[at] = '1'
	} else {
		b[at] = '0'
	}
	return string(b)
}

func TestPhantomWasNeverEmitted(t *testing.T) {
	w := newWorld(t, 2)
	m := w.emit(1)
	w.recv(1, m)
	m.Seq = 99
	require.Equal(t, history.Phantom, w.recv(1, m).Kind)
	m.Stream = 77
	require.Equal(t, history.Phantom, w.recv(1, m).Kind)
	w.fence()
	w.want(counts{"P1": 2})
}

func TestOldRunIsCountedNotAccused(t *testing.T) {
	w := newWorld(t, 1)
	w.pass(1, 1)
	other := canary.NewKey([16]byte{7})
	require.Equal(t, history.OldRun, w.raw(1, other.Mint(canary.Mark{Owner: 2, Stream: 1, Seq: 1})).Kind)
	w.fence()
	w.want(counts{})
	require.Equal(t, uint64(1), w.c.Report(false).OldRun)
}

func TestOwnAndForeignInOneFrameIsMerged(t *testing.T) {
	w := newWorld(t, 2)
	a, b := w.emit(1), w.emit(2)
	w.recv(2, b)
	w.recv(1, a, b)
	w.fence()
	w.want(counts{"P4": 1, "X0": 1})
}

func TestBatchOfOwnEventsIsNotMerged(t *testing.T) {
	w := newWorld(t, 2)
	var marks []canary.Mark
	for range 20 {
		marks = append(marks, w.emit(1))
	}
	require.Equal(t, 20, w.recv(1, marks...).Events)
	w.fence()
	w.want(counts{})
}

func TestMarkInAControlFrameIsMistyped(t *testing.T) {
	for _, wire := range []history.Wire{history.CloseReason, history.Ping, history.Pong} {
		w := newWorld(t, 2)
		m := w.emit(1)
		v := w.feed(history.Event{Op: history.Recv, Conn: 1, Wire: wire, Frame: []byte(key.Mint(m))})
		require.Equal(t, history.Mistyped, v.Kind)
		v = w.feed(history.Event{Op: history.Recv, Conn: 2, Wire: wire, Frame: []byte(key.Mint(m))})
		require.Equal(t, history.Foreign, v.Kind)
		w.fence()
		w.want(counts{"P5": 1, "X0": 1})
	}
}

func TestFramesWithoutMarksAreCounted(t *testing.T) {
	w := newWorld(t, 1)
	w.pass(1, 1)
	w.raw(1, `{"type":"hello"}`)
	w.feed(history.Event{Op: history.Recv, Conn: 1, Frame: []byte(`{"type":"ready"}`), Known: true})
	w.feed(history.Event{Op: history.Recv, Conn: 1, Wire: history.Ping})
	r := w.c.Report(false)
	require.Equal(t, []uint64{4, 1, 1, 2}, []uint64{r.Frames, r.Judged, r.Unjudged, r.Known})
	require.InDelta(t, 0.5, r.JudgedShare(), 1e-9)
}

func TestNonsenseIsAHarnessFault(t *testing.T) {
	w := newWorld(t, 1)
	for _, e := range []history.Event{
		{Op: history.Recv, Conn: 77}, {Op: history.Emit, StreamID: 77, Seq: 1}, {Op: history.Sent, StreamID: 77, Seq: 1}, {Op: history.Bind, Conn: 77},
		{Op: history.Bind, Conn: 1, Session: history.Session{Principal: 9}}, {Op: history.Open, Conn: 1}, {Op: history.Plan}, {Op: history.Op(99)}, {Op: history.Overrun, Name: "reader"},
		{Op: history.Fence, StreamID: 77}, {Op: history.Join, Session: history.Session{Principal: 1}},
	} {
		require.Equal(t, history.H, w.feed(e).Code, e.Op)
	}
	w.pass(1, 1)
	require.Equal(t, history.H, w.feed(history.Event{Op: history.Emit, StreamID: 1, Seq: 1}).Code, "numbers must rise")
	require.NotEmpty(t, w.c.Report(false).Inconclusive(history.Minimum{}))
}
