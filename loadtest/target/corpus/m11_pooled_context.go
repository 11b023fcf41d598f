package corpus

import (
	"context"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// A request's context goes back to its pool when the handler returns, and what the
// handler left behind still asks it for the user: gin (3319, 4117) warns of it
// since it happened, chi had it behind its timeouts (993).
var m11 = mechanism{
	number: "M11", name: "pooled-context",
	what:    "work that outlives its handler asks the pooled request context for the user, which is the next request's by then",
	instead: "the work gets a copy of the request context",
	format:  chat.JSON, auth: chat.ByCookie, ready: chat.JSONReady,
	emit: []string{chat.JSONNotify, chat.JSONSend}, store: true,
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		h := &asyncHub{Directory: chat.NewDirectory(s.Format), store: s.Store, jobs: make(chan job, 1024), done: s.Lobby.Context().Done(), fixed: fixed}
		h.pool.New = func() any { return &requestContext{values: map[string]string{}} }
		s.Hub = h
		s.Lobby.Go(h.work)
	},
}

// requestContext is what handlers know of their request. Its values are locked,
// as gin's are.
type requestContext struct {
	mu     sync.RWMutex
	values map[string]string
}

func (rc *requestContext) Set(key, value string) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.values[key] = value
}

func (rc *requestContext) Get(key string) string {
	rc.mu.RLock()
	defer rc.mu.RUnlock()
	return rc.values[key]
}

func (rc *requestContext) Copy() *requestContext {
	return &requestContext{values: map[string]string{"user": rc.Get("user")}}
}

type asyncHub struct {
	*chat.Directory
	store *chat.Store
	pool  sync.Pool
	jobs  chan job
	done  <-chan struct{}
	fixed bool
}

type job struct {
	rc *requestContext
	ev *chat.Event
}

// Deliver accepts the event: it is logged and sent after the request is answered.
func (h *asyncHub) Deliver(to string, ev *chat.Event) bool {
	rc := h.pool.Get().(*requestContext)
	defer h.pool.Put(rc)
	rc.Set("user", to)
	work := job{rc, ev}
	if h.fixed {
		work.rc = rc.Copy()
	}
	select {
	case h.jobs <- work:
		return true
	case <-h.done:
		return false
	}
}

func (h *asyncHub) work(ctx context.Context) {
	for {
		select {
		case j := <-h.jobs:
			h.store.Append("log", j.ev.Text)
			h.Directory.Deliver(j.rc.Get("user"), j.ev)
		case <-ctx.Done():
			return
		}
	}
}
