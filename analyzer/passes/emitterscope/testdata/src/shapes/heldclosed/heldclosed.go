// Package heldclosed closes its handles, or gives them to who may.
package heldclosed

import (
	"context"
	"io"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

type session struct {
	em *wsruntime.Emitter
}

func open(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) (*session, error) {
	em, err := f.Emitter(ctx, user)
	if err != nil {
		return nil, err
	}
	return &session{em: em}, nil
}

func (s *session) reopen(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) (err error) {
	s.em, err = f.Emitter(ctx, user)
	return err
}

func (s *session) Close() error { return s.em.Close() }

func returned(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) (*wsruntime.Emitter, error) {
	em, err := f.Emitter(ctx, user)
	return em, err
}

func named(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) (em *wsruntime.Emitter, err error) {
	em, err = f.Emitter(ctx, user)
	return
}

func directly(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) (*wsruntime.Emitter, error) {
	return f.Emitter(ctx, user)
}

func given(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID, to func(io.Closer)) {
	em, err := f.Emitter(ctx, user)
	if err == nil {
		to(em)
	}
}

func onCleanup(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID, cleanup func(func())) {
	em, err := f.Emitter(ctx, user)
	if err == nil {
		cleanup(func() { em.Close() })
		em.Emit(ctx, wsruntime.Event{})
	}
}

func value(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) func() error {
	em, err := f.Emitter(ctx, user)
	if err != nil {
		return nil
	}
	return em.Close
}

func list(ctx context.Context, f *wsruntime.Factory, users []wsruntime.UserID) (all []*wsruntime.Emitter) {
	for _, user := range users {
		if em, err := f.Emitter(ctx, user); err == nil {
			all = append(all, em)
		}
	}
	return all
}

// Exported fields may be closed by anyone.
type Open struct{ Em *wsruntime.Emitter } // want Open:`holds`

func newOpen(ctx context.Context, f *wsruntime.Factory, user wsruntime.UserID) *Open {
	em, _ := f.Emitter(ctx, user)
	return &Open{Em: em}
}
