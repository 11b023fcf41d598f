package history_test

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
)

// FuzzChecker feeds arbitrary events, sensible or not: the checker must neither
// panic nor contradict itself.
func FuzzChecker(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 1, 1, 1, 8, 1, 1, 1, 9, 1, 1, 1, 3, 1, 1, 1, 4, 1, 1, 1, 18, 1, 1, 1, 17, 0, 0, 0})
	f.Add([]byte{8, 1, 1, 0, 9, 1, 2, 0, 3, 1, 9, 200, 18, 1, 1, 77, 12, 1, 0, 0, 19, 1, 0, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		c := history.New(&history.Model{Key: key, Users: users(4), LateAfter: time.Second, Record: 64})
		now := time.Duration(0)
		for ; len(script) >= 4; script = script[4:] {
			now += time.Millisecond
			c.Feed(fuzzEvent(script, now))
		}
		r := c.Report(true)
		require.LessOrEqual(t, r.Judged+r.Unjudged+r.Known, r.Frames)
		require.GreaterOrEqual(t, r.JudgedShare(), 0.0)
		require.LessOrEqual(t, r.JudgedShare(), 1.0)
		if r.Counts.Leaks() > 0 {
			require.Less(t, r.Level, history.SessionIsolated+1)
		}
		require.LessOrEqual(t, c.Drill().Passed(), c.Drill().Total())
	})
}

// fuzzEvent makes an event of four bytes: operation, connection, user or stream,
// and a parameter.
func fuzzEvent(b []byte, now time.Duration) history.Event {
	e := history.Event{
		Op: history.Op(b[0] % 23), At: now, Conn: history.ConnID(b[1] % 6), StreamID: history.StreamID(b[2] % 6), Seq: uint64(b[3]),
		Room: history.RoomID(b[3] % 3), Count: uint32(b[3]), Wire: history.Wire(b[3] % 6), Planned: b[3]&1 == 0, Resumed: b[3]&2 == 0,
		Session: history.Session{Principal: history.PrincipalID(b[2] % 6), Device: uint16(b[3] % 3)},
	}
	switch e.Op {
	case history.Plan:
		p := history.PrincipalID(b[1] % 6)
		e.Stream = &history.Stream{ID: e.StreamID, Owner: p, Author: history.PrincipalID(b[3] % 3), Unordered: b[3]&4 == 0,
			Audience: history.Audience{Kind: history.AudienceKind(b[3] % 7), Principal: p, Room: e.Room, Conn: history.ConnID(b[3] % 6), Device: uint16(b[3] % 3)}}
	case history.Recv:
		m := canary.Mark{Owner: uint32(b[1] % 6), Stream: uint32(e.StreamID), Seq: uint64(b[3] % 32), Field: b[3] >> 5}
		frame := append(key.AppendFill(key.Append(nil, m), m, int(b[3])*2), b...)
		e.Frame = frame[:len(frame)-int(binary.BigEndian.Uint16(b[2:]))%len(frame)]
	}
	return e
}

// TestManyGoroutinesFeedOneChecker is for the race detector, and counts.
func TestManyGoroutinesFeedOneChecker(t *testing.T) {
	const n, rounds = 8, 300
	w := newWorld(t, n)
	var wg sync.WaitGroup
	marks := make([]chan canary.Mark, n+1)
	for i := 1; i <= n; i++ {
		marks[i] = make(chan canary.Mark, rounds)
		wg.Go(func() {
			defer close(marks[i])
			for seq := uint64(1); seq <= rounds; seq++ {
				w.c.Feed(history.Event{Op: history.Emit, StreamID: history.StreamID(i), Seq: seq, At: time.Second, Conn: history.ConnID(i%n + 1)})
				w.c.Feed(history.Event{Op: history.Sent, StreamID: history.StreamID(i), Seq: seq, At: time.Second})
				marks[i] <- canary.Mark{Owner: uint32(i), Stream: uint32(i), Seq: seq}
			}
		})
		wg.Go(func() {
			for m := range marks[i] {
				frame := []byte(key.Mint(m))
				w.c.Feed(history.Event{Op: history.Recv, Conn: history.ConnID(i), Wire: history.Text, Frame: frame, At: time.Second})
				if m.Seq == 7 {
					w.c.Feed(history.Event{Op: history.Recv, Conn: history.ConnID(i%n + 1), Wire: history.Text, Frame: frame, At: time.Second})
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 50 {
			conn := history.ConnID(1000 + i)
			w.c.Feed(history.Event{Op: history.Open, Conn: conn, Session: history.Session{Principal: 1, Device: 9}})
			w.c.Feed(history.Event{Op: history.Bind, Conn: conn, Session: history.Session{Principal: 1, Device: 9}})
			w.c.Feed(history.Event{Op: history.Close, Conn: conn, Planned: true})
			w.c.Report(false)
		}
	})
	wg.Wait()
	w.fence()
	r := w.c.Report(false)
	require.Equal(t, counts{"X0": n}, r.Counts.Map())
	require.Equal(t, uint64(n*rounds), r.Delivered)
	require.Len(t, r.Cells, n)
}
