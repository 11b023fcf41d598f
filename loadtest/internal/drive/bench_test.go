package drive

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/guard"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/wire"
)

// BenchmarkFrame is the cost of one received event beyond reading it: scan, proof,
// judgement, latency, bookkeeping. BenchmarkNext of package wire is the rest.
func BenchmarkFrame(b *testing.B) {
	const batch, together = 512, 64
	file, err := spec.Parse("bench", []byte("target: ws://127.0.0.1:1/"))
	require.NoError(b, err)
	require.NoError(b, file.Resolve(nil))
	d, err := New(&Options{File: file, Users: []User{{ID: "u00001"}}, Key: canary.NewKey([16]byte{1}), Guard: guard.New(nil, nil), Record: -1})
	require.NoError(b, err)
	defer d.Close()
	c := &conn{d: d, id: 1, who: d.people[0], batching: true}
	d.conns.put(1, c)
	d.checker.Feed(history.Event{Op: history.Open, Conn: 1, At: 1, Session: history.Session{Principal: 1}})
	d.checker.Feed(history.Event{Op: history.Bind, Conn: 1, At: 1, Session: history.Session{Principal: 1}})
	s, err := d.stream(laneKey{to: 0, by: 0})
	require.NoError(b, err)
	frames := make([][]byte, batch)
	next, at := 0, time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		if next == 0 {
			b.StopTimer()
			prepareFrames(d, s, frames)
			b.StartTimer()
		}
		if next%together == 0 {
			c.flush()
			at = d.now()
		}
		c.frame(wire.Frame{Kind: wire.Text, Data: frames[next], Ahead: next%together != 0}, at)
		next = (next + 1) % batch
	}
	b.StopTimer()
	c.over.Store(true) // there is no socket to close
	counts := d.checker.Counts()
	require.Empty(b, counts.Map())
}

func prepareFrames(d *Driver, s *stream, frames [][]byte) {
	s.tally.settle(s.seq)
	for i := range frames {
		s.seq++
		d.checker.Feed(history.Event{Op: history.Emit, StreamID: s.id, Seq: s.seq, At: d.now()})
		d.checker.Feed(history.Event{Op: history.Sent, StreamID: s.id, Seq: s.seq, At: d.now()})
		s.tally.owe(s.seq)
		fill, _ := s.fillers(d.opts.Key, s.seq, 0)
		frames[i] = fmt.Appendf(frames[i][:0], `{"type":"message","from":"u00001","id":%d,"text":"%s","ts":"2026-01-02T03:04:05Z"}`, s.seq, fill(nil, 0))
	}
}
