// Package handlers lets functions that serve every request share one user's
// handle.
package handlers

import (
	"context"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func routes(ctx context.Context, mux *http.ServeMux, f *wsruntime.Factory, user wsruntime.UserID) error {
	em, err := f.Emitter(ctx, user)
	if err != nil {
		return err
	}
	mux.HandleFunc("/work", func(w http.ResponseWriter, r *http.Request) {
		em.Emit(r.Context(), wsruntime.Event{Type: "work"}) // want `^em was made for one user, and this function serves every request: .* \(emitterscope, escape\)$`
	})
	mux.HandleFunc("/bye", func(w http.ResponseWriter, r *http.Request) { em.Close() })
	return nil
}

// Whoever logged in last gets what everyone's work reports.
func login(mux *http.ServeMux, f *wsruntime.Factory, userOf wsruntime.Authenticator) {
	var em *wsruntime.Emitter
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		user, err := userOf(r)
		if err == nil {
			em, err = f.Emitter(r.Context(), user) // want `^em is one variable for all requests: whoever came last owns what everyone emits; .* \(emitterscope, escape\)$`
		}
	})
	mux.HandleFunc("/work", func(w http.ResponseWriter, r *http.Request) {
		em.Emit(r.Context(), wsruntime.Event{Type: "work"})
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) { em.Close() })
}

// The runtime calls back for every connection.
func options(f *wsruntime.Factory, userOf func(*wsruntime.Conn) wsruntime.UserID) *wsruntime.Options {
	var uc *wsruntime.UserContext
	return &wsruntime.Options{
		OnMessage: func(ctx context.Context, c *wsruntime.Conn, data []byte) error {
			em, err := f.Emitter(ctx, c.User())
			if err != nil {
				return err
			}
			defer em.Close()
			uc = em.UserContext() // want `uc is one variable for all requests`
			return em.EmitRaw(ctx, data)
		},
		OnDisconnect: func(c *wsruntime.Conn, err error) { uc.Store("gone", true) },
	}
}
