package runtime

import (
	"context"
	"errors"
	"fmt"
)

// Broadcast sends an event to every user who has a ready connection, on all connections, and returns how many users it
// reached; with a bus those of this node. It is the only call that reaches users whom nobody named. Errors are those of
// [Room.Emit].
func (f *Factory) Broadcast(ctx context.Context, ev Event) (int, error) {
	if f.history != nil {
		return f.recordFor(ctx, ev, "", f.present())
	}
	n, err := f.fanOut(ctx, ev, f.present(), nil)
	if f.opts.Bus != nil && (err == nil || errors.Is(err, ErrNoConnection)) {
		return n, f.publishBroadcast(ctx, ev, err)
	}
	return n, err
}

// present lists the users with a ready connection.
func (f *Factory) present() []*UserContext {
	var all []*UserContext
	for i := range f.shards {
		for _, uc := range f.shards[i].contexts() {
			uc.mu.Lock()
			here := uc.readyLocked() > 0
			uc.mu.Unlock()
			if here {
				all = append(all, uc)
			}
		}
	}
	return all
}

// fanOut encodes once and delivers to each user on the list; with a room, to those who are still members then.
func (f *Factory) fanOut(ctx context.Context, ev Event, users []*UserContext, rm *room) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if f.draining.Load() {
		return 0, ErrClosed
	}
	sc := newScratch()
	defer sc.free()
	if err := f.encodeEvent(sc, ev, ""); err != nil {
		return 0, err
	}
	sc.msg.room = rm
	reached := 0
	var first error
	for _, uc := range users {
		n, err := uc.deliver(ctx, sc)
		if n > 0 {
			reached++
		}
		if err != nil && !errors.Is(err, ErrNoConnection) && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrRevoked) {
			first = joinErr(first, fmt.Errorf("user %q: %w", uc.user, err))
		}
	}
	if reached == 0 && first == nil {
		first = ErrNoConnection
	}
	return reached, first
}
