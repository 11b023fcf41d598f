// Package sharedobject keeps the emitter of one request in the object that serves
// them all.
package sharedobject

import (
	"context"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

type Server struct { // want Server:`holds`
	factory *wsruntime.Factory
	em      *wsruntime.Emitter
	last    *job
}

type job struct{ em *wsruntime.Emitter }

func New(f *wsruntime.Factory) *Server { return &Server{factory: f} }

func (s *Server) Login(w http.ResponseWriter, r *http.Request) {
	em, err := s.factory.Emitter(r.Context(), wsruntime.UserID(r.FormValue("user")))
	if err != nil {
		return
	}
	s.em = em             // want `^s\.em is there for all users and becomes the wsruntime\.Emitter of whoever came last; .* \(emitterscope, escape\)$`
	s.last = &job{em: em} // want `^s\.last is there for all users`
	own := &job{}
	own.em = em
	own.run(r.Context())
}

func (s *Server) Close() error { return s.em.Close() }

func (j *job) run(ctx context.Context) {
	defer j.em.Close()
	j.em.Emit(ctx, wsruntime.Event{Type: "run"})
}
