package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestLoginAndLogout(t *testing.T) {
	s := newServer(runtimetest.New(t, nil), []byte("a key of this test"))
	token, err := s.issue("alice", "t1", time.Hour)
	require.NoError(t, err)
	cookie := http.Header{"Cookie": {"token=" + token}}
	ws, _, err := runtimetest.DialHandler(s.routes(), "/ws", cookie)
	require.NoError(t, err)
	r := runtimetest.NewRecorder(t, ws)
	em, err := s.f.Emitter(t.Context(), "alice")
	require.NoError(t, err)
	defer em.Close()
	require.NoError(t, em.Emit(t.Context(), wsruntime.Event{Type: "hello"}))
	r.Wait(1)

	req := httptest.NewRequest(http.MethodPost, "/logout", nil)
	req.Header = cookie
	w := httptest.NewRecorder()
	s.routes().ServeHTTP(w, req)
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Equal(t, 1008, r.WaitClosed())
	_, resp, err := runtimetest.DialHandler(s.routes(), "/ws", cookie)
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
}

func TestForgedAndExpired(t *testing.T) {
	s := newServer(runtimetest.New(t, nil), []byte("a key of this test"))
	forged, err := newServer(nil, []byte("another key")).issue("alice", "t1", time.Hour)
	require.NoError(t, err)
	expired, err := s.issue("alice", "t2", -time.Hour)
	require.NoError(t, err)
	for _, token := range []string{forged, expired, "nonsense", ""} {
		_, resp, err := runtimetest.DialHandler(s.routes(), "/ws", http.Header{"Cookie": {"token=" + token}})
		require.Error(t, err)
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	}
}
