// Command agent streams what an agent does for a user, run by run, each in its own thread.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func main() {
	f, err := wsruntime.NewFactory(nil)
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/ws", f.Handler(func(r *http.Request) (wsruntime.UserID, error) {
		return wsruntime.UserID(r.URL.Query().Get("user")), nil // see auth
	}))
	http.HandleFunc("POST /runs", func(w http.ResponseWriter, r *http.Request) {
		user, run := wsruntime.UserID(r.URL.Query().Get("user")), r.URL.Query().Get("run")
		em, err := f.Emitter(r.Context(), user)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		go func() {
			defer em.Close()
			ctx := context.WithoutCancel(r.Context()) // the run outlives the request
			if err := work(ctx, em.For(wsruntime.ThreadID(run)), run); err != nil {
				log.Print(err)
			}
		}()
		w.WriteHeader(http.StatusAccepted)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}

// work is a run: started first, completed or error last, each tool call closed.
func work(ctx context.Context, em *wsruntime.Emitter, run string) error {
	const agent = "researcher"
	report := func(err error) error {
		if errors.Is(err, wsruntime.ErrNoConnection) {
			return nil // it is in the ring for when the user is back
		}
		return err
	}
	steps := []func() error{
		func() error { return em.AgentStarted(ctx, agent, run) },
		func() error { return em.AgentThinking(ctx, agent, run, "what is the weather?") },
		func() error {
			return em.ToolExecuting(ctx, agent, run, "weather", map[string]string{"city": "Oslo", "api_key": "never shown"})
		},
		func() error { return em.ToolCompleted(ctx, agent, run, "weather", map[string]int{"celsius": -3}) },
		func() error { return em.Progress(ctx, agent, run, 100, "done") },
		func() error { return em.AgentCompleted(ctx, agent, run, "wear a coat") },
	}
	for i, step := range steps {
		if err := report(step()); err != nil {
			return fmt.Errorf("run %s, step %d: %w", run, i+1, err)
		}
	}
	return nil
}
