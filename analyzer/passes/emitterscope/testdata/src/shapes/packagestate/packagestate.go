// Package packagestate keeps what belongs to one user in variables that belong to
// the program: the manager of old under another type.
package packagestate

import (
	"context"
	"sync/atomic"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

var current *wsruntime.Emitter // want `^current keeps a wsruntime\.Emitter in package state: all of the program .* \(emitterscope, escape\)$`

var lastSeen *wsruntime.UserContext // want `lastSeen keeps a wsruntime\.UserContext in package state`

var (
	emitters = map[wsruntime.UserID]*wsruntime.Emitter{} // want `emitters keeps wsruntime\.Emitter values in package state, which is the shared registry again`
	newest   atomic.Pointer[wsruntime.Emitter]           // want `newest keeps wsruntime\.Emitter values`
	waiting  = make(chan *wsruntime.Emitter, 8)          // want `waiting keeps wsruntime\.Emitter values`
)

type job struct {
	name string
	to   *wsruntime.Emitter
}

var queue []job // want `queue keeps wsruntime\.Emitter values`

var state struct { // want `state keeps wsruntime\.UserContext values`
	byUser map[string]*wsruntime.UserContext
}

func use(ctx context.Context) { current.Emit(ctx, wsruntime.Event{}) }
