// Command peerbench compares what WebSocket servers do for events that are addressed to one user: the runtime of wsmig
// beside plain gorilla, a gorilla hub, melody, gws, coder/websocket and centrifuge.
//
// Each measurement is two processes on loopback: the server under test with its producer, and one client that reads
// all connections with epoll and counts what arrives. The client tells the producer how far it has come, so that
// nobody is measured by what he throws away: a run with a lost event fails. CPU time and write system calls are the
// server process's own. Peers and runtime take turns within one run, since machines drift.
//
//	go run . -users 100,1000,5000 -rounds 3
//
// What decides, by profile. In a flood it is the number of writes: one costs 5 to 12 us of CPU time, the making of an
// event 1 to 3. At the fixed rate each event is a write: bare, the last row, is the floor, a producer that writes to the
// sockets itself. On an idle machine of two cores, 1,000 users, 20,000 events/s: bare p50 88 and p99 381 us, 12.6 us of
// CPU time per event; the runtime 92, 479, 13.4; gorilla 268, 574, 16.1. The latencies have the client's part in them,
// which is why it reports its progress seldom
// while events trickle in. With the envelope and thousands of users in turn it is memory: each event goes to a stream,
// a ring and a queue that are in no cache, 2.3 us in place of 0.8 (BenchmarkEmitOffline), and from a producer that is so
// much slower fewer events meet in one write, 2.7 in place of 8.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

type config struct {
	role    string
	kinds   string
	users   string
	rounds  int
	flood   time.Duration
	paced   time.Duration
	rate    int
	idle    int
	stalled bool
	addr    string
	kind    string
	n       int
	profile string
}

func main() {
	var c config
	flag.StringVar(&c.kinds, "kinds", strings.Join(kindNames(), ","), "servers to measure, in this order")
	flag.StringVar(&c.users, "users", "100,1000,5000", "numbers of users")
	flag.IntVar(&c.rounds, "rounds", 2, "passes over all servers; the best of each counts")
	flag.DurationVar(&c.flood, "flood", 2*time.Second, "time of a flood, 0 for none")
	flag.DurationVar(&c.paced, "paced", 2*time.Second, "time at the fixed rate, 0 for none")
	flag.IntVar(&c.rate, "rate", 20000, "events per second at the fixed rate")
	flag.IntVar(&c.idle, "idle", 0, "idle connections to hold for the memory figure, 0 for none")
	flag.BoolVar(&c.stalled, "stalled", false, "also measure the fixed rate with 1 % of the users not reading")
	flag.StringVar(&c.profile, "profile", "", "write a CPU profile of the server's flood to this file")
	flag.StringVar(&c.role, "role", "", "internal: server or client")
	flag.StringVar(&c.kind, "kind", "", "internal: the server to run")
	flag.StringVar(&c.addr, "addr", "", "internal: where the server listens")
	flag.IntVar(&c.n, "n", 0, "internal: users of this measurement")
	flag.Parse()
	if err := run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "peerbench:", err)
		os.Exit(1)
	}
}

func run(c *config) error {
	switch c.role {
	case "server":
		return serve(c)
	case "client":
		return client(c)
	}
	return compare(c)
}
