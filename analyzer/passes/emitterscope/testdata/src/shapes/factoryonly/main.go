// Command factoryonly keeps its factory for the whole program, as it should, and
// a handle for as long as main runs.
package main

import (
	"context"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

var factory *wsruntime.Factory

var byTenant = map[string]*wsruntime.Factory{}

func main() {
	factory, _ = wsruntime.NewFactory(nil)
	em, _ := factory.Emitter(context.Background(), "root")
	em.Emit(context.Background(), wsruntime.Event{Type: "up"})
	http.Handle("/ws", factory.Handler(func(r *http.Request) (wsruntime.UserID, error) { return "u", nil }))
}
