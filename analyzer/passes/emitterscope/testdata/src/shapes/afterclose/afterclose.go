// Package afterclose goes on with a handle that has been given back.
package afterclose

import (
	"context"
	"fmt"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func straight(ctx context.Context, em *wsruntime.Emitter) {
	em.Emit(ctx, wsruntime.Event{Type: "first"})
	em.Close()
	em.Emit(ctx, wsruntime.Event{Type: "second"}) // want `^em is closed above: Emit reaches nobody and returns ErrClosed \(emitterscope, user-send\)$`
}

func nested(ctx context.Context, em *wsruntime.Emitter, more bool) error {
	if err := em.Close(); err != nil {
		return err
	}
	if more {
		for range 3 {
			if err := em.EmitRaw(ctx, nil); err != nil { // want `em is closed above: EmitRaw`
				return err
			}
		}
	}
	return nil
}

// A view by For ends with the emitter that it was made from.
func view(ctx context.Context, em *wsruntime.Emitter) {
	thread := em.For("t1")
	deeper := thread.For("t2")
	err := em.Close()
	fmt.Println(err)
	deeper.Emit(ctx, wsruntime.Event{}) // want `deeper is closed above`
}

func late(ctx context.Context, em *wsruntime.Emitter) {
	_ = em.Close()
	defer func() {
		em.Flush(ctx) // want `em is closed above: Flush`
	}()
}

type client struct{ em *wsruntime.Emitter }

func (c *client) bye(ctx context.Context) {
	c.em.Close()
	c.em.Emit(ctx, wsruntime.Event{Type: "bye"}) // want `c\.em is closed above`
}
