// Package neverclosed makes handles and forgets them: each one keeps the user's
// context for the life of the process.
package neverclosed

import (
	"context"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func forgotten(w http.ResponseWriter, r *http.Request, f *wsruntime.Factory, user wsruntime.UserID) {
	em, err := f.Emitter(r.Context(), user) // want `^em is never closed, and the user's context stays with it: .* \(emitterscope, lifecycle\)$`
	if err != nil {
		return
	}
	em.Emit(r.Context(), wsruntime.Event{})
}

func declared(ctx context.Context, f *wsruntime.Factory) {
	var em, err = f.Emitter(ctx, "alice") // want `em is never closed`
	if err == nil && em != nil {
		em.Emit(ctx, wsruntime.Event{})
	}
}

func probed(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) bool {
	_, err := f.Emitter(ctx, user) // want `^this emitter is thrown away unclosed, .* \(emitterscope, lifecycle\)$`
	return err == nil
}

func ignored(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) {
	f.Emitter(ctx, user) // want `thrown away unclosed`
}

// Closing a view gives nothing back.
func viewed(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) {
	em, _ := f.Emitter(ctx, user) // want `em is never closed`
	thread := em.For("t1")
	defer thread.Close()
	thread.Emit(ctx, wsruntime.Event{})
}
