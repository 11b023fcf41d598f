package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
)

func BenchmarkEmitAndReceive(b *testing.B) {
	w := newBareWorld(b, &history.Model{Key: key, Users: users(100), Record: -1})
	for i := 1; i <= 100; i++ {
		w.plan(history.StreamID(i), history.Audience{Kind: history.ToPrincipal, Principal: history.PrincipalID(i)}, history.PrincipalID(i))
		w.connect(history.ConnID(i), history.Session{Principal: history.PrincipalID(i)})
	}
	frame := append(make([]byte, 0, 128), `{"type":"message","from":"u00001","id":12345,"ts":"2026-01-02T03:04:05Z","text":"`...)
	head := len(frame)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		id := n%100 + 1
		n++
		m := canary.Mark{Owner: uint32(id), Stream: uint32(id), Seq: uint64((n-1)/100 + 1)}
		w.c.Feed(history.Event{Op: history.Emit, StreamID: history.StreamID(id), Seq: m.Seq})
		w.c.Feed(history.Event{Op: history.Sent, StreamID: history.StreamID(id), Seq: m.Seq})
		frame = append(key.Append(frame[:head], m), `"}`...)
		w.c.Feed(history.Event{Op: history.Recv, Conn: history.ConnID(id), Wire: history.Text, Frame: frame})
	}
}

// The other half of the cost above: all but the receipt.
func BenchmarkEmitOnly(b *testing.B) {
	w := newBareWorld(b, &history.Model{Key: key, Users: users(1), Record: -1})
	w.plan(1, history.Audience{Kind: history.ToPrincipal, Principal: 1}, 1)
	b.ReportAllocs()
	frame := make([]byte, 0, 128)
	seq := uint64(0)
	for b.Loop() {
		seq++
		w.c.Feed(history.Event{Op: history.Emit, StreamID: 1, Seq: seq})
		w.c.Feed(history.Event{Op: history.Sent, StreamID: 1, Seq: seq})
		frame = key.Append(frame[:0], canary.Mark{Owner: 1, Stream: 1, Seq: seq})
	}
}

func TestJudgingAllocatesNothing(t *testing.T) {
	w := newBareWorld(t, &history.Model{Key: key, Users: users(1), Record: -1})
	w.plan(1, history.Audience{Kind: history.ToPrincipal, Principal: 1}, 1)
	w.connect(1, history.Session{Principal: 1})
	frame := make([]byte, 0, 128)
	seq := uint64(0)
	step := func() {
		seq++
		w.c.Feed(history.Event{Op: history.Emit, StreamID: 1, Seq: seq})
		w.c.Feed(history.Event{Op: history.Sent, StreamID: 1, Seq: seq})
		frame = key.Append(frame[:0], canary.Mark{Owner: 1, Stream: 1, Seq: seq})
		v := w.c.Feed(history.Event{Op: history.Recv, Conn: 1, Wire: history.Text, Frame: frame})
		if v.Kind != history.Own {
			panic(v.Kind.String())
		}
	}
	for range 1000 {
		step()
	}
	require.Zero(t, testing.AllocsPerRun(5000, step))
}
