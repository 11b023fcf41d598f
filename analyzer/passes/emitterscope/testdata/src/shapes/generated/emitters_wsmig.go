// Code by wsmig fix; singleton=shapes/generated.hub

package generated

import (
	"context"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// Emitter is bound to one user. It has no Close: the file owns what is behind it.
type Emitter struct{ em *wsruntime.Emitter }

var held = map[wsruntime.UserID]*wsruntime.Emitter{}

var factory *wsruntime.Factory

func UseFactory(f *wsruntime.Factory) { factory = f }

func EmitterFor(user wsruntime.UserID) Emitter {
	if held[user] == nil {
		held[user], _ = factory.Emitter(context.Background(), user)
	}
	return Emitter{held[user]}
}

func (e Emitter) Message(b []byte) error { return e.em.EmitRaw(context.Background(), b) }
