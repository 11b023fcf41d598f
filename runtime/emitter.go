package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
)

// Emitter is a handle that reaches the connections of one user: those that are ready at the moment of each call. What
// user and thread it has never changes. All methods may be called from any goroutine at once; what one goroutine emits
// arrives in its order.
type Emitter struct {
	root   *handle
	thread ThreadID
	view   bool  // made by For: the hold is another one's
	bad    error // the thread id was refused
	closed atomic.Bool
}

// handle is the hold on the user's context that an emitter and those made from it by For share.
type handle struct {
	uc     *UserContext
	closed atomic.Bool
}

// For gives a handle onto the same user whose events carry this thread. It is a view: closing it closes nothing else,
// and it ends with the emitter that it came from. A thread id that is not acceptable makes its emits fail with
// [ErrInvalidID].
func (e *Emitter) For(thread ThreadID) *Emitter {
	return &Emitter{root: e.root, thread: thread, view: true, bad: thread.Validate()}
}

// User is the user whom this emitter reaches.
func (e *Emitter) User() UserID { return e.root.uc.user }

// Thread is the thread that its events carry.
func (e *Emitter) Thread() ThreadID { return e.thread }

// UserContext is the context that all handles of this user share.
func (e *Emitter) UserContext() *UserContext { return e.root.uc }

// Emit sends an event to the user's ready connections. When it returns nil, a copy is queued, or already written, for
// each of them. [ErrNoConnection] says that there was none, [ErrOverflow] that a queue was full and the policy left
// this event out there, [ErrEncode] and [ErrLimit] that the event itself can't be sent, [ErrClosed] and [ErrRevoked]
// that the handle is at its end, [ErrOwner] that a connection of another user was in the way and got nothing. It blocks
// only under the [Block] policy, and then until ctx ends at most, or where [Options.Bus] does.
func (e *Emitter) Emit(ctx context.Context, ev Event) error {
	sc := newScratch()
	defer sc.free()
	if err := e.ready(ctx); err != nil {
		return err
	}
	f := e.root.uc.f
	if err := f.encodeEvent(sc, ev, e.thread); err != nil {
		return err
	}
	return e.root.uc.send(ctx, sc)
}

// EmitRaw sends exactly these bytes as one message, with whatever framing. The bytes may be used again when it returns.
// With [Envelope] framing such a message is outside the stream: it has no sequence number and no place in the resume
// ring. Errors are those of [Emitter.Emit].
func (e *Emitter) EmitRaw(ctx context.Context, mt MessageType, data []byte) error {
	sc := newScratch()
	defer sc.free()
	if err := e.ready(ctx); err != nil {
		return err
	}
	if err := e.root.uc.f.encodeRaw(sc, mt, data); err != nil {
		return err
	}
	return e.root.uc.send(ctx, sc)
}

// EmitJSON sends v as gorilla's WriteJSON would: its JSON and a line feed, as a text message, with no envelope. Code
// that moves from WriteJSON keeps its bytes with it.
func (e *Emitter) EmitJSON(ctx context.Context, v any) error {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return fmt.Errorf("%w: %w", ErrEncode, err)
	}
	return e.EmitRaw(ctx, TextMessage, b.Bytes())
}

func (e *Emitter) ready(ctx context.Context) error {
	switch {
	case e.closed.Load() || e.root.closed.Load():
		return ErrClosed
	case e.bad != nil:
		return e.bad
	}
	return ctx.Err()
}

// Flush waits until everything that was queued for the user before the call is written or dropped, or until ctx ends;
// then the error says so.
func (e *Emitter) Flush(ctx context.Context) error {
	if e.closed.Load() || e.root.closed.Load() {
		return ErrClosed
	}
	return e.root.uc.flush(ctx)
}

// Close gives the handle back; what it emitted is still delivered, since queues belong to the connections. Closing
// twice is fine. It never blocks and returns nil: the error is there for io.Closer.
func (e *Emitter) Close() error {
	if e.closed.Swap(true) || e.view {
		return nil
	}
	if !e.root.closed.Swap(true) {
		e.root.uc.f.emittersClosed.Add(1)
		e.root.uc.release(holdEmitter)
	}
	return nil
}
