package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestNotify(t *testing.T) {
	f := runtimetest.New(t, nil)
	h := routes(f)
	ws, _, err := runtimetest.DialHandler(h, "/ws?user=alice", nil)
	require.NoError(t, err)
	alice := runtimetest.NewRecorder(t, ws)
	for user, status := range map[string]int{"alice": http.StatusOK, "bob": http.StatusConflict, "": http.StatusBadRequest} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/notify?user="+user, strings.NewReader("hello")))
		require.Equal(t, status, w.Code, user)
	}
	require.Equal(t, `"hello"`, string(alice.Wait(1)[0].Data))
}
