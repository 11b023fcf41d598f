package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/history"
)

func TestBytesThatAreNoFramesAreCorruption(t *testing.T) {
	w := newWorld(t, 2)
	w.pass(1, 1)
	require.Zero(t, w.feed(history.Event{Op: history.Garbled, Conn: 1, Name: "bad opcode 7"}))
	w.want(counts{"P3": 1})
	kept := w.c.Report(false).Evidence
	require.Len(t, kept, 1)
	require.Equal(t, history.PrincipalID(1), kept[0].Receiver)
	prose := w.c.Explain(&kept[0])
	require.Contains(t, prose, "bytes that are no frame came to connection c1, which was u00001's")
	require.Contains(t, prose, "bad opcode 7")
}

func TestGarbageOnAConnectionThatNobodyOpenedIsTheHarnessesFault(t *testing.T) {
	w := newWorld(t, 1)
	require.Equal(t, history.H, w.feed(history.Event{Op: history.Garbled, Conn: 9}).Code)
}
