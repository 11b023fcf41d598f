// Package runtimeemit emits through wsruntime, which encodes or copies before it
// returns.
package runtimeemit

import (
	"context"
	"io"

	"github.com/gorilla/websocket"
	wsruntime "github.com/wsmig/wsmig/runtime"
)

func raw(ctx context.Context, em *wsruntime.Emitter, source io.Reader) {
	buf := make([]byte, 512)
	for {
		n, err := source.Read(buf)
		if err != nil {
			return
		}
		em.EmitRaw(ctx, 1, buf[:n])
	}
}

func event(ctx context.Context, em *wsruntime.Emitter, m map[string]any) {
	em.Emit(ctx, wsruntime.Event{Type: "x", Data: m})
	m["x"] = 1
}

// A connection of gorilla writes before it returns, too.
func direct(conn *websocket.Conn, b []byte) {
	conn.WriteMessage(1, b)
	b[0] = 0
}
