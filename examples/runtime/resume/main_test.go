package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestPage(t *testing.T) {
	w := httptest.NewRecorder()
	routes(runtimetest.New(t, nil)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Contains(t, w.Body.String(), "?resume=")
}

// TestComesBack does what the page does when its line is cut.
func TestComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := runtimetest.New(t, nil)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		first := runtimetest.Record(t, f, "visitor")
		first.WaitType("wsmig.ready")
		go tick(ctx, f, "visitor", time.Second)
		last := first.Wait(3)[2]
		require.NoError(t, first.Conn().NetConn().Close())
		<-time.After(5 * time.Second)
		ws, _, err := runtimetest.Dial(f, "visitor", fmt.Sprintf("resume=%s:%d", last.Epoch, last.Seq))
		require.NoError(t, err)
		for i, fr := range runtimetest.NewRecorder(t, ws).Wait(5) {
			require.EqualValues(t, 4+i, fr.Seq)
		}
	})
}
