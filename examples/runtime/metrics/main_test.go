package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestRoutes(t *testing.T) {
	f := runtimetest.New(t, nil)
	runtimetest.Record(t, f, "alice").WaitType("wsmig.ready")
	h := routes(f)
	for path, want := range map[string]string{"/metrics": "wsmig_connections_ready 1", "/healthz": "ok"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), want)
	}
}
