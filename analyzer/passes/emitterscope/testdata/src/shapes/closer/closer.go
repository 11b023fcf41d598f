// Package closer passes its handle to a function that closes it, in this package
// or in another.
package closer

import (
	"context"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"shapes/closer/finish"
)

func end(em *wsruntime.Emitter) { em.Close() }

func job(ctx context.Context, em *wsruntime.Emitter) {
	finish.Report(ctx, "done", em)
	em.Emit(ctx, wsruntime.Event{}) // want `em is closed above`
}

func own(ctx context.Context, em *wsruntime.Emitter) {
	end(em)
	em.Emit(ctx, wsruntime.Event{}) // want `em is closed above`
}

func unsure(ctx context.Context, em *wsruntime.Emitter) {
	finish.Maybe(em, false)
	em.Emit(ctx, wsruntime.Event{})
	go end(em)
}
