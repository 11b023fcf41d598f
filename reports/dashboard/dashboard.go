package dashboard

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
	wsruntime "github.com/wsmig/wsmig/runtime"
)

const (
	progressEvery = 250 * time.Millisecond
	endWait       = 2 * time.Second
	mostPage      = 8 << 20 // bytes of one page on the socket
)

// Server is a dashboard that is being served. Its methods may be called from any
// goroutine.
type Server struct {
	url     string
	host    string
	http    *http.Server
	factory *wsruntime.Factory
	viewers atomic.Uint64
	served  chan error

	mu       sync.Mutex
	page     []byte // the report so far, as a page
	told     time.Time
	lastTold loadtest.Progress
	rate     float64
}

// Start serves a dashboard on a free port of 127.0.0.1 until [Server.End].
func Start(ctx context.Context) (*Server, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("the dashboard can't listen on loopback: %w", err)
	}
	s := &Server{host: listener.Addr().String(), served: make(chan error, 1)}
	if err := s.begin(); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	go func() { s.served <- s.http.Serve(listener) }()
	return s, nil
}

func (s *Server) begin() error {
	if err := s.draw(&result.Result{Verdict: result.Inconclusive, ExitCode: loadtest.ExitInconclusive}); err != nil {
		return err
	}
	factory, err := wsruntime.NewFactory(&wsruntime.Options{
		MaxConns: 64, QueueBytes: 2 * mostPage, MaxEventBytes: mostPage, ResumeEvents: -1, OnMessage: s.greet, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	s.factory = factory
	secret := "/" + rand.Text() + "/"
	s.url = "http://" + s.host + secret
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+secret+"{$}", s.servePage)
	mux.Handle("GET "+secret+"ws", factory.Handler(s.viewer))
	s.http = &http.Server{Handler: s.local(mux), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	return nil
}

// URL is the address of the page.
func (s *Server) URL() string { return s.url }

// local refuses requests that name another host: a name that some site made point
// at loopback must not read the page.
func (s *Server) local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != s.host {
			http.Error(w, "this dashboard is at "+s.host, http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

func (s *Server) servePage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(s.current()) // a reader that left wants nothing more
}

// viewer makes every open page a user of its own.
func (s *Server) viewer(*http.Request) (wsruntime.UserID, error) {
	return wsruntime.UserID(fmt.Sprintf("viewer-%d", s.viewers.Add(1))), nil
}

// greet answers a page that asks what it has missed since it was loaded.
func (s *Server) greet(ctx context.Context, c *wsruntime.Conn, _ wsruntime.MessageType, _ []byte) error {
	emitter, err := s.factory.Emitter(ctx, c.User())
	if err != nil {
		return err
	}
	return errors.Join(emitter.Emit(ctx, wsruntime.Event{Type: "report", Data: string(s.current())}), emitter.Close())
}

func (s *Server) current() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.page
}

func (s *Server) draw(r *result.Result) error {
	var b bytes.Buffer
	if err := reports.LiveHTML(&b, r, s.host, nil); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = b.Bytes()
	return nil
}

// Show replaces the report on every open page.
func (s *Server) Show(r *result.Result) {
	if s.draw(r) == nil {
		s.tell("report", string(s.current()))
	}
}

// tell is best effort: a page that is gone, or too slow, misses what others see.
func (s *Server) tell(kind string, data any) {
	_, _ = s.factory.Broadcast(context.Background(), wsruntime.Event{Type: kind, Data: data})
}

// End shows the finished result and where it was written, and closes the
// dashboard. Open pages stay as they are.
func (s *Server) End(r *result.Result, where string) error {
	var last bytes.Buffer
	if r != nil && reports.HTML(&last, r, nil) == nil {
		s.tell("report", last.String())
	}
	s.tell("end", where)
	ctx, cancel := context.WithTimeout(context.Background(), endWait)
	defer cancel()
	_ = s.factory.Shutdown(ctx)      // a page that does not read misses the end
	if s.http.Shutdown(ctx) != nil { // browsers keep spare connections open
		if err := s.http.Close(); err != nil {
			return err
		}
	}
	if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
