// Package runtime has the exported signatures of the real one, as far as the
// shapes need them.
package runtime

import "context"

type MessageType int

type Event struct {
	Type string
	Data any
}

type Emitter struct{ hidden int }

func (e *Emitter) Emit(ctx context.Context, ev Event) error                    { return nil }
func (e *Emitter) EmitRaw(ctx context.Context, mt MessageType, b []byte) error { return nil }
