// Package loops makes one handle serve several turns of a loop.
package loops

import (
	"context"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// Every goroutine sees the variable, and the last user in it.
func shared(ctx context.Context, f *wsruntime.Factory, users []wsruntime.UserID) {
	var em *wsruntime.Emitter
	var err error
	for _, user := range users {
		em, err = f.Emitter(ctx, user)
		if err != nil {
			continue
		}
		go func() {
			em.Emit(ctx, wsruntime.Event{}) // want `^em becomes another user's in the next turn of the loop, .* \(emitterscope, escape\)$`
			em.Close()
		}()
	}
}

func collected(ctx context.Context, f *wsruntime.Factory, users []wsruntime.UserID) (jobs []func()) {
	var em *wsruntime.Emitter
	for _, user := range users {
		em, _ = f.Emitter(ctx, user)
		jobs = append(jobs, func() { em.Emit(ctx, wsruntime.Event{}); em.Close() }) // want `em becomes another user's`
	}
	return jobs
}

func closedEachTurn(ctx context.Context, em *wsruntime.Emitter, events []wsruntime.Event) {
	for _, ev := range events {
		em.Emit(ctx, ev) // want `^em is closed at the end of each turn of this loop and made outside of it: .* \(emitterscope, user-send\)$`
		em.Close()
	}
}

func ownEachTurn(ctx context.Context, f *wsruntime.Factory, users []wsruntime.UserID) {
	for _, user := range users {
		em, err := f.Emitter(ctx, user)
		if err != nil {
			continue
		}
		go func() {
			defer em.Close()
			em.Emit(ctx, wsruntime.Event{})
		}()
	}
}

func inTurn(ctx context.Context, f *wsruntime.Factory, users []wsruntime.UserID) {
	var em *wsruntime.Emitter
	for _, user := range users {
		em, _ = f.Emitter(ctx, user)
		func() { em.Emit(ctx, wsruntime.Event{}) }()
		em.Close()
	}
}

func firstOnly(ctx context.Context, em *wsruntime.Emitter, events []wsruntime.Event) {
	for _, ev := range events {
		em.Emit(ctx, ev)
		em.Close()
		break
	}
}
