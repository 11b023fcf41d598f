package chat

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Lobby runs HTTP servers and knows every goroutine and socket that belongs to
// them, so that Stop leaves nothing behind. It is safe for concurrent use.
type Lobby struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	once   sync.Once
	err    error

	mu      sync.Mutex
	servers []*http.Server
	sockets map[io.Closer]bool
	over    bool
}

// NewLobby returns a lobby that stops when ctx ends, or on Stop.
func NewLobby(ctx context.Context) *Lobby {
	l := &Lobby{sockets: map[io.Closer]bool{}}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return l
}

// Context ends when the lobby stops.
func (l *Lobby) Context() context.Context { return l.ctx }

// Go runs f, which must return soon after ctx ends. After Stop it does nothing.
func (l *Lobby) Go(f func(ctx context.Context)) {
	if !l.add() {
		return
	}
	go func() {
		defer l.wg.Done()
		f(l.ctx)
	}()
}

func (l *Lobby) add() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return false
	}
	l.wg.Add(1)
	return true
}

// Serve answers on the listener until Stop.
func (l *Lobby) Serve(ln net.Listener, h http.Handler) {
	server := &http.Server{Handler: l.counted(h), ReadHeaderTimeout: 10 * time.Second}
	l.mu.Lock()
	l.servers = append(l.servers, server)
	l.mu.Unlock()
	l.Go(func(context.Context) { _ = server.Serve(ln) }) // always ends with ErrServerClosed
}

// counted waits for handlers too, which http.Server.Close does not.
func (l *Lobby) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.add() {
			http.Error(w, "closing", http.StatusServiceUnavailable)
			return
		}
		defer l.wg.Done()
		h.ServeHTTP(w, r)
	})
}

// enter takes a socket into care and reports false when the lobby is closing.
func (l *Lobby) enter(socket io.Closer) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.sockets[socket] = true
	}
	return !l.over
}

func (l *Lobby) leave(socket io.Closer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sockets, socket)
}

// Stop ends everything and waits for it. Stopping twice is fine.
func (l *Lobby) Stop() error {
	l.once.Do(func() {
		l.mu.Lock()
		l.over = true
		servers, sockets := l.servers, slices.Collect(maps.Keys(l.sockets))
		l.mu.Unlock()
		l.cancel()
		for _, socket := range sockets {
			_ = socket.Close() // its reader sees the end, whatever this says
		}
		for _, server := range servers {
			l.err = errors.Join(l.err, server.Close())
		}
		l.wg.Wait()
	})
	return l.err
}
