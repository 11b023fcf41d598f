package runtimetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// New makes a factory for a test and shuts it down with the test, which fails when that leaves something behind or
// the counters don't add up.
func New(t testing.TB, o *wsruntime.Options) *wsruntime.Factory {
	t.Helper()
	f, err := wsruntime.NewFactory(o)
	if err != nil {
		t.Fatalf("runtimetest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), waitTime)
		defer cancel()
		if err := f.Shutdown(ctx); err != nil {
			t.Logf("runtimetest: shutdown: %v", err)
		}
		if err := Residue(f); err != nil {
			t.Error(err)
		}
		if err := Conserved(f); err != nil {
			t.Error(err)
		}
	})
	return f
}

// Residue says what a factory still holds: users, connections, handles, rooms. After the last user is gone there is
// nothing; rings that wait for a client to come back are no residue.
func Residue(f *wsruntime.Factory) error {
	s := f.Stats()
	if s.Users != 0 || s.Conns != 0 || s.ContextsActive != 0 || s.Queued != 0 || s.InFlight != 0 || s.Rooms != 0 {
		return fmt.Errorf("runtimetest: residue: %d users, %d connections, %d contexts, %d queued, %d in flight, %d rooms",
			s.Users, s.Conns, s.ContextsActive, s.Queued, s.InFlight, s.Rooms)
	}
	return nil
}

// WaitResidue waits until nothing is left of the users, or says what is: connections wind down on their own time.
func WaitResidue(ctx context.Context, f *wsruntime.Factory) error {
	for {
		err := Residue(f)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// Conserved checks the law of conservation on a factory's counters: each copy that was emitted is delivered, dropped
// for a reason, queued or in flight, in total and for every user.
func Conserved(f *wsruntime.Factory) error {
	s := f.Stats()
	if sum := s.Delivered + s.Queued + s.InFlight + total(s.Dropped); sum != s.Emitted {
		return fmt.Errorf("runtimetest: %d emitted, %d accounted for: %+v", s.Emitted, sum, s)
	}
	for user, u := range f.ByUser() {
		if sum := u.Delivered + u.Queued + u.InFlight + total(u.Dropped); sum != u.Emitted {
			return fmt.Errorf("runtimetest: user %q: %d emitted, %d accounted for: %+v", user, u.Emitted, sum, u)
		}
	}
	return nil
}

func total(dropped map[wsruntime.DropReason]uint64) uint64 {
	var n uint64
	for _, d := range dropped {
		n += d
	}
	return n
}
