// Command cluster is a chat server that runs on any number of machines behind any load balancer: users on different
// nodes reach each other, and a client that loses its node goes on at another one without losing an event.
//
// One node, with a NATS cluster that runs elsewhere:
//
//	cluster -listen :8080 -nats nats://nats:4222 -replicas 3
//
// A whole deployment in one process, for a look and as a target of the load test: three nodes with three NATS servers
// inside, at ports 8081 to 8083:
//
//	cluster -nodes 3
//	wsmig loadtest --preset wsmig --url ws://127.0.0.1:8081/ws
//
// The user is taken from the query (?user=), since this is a demo: a real server authenticates.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
)

// flags is what the command line says.
type flags struct {
	listen, nats, creds, ca string
	nodes, replicas         int
	drain                   time.Duration
	rest                    []string
}

func main() {
	var f flags
	if err := f.parse(os.Args[1:]); err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := f.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func (f *flags) parse(args []string) error {
	set := flag.NewFlagSet("cluster", flag.ContinueOnError)
	set.StringVar(&f.listen, "listen", "127.0.0.1:8081", "`address` to serve; with -nodes the first of so many ports")
	set.StringVar(&f.nats, "nats", "", "`URL` of the NATS cluster; empty with -nodes, which brings its own")
	set.StringVar(&f.creds, "creds", "", "NATS credentials `file`")
	set.StringVar(&f.ca, "tls-ca", "", "`file` with the certificate authority of the NATS servers")
	set.IntVar(&f.nodes, "nodes", 0, "run so many nodes and NATS servers in this process")
	set.IntVar(&f.replicas, "replicas", 1, "NATS servers that keep the history: 1, 3 or 5")
	set.DurationVar(&f.drain, "drain", 10*time.Second, "how long to deliver what is queued after SIGTERM")
	if err := set.Parse(args); err != nil {
		return err
	}
	f.rest = set.Args()
	return nil
}

func (f *flags) run(ctx context.Context) error {
	switch {
	case len(f.rest) > 0:
		return fmt.Errorf("unexpected argument %q", f.rest[0])
	case f.nodes > 0 && f.nats != "":
		return errors.New("-nodes brings its own NATS: leave -nats out, or run one node")
	case f.nodes > 0:
		return f.runAll(ctx)
	case f.nats == "":
		return errors.New("where is NATS? Say -nats URL, or -nodes 3 for a whole deployment in this process")
	}
	var options []nats.Option
	if f.creds != "" {
		options = append(options, nats.UserCredentials(f.creds))
	}
	if f.ca != "" {
		options = append(options, nats.RootCAs(f.ca))
	}
	return f.serve(ctx, f.listen, f.nats, f.replicas, options...)
}

// runAll runs a deployment in one process.
func (f *flags) runAll(ctx context.Context) error {
	host, port, err := net.SplitHostPort(f.listen)
	if err != nil {
		return err
	}
	first, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("-listen %s: -nodes needs a port number: %w", f.listen, err)
	}
	servers, err := startServers(ctx, f.nodes)
	if err != nil {
		return err
	}
	defer servers.stop()
	errs := make([]error, f.nodes)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	for i := range f.nodes {
		wg.Go(func() {
			address := net.JoinHostPort(host, strconv.Itoa(first+i))
			errs[i] = f.serve(ctx, address, "", min(f.nodes-(f.nodes+1)%2, 3), servers[i].Connect())
			if errs[i] != nil {
				stop()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (f *flags) serve(ctx context.Context, listen, url string, replicas int, options ...nats.Option) error {
	n, err := newNode(ctx, listen, url, replicas, options...)
	if err != nil {
		return err
	}
	slog.Info("serving", "url", "ws://"+n.address()+"/ws")
	select {
	case err = <-n.served:
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.drain)
	defer cancel()
	return errors.Join(err, n.stop(ctx))
}
