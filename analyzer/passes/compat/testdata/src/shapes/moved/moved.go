// Package moved is where the program should arrive: nothing of the layer is left.
package moved

import (
	"context"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func paid(ctx context.Context, factory *wsruntime.Factory, owner wsruntime.UserID) error {
	em, err := factory.Emitter(ctx, owner)
	if err != nil {
		return err
	}
	defer em.Close()
	return em.Emit(ctx, wsruntime.Event{Type: "paid"})
}

func news(ctx context.Context, factory *wsruntime.Factory) {
	factory.Broadcast(ctx, wsruntime.Event{Type: "news"})
}
