// Package perrequest is how it should be: a handle for the work of one request.
package perrequest

import (
	"context"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

type server struct {
	factory *wsruntime.Factory
	userOf  wsruntime.Authenticator
}

func (s *server) work(w http.ResponseWriter, r *http.Request) {
	user, err := s.userOf(r)
	if err != nil {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	em, err := s.factory.Emitter(r.Context(), user)
	if err != nil {
		return
	}
	defer em.Close()
	report := func(step string) { em.Emit(r.Context(), wsruntime.Event{Type: step}) }
	report("started")
	each(func() { report("step") })
	em.For("thread").Emit(r.Context(), wsruntime.Event{Type: "done"})
	http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		em.Emit(r.Context(), wsruntime.Event{Type: "inner"})
	}).ServeHTTP(w, r)
}

func each(f func()) { f() }

// The handle is a parameter, and its owner closes it.
func step(ctx context.Context, em *wsruntime.Emitter) error {
	return em.Emit(ctx, wsruntime.Event{Type: "step"})
}
