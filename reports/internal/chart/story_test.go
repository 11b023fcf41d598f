package chart

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
)

func leak() *result.Evidence {
	return &result.Evidence{
		Code: "X0", Owner: "alice", Receiver: "bob", Schedule: "lockstep", AtMS: 100.6, EmittedMS: 100, Connection: "c2", Prose: "bob got alice's event",
		Around: []result.Step{
			{AtMS: 80, Kind: "bind", User: "alice", Connection: "c1"},
			{AtMS: 90, Kind: "bind", User: "bob", Connection: "c2"},
			{AtMS: 95, Kind: "recv", User: "carol", Connection: "c3", Owner: "carol", Seq: 1},
			{AtMS: 100, Kind: "emit", User: "alice", Connection: "c1", Owner: "alice", Stream: "s", Seq: 7},
			{AtMS: 100.6, Kind: "recv", User: "bob", Connection: "c2", Owner: "alice", Stream: "s", Seq: 7},
		},
	}
}

func TestSequenceTellsTheLeak(t *testing.T) {
	f := Sequence(leak())
	require.Equal(t, [][]string{
		{"-20.00 ms", "alice", "c1", "bound to alice"},
		{"-10.00 ms", "bob", "c2", "bound to bob"},
		{"+0.00 ms", "alice", "c1", "emits #7 for alice"},
		{"+0.60 ms", "bob", "c2", "receives #7 for alice"},
	}, f.Table.Rows, "a third party's steps are not part of the story")
	require.Contains(t, string(f.SVG), "ln bad strong", "the arrow that should not be there")
	require.Contains(t, string(f.SVG), "not seen", "and the one that is missing")
}

func TestSequenceWithoutHistoryShowsTheTwoEndsOfIt(t *testing.T) {
	e := leak()
	e.Around = nil
	f := Sequence(e)
	require.Len(t, f.Table.Rows, 2)
	require.Contains(t, string(f.SVG), "ln bad strong")

	e.EmittedMS = 0
	require.Len(t, Sequence(e).Table.Rows, 1, "when nobody knows when it was emitted")
}

func TestSequenceOfALossHasNoReceipt(t *testing.T) {
	e := &result.Evidence{Code: "D0", Owner: "alice", Receiver: "alice", AtMS: 200, EmittedMS: 100, Connection: "c1"}
	f := Sequence(e)
	require.Len(t, f.Table.Rows, 1)
	require.Contains(t, string(f.SVG), "not seen")
	require.NotContains(t, string(f.SVG), "strong")
}

func TestSequenceWhenTheOwnerGotItToo(t *testing.T) {
	e := leak()
	e.Around = append(e.Around, result.Step{AtMS: 101, Kind: "recv", User: "alice", Connection: "c1", Owner: "alice", Seq: 7})
	require.NotContains(t, string(Sequence(e).SVG), "not seen")
}

func TestLongSequenceKeepsTheHit(t *testing.T) {
	e := leak()
	for i := range 40 {
		e.Around = append(e.Around, result.Step{AtMS: 50 + float64(i), Kind: "recv", User: "alice", Connection: "c1", Owner: "alice", Seq: uint64(i)},
			result.Step{AtMS: 101 + float64(i), Kind: "recv", User: "alice", Connection: "c1", Owner: "alice", Seq: uint64(100 + i)})
	}
	f := Sequence(e)
	require.Len(t, f.Table.Rows, stepsAtMost)
	require.Contains(t, f.Table.Rows, []string{"+0.60 ms", "bob", "c2", "receives #7 for alice"})
}

func TestLanes(t *testing.T) {
	late := leak()
	late.AtMS, late.Owner = 500, "dave"
	run := &result.Run{Name: "chat", Evidence: []result.Evidence{*late, *leak(), {Code: "D0", AtMS: 1}}}
	f := Lanes(run)
	require.Contains(t, f.Note, "alice's event by bob at 100.6 ms", "the first leak, not the first entry and not a loss")
	require.Len(t, f.Table.Rows, 5, "each record once, though two pieces of evidence kept it")
	require.Contains(t, string(f.SVG), "mark hit")

	require.NotEmpty(t, Lanes(&result.Run{Name: "clean"}).Missing)
	bare := leak()
	bare.Around = nil
	require.Len(t, Lanes(&result.Run{Evidence: []result.Evidence{*bare}}).Table.Rows, 2)
}
