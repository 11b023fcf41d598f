package runtime

import (
	"context"
	"sync"
	"time"
)

// handshakeContext is context.WithDeadline for a context of which the time is hardly ever asked: it sets no timer and
// asks nothing of its parent until somebody wants to wait. What a parent is asked for stays with it for as long as it
// is referred to, which is the life of the connection.
type handshakeContext struct {
	context.Context
	by time.Time

	mu     sync.Mutex
	real   context.Context // made when somebody waits
	cancel context.CancelFunc
	over   bool
}

// Deadline is the earlier one of the handshake's and the request's.
func (h *handshakeContext) Deadline() (time.Time, bool) {
	if by, ok := h.Context.Deadline(); ok && by.Before(h.by) {
		return by, true
	}
	return h.by, true
}

// Done is closed at the deadline, at the end of the request, or when the handshake is over.
func (h *handshakeContext) Done() <-chan struct{} { return h.made().Done() }

func (h *handshakeContext) made() context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.real == nil {
		h.real, h.cancel = context.WithDeadline(h.Context, h.by)
		if h.over {
			h.cancel()
		}
	}
	return h.real
}

// Err says whether one of the three has happened.
func (h *handshakeContext) Err() error {
	h.mu.Lock()
	real, over := h.real, h.over
	h.mu.Unlock()
	switch {
	case real != nil:
		return real.Err()
	case h.Context.Err() != nil:
		return h.Context.Err()
	case !time.Now().Before(h.by):
		return context.DeadlineExceeded
	case over:
		return context.Canceled
	}
	return nil
}

// end releases what was made.
func (h *handshakeContext) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	if h.cancel != nil {
		h.cancel()
	}
}
