// Package heldopen keeps the handle in a field that nothing of the package
// closes or gives away.
package heldopen

import (
	"context"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

type client struct {
	em   *wsruntime.Emitter
	name string
}

func newClient(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) *client {
	em, err := f.Emitter(ctx, user) // want `^em is never closed`
	if err != nil {
		return nil
	}
	return &client{em: em, name: "c"}
}

func (c *client) attach(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) (err error) {
	c.em, err = f.Emitter(ctx, user) // want `^em is never closed`
	return err
}

func (c *client) send(ctx context.Context, ev wsruntime.Event) error { return c.em.Emit(ctx, ev) }
