// Package factory broadcasts through wsruntime, whose call says so by its name and // want package:`Job\.For`
// still may be the wrong one.
package factory

import (
	"context"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

type Job struct {
	For  wsruntime.UserID
	Done int
}

func progress(ctx context.Context, f *wsruntime.Factory, j Job) error {
	em, err := f.Emitter(ctx, j.For)
	if err != nil {
		return err
	}
	defer em.Close()
	return em.Emit(ctx, wsruntime.Event{Type: "progress", Data: j})
}

func finished(ctx context.Context, f *wsruntime.Factory, j Job) {
	f.Broadcast(ctx, wsruntime.Event{Type: "finished", Data: j}) // want `made from j, and elsewhere its For picks one user; if it is meant for that user, the alternative is Emitter \(widecast, broadcast\)$`
}

func down(ctx context.Context, f *wsruntime.Factory, minutes int) {
	f.Broadcast(ctx, wsruntime.Event{Type: "down", Data: minutes})
}
