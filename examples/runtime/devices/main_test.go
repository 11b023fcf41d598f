package main

import (
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestCloseAnotherDevice(t *testing.T) {
	f := runtimetest.New(t, &wsruntime.Options{OnMessage: onMessage})
	open := func(user wsruntime.UserID, device string) *runtimetest.Recorder {
		ws, _, err := runtimetest.Dial(f, user, "device="+device)
		require.NoError(t, err)
		return runtimetest.NewRecorder(t, ws)
	}
	phone, laptop, bobs := open("alice", "phone"), open("alice", "laptop"), open("bob", "laptop")
	require.NoError(t, phone.Conn().WriteMessage(websocket.TextMessage, []byte(`{"do":"close","device":"laptop"}`)))
	require.JSONEq(t, `["phone"]`, string(phone.WaitType("devices").Data))
	require.Equal(t, 4001, laptop.WaitClosed())
	require.NoError(t, bobs.Err(), "another user's device of that name is not touched")
}
