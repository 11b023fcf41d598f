// Command router mounts the factory behind chi and its middleware; net/http's own ServeMux is used the same way, see
// minimal. The socket is taken over through whatever the middleware wrapped around it.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func main() {
	f, err := wsruntime.NewFactory(&wsruntime.Options{OnMessage: onMessage})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", routes(f)))
}

type tenantKey struct{}

func routes(f *wsruntime.Factory) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.Logger, middleware.Recoverer)
	r.Get("/{tenant}/ws", func(w http.ResponseWriter, r *http.Request) {
		tenant := chi.URLParam(r, "tenant")
		user, err := wsruntime.CompoundID(tenant, r.URL.Query().Get("user")) // see auth
		if err != nil {
			http.Error(w, "no such user", http.StatusBadRequest)
			return
		}
		// chi takes its routing context back when the handler returns, and the connection lives on: what it needs is
		// put into the context as a value of its own.
		ctx := context.WithValue(r.Context(), tenantKey{}, tenant)
		if err := f.Serve(w, r.WithContext(ctx), user); err != nil {
			log.Print(err)
		}
	})
	return r
}

func onMessage(ctx context.Context, c *wsruntime.Conn, _ wsruntime.MessageType, _ []byte) error {
	return c.Emit(ctx, wsruntime.Event{Type: "tenant", Data: ctx.Value(tenantKey{})})
}
