// Package fixedoperator tells one user whom the program names itself of what all
// others do. That is meant.
package fixedoperator

import (
	"context"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

type config struct{ operator string }

func routes(ctx context.Context, mux *http.ServeMux, f *wsruntime.Factory, cfg config) error {
	root, err := f.Emitter(ctx, "root")
	if err != nil {
		return err
	}
	operator, err := f.Emitter(ctx, wsruntime.UserID(cfg.operator))
	if err != nil {
		return err
	}
	mux.HandleFunc("/alert", func(w http.ResponseWriter, r *http.Request) {
		root.Emit(r.Context(), wsruntime.Event{Type: "alert"})
		operator.Emit(r.Context(), wsruntime.Event{Type: "alert"})
	})
	mux.HandleFunc("/bye", func(http.ResponseWriter, *http.Request) { root.Close(); operator.Close() })
	return nil
}
