package main

import (
	"context"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestOnlyMembersHear(t *testing.T) {
	c := &chat{allowed: map[string][]wsruntime.UserID{"planning": {"alice", "bob"}}}
	f, err := c.factory()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Shutdown(context.Background())) })
	say := func(r *runtimetest.Recorder, text string) {
		require.NoError(t, r.Conn().WriteMessage(websocket.TextMessage, []byte(text)))
	}
	alice, mallory := runtimetest.Record(t, f, "alice"), runtimetest.Record(t, f, "mallory")
	say(mallory, `{"do":"join","room":"planning"}`)
	mallory.WaitType("refused")
	say(alice, `{"do":"join","room":"planning"}`)
	say(alice, `{"do":"say","room":"planning","text":"secret"}`)
	require.JSONEq(t, `{"room":"planning","from":"alice","text":"secret"}`, string(alice.WaitType("said").Data))
	say(mallory, `{"do":"say","room":"planning","text":"let me in"}`)
	mallory.Wait(2)
	for _, fr := range mallory.Events() {
		require.Equal(t, "refused", fr.Type)
	}
}
