package afterclose

import (
	"context"
	"log"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// Asking a closed handle who it was for is fine, and closing twice too.
func asked(em *wsruntime.Emitter) {
	em.Close()
	log.Println("done with", em.User(), em.Thread())
	em.Close()
}

// Only one branch closes, and it returns.
func branch(ctx context.Context, em *wsruntime.Emitter, bad bool) {
	if bad {
		em.Close()
		return
	}
	em.Emit(ctx, wsruntime.Event{})
}

// The variable gets a new handle.
func renewed(ctx context.Context, f *wsruntime.Factory, em *wsruntime.Emitter) (err error) {
	em.Close()
	if em, err = f.Emitter(ctx, "alice"); err != nil {
		return err
	}
	defer em.Close()
	return em.Emit(ctx, wsruntime.Event{})
}

// A view closes nothing but itself.
func viewOnly(ctx context.Context, em *wsruntime.Emitter) {
	thread := em.For("t1")
	thread.Close()
	em.Emit(ctx, wsruntime.Event{})
}

// Closing is deferred, or may not happen.
func deferred(ctx context.Context, em *wsruntime.Emitter, done bool) {
	defer em.Close()
	_ = done && em.Close() == nil
	closer := func() { em.Close() }
	em.Emit(ctx, wsruntime.Event{})
	closer()
}

func cases(ctx context.Context, em *wsruntime.Emitter, kind int) {
	switch kind {
	case 1:
		em.Close()
	case 2:
		em.Emit(ctx, wsruntime.Event{})
	}
}

// One of two handles is closed.
func other(ctx context.Context, a, b *client) {
	a.em.Close()
	log.Println("a is gone")
}
