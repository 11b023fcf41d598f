// Command resume serves a page that keeps its place: cut the connection, and what happened meanwhile comes when it is
// back, each event once. Open http://127.0.0.1:8080 and look at the clock's numbers.
package main

import (
	"context"
	_ "embed"
	"errors"
	"log"
	"net/http"
	"time"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

//go:embed page.html
var page []byte

func main() {
	f, err := wsruntime.NewFactory(nil)
	if err != nil {
		log.Fatal(err)
	}
	go tick(context.Background(), f, "visitor", time.Second)
	log.Print("open http://127.0.0.1:8080")
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", routes(f)))
}

func routes(f *wsruntime.Factory) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page) // the visitor may be gone
	})
	mux.Handle("GET /ws", f.Handler(func(*http.Request) (wsruntime.UserID, error) { return "visitor", nil }))
	return mux
}

// tick emits whether somebody is there or not: the ring keeps what the page missed.
func tick(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID, every time.Duration) {
	em, err := f.Emitter(ctx, user)
	if err != nil {
		log.Print(err)
		return
	}
	defer em.Close()
	for n := 1; ; n++ {
		err := em.Emit(ctx, wsruntime.Event{Type: "tick", Data: n})
		if err != nil && !errors.Is(err, wsruntime.ErrNoConnection) {
			return
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
	}
}
