// Package finish has functions that end what they are given.
package finish

import (
	"context"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func Report(ctx context.Context, text string, em *wsruntime.Emitter) { // want Report:`closes`
	defer em.Close()
	em.Emit(ctx, wsruntime.Event{Type: "report", Data: text})
}

func Maybe(em *wsruntime.Emitter, really bool) {
	if really {
		em.Close()
	}
}
