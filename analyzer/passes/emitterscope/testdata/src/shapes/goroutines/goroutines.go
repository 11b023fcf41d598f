// Package goroutines starts work that outlives the handle it emits through.
package goroutines

import (
	"context"
	"net/http"
	"sync"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func started(w http.ResponseWriter, r *http.Request, f *wsruntime.Factory, user wsruntime.UserID) {
	em, err := f.Emitter(r.Context(), user)
	if err != nil {
		return
	}
	defer em.Close()
	go func() {
		em.Emit(context.Background(), wsruntime.Event{Type: "slow"}) // want `^em is closed when this function returns, and the goroutine may emit after that: .* \(emitterscope, user-send\)$`
	}()
	w.WriteHeader(http.StatusAccepted)
}

func passed(ctx context.Context, em *wsruntime.Emitter) {
	defer em.Close()
	go work(ctx, em) // want `em is closed when this function returns`
}

func work(ctx context.Context, em *wsruntime.Emitter) { em.Emit(ctx, wsruntime.Event{}) }

func waitedFor(ctx context.Context, em *wsruntime.Emitter) {
	defer em.Close()
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		em.Emit(ctx, wsruntime.Event{})
	}()
	wg.Wait()
}

func signalled(ctx context.Context, em *wsruntime.Emitter) {
	defer em.Close()
	done := make(chan struct{})
	go func() {
		em.Emit(ctx, wsruntime.Event{})
		close(done)
	}()
	<-done
}

// The goroutine lives as long as the reading does, near enough.
func pumps(ctx context.Context, em *wsruntime.Emitter, read func() bool) {
	defer em.Close()
	go work(ctx, em)
	for read() {
	}
}

// It closes its handle itself.
func owner(ctx context.Context, em *wsruntime.Emitter) {
	go func() {
		defer em.Close()
		em.Emit(ctx, wsruntime.Event{})
	}()
}
