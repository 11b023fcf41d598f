package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestWork(t *testing.T) {
	f := runtimetest.New(t, nil)
	r := runtimetest.Record(t, f, "alice")
	r.WaitType("wsmig.ready")
	em, err := f.Emitter(t.Context(), "alice")
	require.NoError(t, err)
	defer em.Close()
	require.NoError(t, work(t.Context(), em.For("run-1"), "run-1"))
	got := r.Wait(6)
	require.Equal(t, wsruntime.TypeAgentStarted, got[0].Type)
	require.Equal(t, wsruntime.TypeAgentCompleted, got[5].Type)
	for _, fr := range got {
		require.Equal(t, wsruntime.ThreadID("run-1"), fr.Thread)
		require.NotContains(t, string(fr.Raw), "never shown")
	}
}
