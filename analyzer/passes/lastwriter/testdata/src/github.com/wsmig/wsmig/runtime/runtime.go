// Package runtime has the exported signatures of the real one, as far as the
// shapes need them.
package runtime

import "context"

type UserID string

type Factory struct{ hidden int }

func (f *Factory) Emitter(ctx context.Context, user UserID) (*Emitter, error) { return nil, nil }

type Emitter struct{ hidden int }

func (e *Emitter) Close() error { return nil }
