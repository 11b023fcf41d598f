// Command minimal is the smallest server on the runtime: who connects to /ws?user=alice is alice, and gets what is
// posted to /notify?user=alice.
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func main() {
	f, err := wsruntime.NewFactory(nil)
	if err != nil {
		log.Fatal(err)
	}
	log.Print("listening on http://127.0.0.1:8080")
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", routes(f)))
}

func routes(f *wsruntime.Factory) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/ws", f.Handler(whoSaysSo))
	mux.HandleFunc("POST /notify", func(w http.ResponseWriter, r *http.Request) { notify(f, w, r) })
	return mux
}

// whoSaysSo believes the client, which only an example may: see auth for one that does not.
func whoSaysSo(r *http.Request) (wsruntime.UserID, error) {
	return wsruntime.UserID(r.URL.Query().Get("user")), nil
}

func notify(f *wsruntime.Factory, w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	em, err := f.Emitter(r.Context(), wsruntime.UserID(r.URL.Query().Get("user")))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	defer em.Close()
	if err := em.Emit(r.Context(), wsruntime.Event{Type: "note", Data: string(text)}); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	fmt.Fprintln(w, "sent")
}
