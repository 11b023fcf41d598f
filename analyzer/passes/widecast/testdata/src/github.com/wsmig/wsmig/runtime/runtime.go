// Package runtime has the exported signatures of the real one, as far as the
// shapes need them.
package runtime

import "context"

type UserID string

type Event struct {
	Type string
	Data any
}

type Factory struct{ hidden int }

func (f *Factory) Emitter(ctx context.Context, user UserID) (*Emitter, error) { return nil, nil }
func (f *Factory) Broadcast(ctx context.Context, ev Event) (int, error)       { return 0, nil }

type Emitter struct{ hidden int }

func (e *Emitter) Emit(ctx context.Context, ev Event) error { return nil }
func (e *Emitter) Close() error                             { return nil }
