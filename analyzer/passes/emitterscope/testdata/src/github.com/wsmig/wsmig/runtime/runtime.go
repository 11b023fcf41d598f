// Package runtime has the exported signatures of the real one, as far as the
// shapes need them.
package runtime

import (
	"context"
	"net/http"
)

type (
	UserID   string
	ThreadID string
)

type Event struct {
	Type string
	Data any
}

type Options struct {
	OnMessage    func(ctx context.Context, c *Conn, data []byte) error
	OnDisconnect func(c *Conn, err error)
	_            struct{}
}

type Authenticator func(*http.Request) (UserID, error)

type Factory struct{ hidden int }

func NewFactory(o *Options) (*Factory, error)                                 { return nil, nil }
func (f *Factory) Emitter(ctx context.Context, user UserID) (*Emitter, error) { return nil, nil }
func (f *Factory) Handler(a Authenticator) http.Handler                       { return nil }
func (f *Factory) Broadcast(ctx context.Context, ev Event) (int, error)       { return 0, nil }

type Conn struct{ hidden int }

func (c *Conn) User() UserID { return "" }

type Emitter struct{ hidden int }

func (e *Emitter) User() UserID                                { return "" }
func (e *Emitter) Thread() ThreadID                            { return "" }
func (e *Emitter) For(thread ThreadID) *Emitter                { return e }
func (e *Emitter) Emit(ctx context.Context, ev Event) error    { return nil }
func (e *Emitter) EmitRaw(ctx context.Context, b []byte) error { return nil }
func (e *Emitter) Flush(ctx context.Context) error             { return nil }
func (e *Emitter) UserContext() *UserContext                   { return nil }
func (e *Emitter) Close() error                                { return nil }

type UserContext struct{ hidden int }

func (uc *UserContext) User() UserID         { return "" }
func (uc *UserContext) Store(key, value any) {}
