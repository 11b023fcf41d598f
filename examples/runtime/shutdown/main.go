// Command shutdown ends without losing events: at SIGTERM it stops taking clients, delivers what is queued, closes each
// connection with 1012 (the client comes back and resumes elsewhere) and reports what could not be delivered.
package main

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ln, err := net.Listen("tcp", "127.0.0.1:8080")
	if err != nil {
		log.Fatal(err)
	}
	if err := serve(ctx, ln, 10*time.Second); err != nil {
		log.Fatal(err)
	}
}

// serve runs until ctx ends and then takes at most patience to end well.
func serve(ctx context.Context, ln net.Listener, patience time.Duration) error {
	f, err := wsruntime.NewFactory(&wsruntime.Options{DrainTimeout: patience / 2})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", f.Handler(func(r *http.Request) (wsruntime.UserID, error) {
		return wsruntime.UserID(r.URL.Query().Get("user")), nil // see auth
	}))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	// The factory first: http.Server.Shutdown knows nothing of WebSockets, and clients would reconnect to a server
	// whose listener is still open; new handshakes get 503 meanwhile.
	err = f.Shutdown(end)
	return errors.Join(err, srv.Shutdown(end))
}
