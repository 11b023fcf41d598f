// Package namesake has an Emitter of its own, which is somebody else's business.
package namesake

import wsruntime "github.com/wsmig/wsmig/runtime"

type Emitter struct{ listeners []func(wsruntime.Event) }

func (e *Emitter) Emit(ev wsruntime.Event) {}
func (e *Emitter) Close() error            { return nil }

var bus = &Emitter{}

func news() {
	bus.Close()
	bus.Emit(wsruntime.Event{})
}
