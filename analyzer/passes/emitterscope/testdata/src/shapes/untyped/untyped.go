// Package untyped hides the same behind types that don't tell what they hold: the
// place where it is stored is reported.
package untyped

import (
	"context"
	"sync"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

var (
	sessions sync.Map
	cache    = map[string]any{}
	last     any
	registry struct{ byUser sync.Map }
)

type worker struct {
	handles sync.Pool
	own     sync.Map
}

func keep(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) error {
	em, err := f.Emitter(ctx, user)
	if err != nil {
		return err
	}
	sessions.Store(user, em)                            // want `^sessions keeps wsruntime\.Emitter values in package state.* \(emitterscope, escape\)$`
	registry.byUser.LoadOrStore(user, em.UserContext()) // want `registry keeps wsruntime\.UserContext values`
	cache[string(user)] = em                            // want `cache keeps a wsruntime\.Emitter in package state`
	last = em                                           // want `last keeps a wsruntime\.Emitter`
	sessions.Store(user, "online")
	cache["answer"] = 42
	return nil
}

// A pool hands the emitter to the next user, wherever the pool is kept.
func (w *worker) done(em *wsruntime.Emitter) {
	w.handles.Put(em) // want `a pool hands this wsruntime\.Emitter to whoever comes next`
	w.own.Store("em", em)
}
