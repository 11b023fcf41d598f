// Command k6bench measures what a client pays for an event that it asks for, receives and checks: wsmig loadtest on both
// its engines beside k6 (k6/ws and k6/websockets) and beside a bare client that checks nothing.
//
// Each client is a process of its own against the same server in this process, one after the other, with the same users
// and the same rate asked for. CPU time and peak memory are the client process's own. A client over the memory limit is
// ended, and said to be.
//
//	go run . -users 100 -rate 20 -seconds 10
//
// With -flat the server sends by itself, flat out, 64 frames in each write, and only receiving is measured: what a client
// pays for an event beyond starting and connecting. There wsmig's reader and checker run without the planning and sending
// of the events that they know of.
//
//	go run . -flat -users 50 -events 20000
package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

type config struct {
	users, rate, seconds int
	limit                int // MiB
	bare                 string
	flatOut              bool
	events               int
	judge, profile, only string
	target               string
	dir                  string
}

func main() {
	var c config
	flag.IntVar(&c.users, "users", 100, "users")
	flag.IntVar(&c.rate, "rate", 20, "events a second for each user")
	flag.IntVar(&c.seconds, "seconds", 10, "seconds under load for each client")
	flag.IntVar(&c.limit, "limit", 4096, "memory of a client in MiB, over which it is ended")
	flag.StringVar(&c.bare, "bare", "", "be the bare client of this `ADDRESS`")
	flag.BoolVar(&c.flatOut, "flat", false, "let the server send flat out")
	flag.IntVar(&c.events, "events", 20480, "events for each user, flat out")
	flag.StringVar(&c.judge, "judge", "", "be the `ENGINE` of a load test, or none, for -bare")
	flag.StringVar(&c.profile, "profile", "", "write a CPU profile of wsmig, flat out, to `FILE`")
	flag.StringVar(&c.only, "only", "", "measure the clients whose names contain this `TEXT`")
	flag.Parse()
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "k6bench:", err)
		os.Exit(1)
	}
}

func (c *config) run() error {
	switch {
	case c.judge == "none":
		return c.count()
	case c.judge != "":
		return c.judged()
	case c.bare != "":
		return bare(c)
	}
	dir, err := os.MkdirTemp("", "k6bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c.dir = dir
	if c.flatOut {
		return c.flat()
	}
	server, done := serve(newPost())
	defer done()
	c.target = server
	return c.compare()
}

func serve(h http.Handler) (address string, done func()) {
	server := httptest.NewServer(h)
	return strings.Replace(server.URL, "http", "ws", 1), server.Close
}

// build makes the tools of those clients of their sources.
func (c *config) build(clients []client) error {
	for _, one := range [][3]string{{"k6", ".", "go.k6.io/k6"}, {"wsmig", "../../..", "."}} {
		tool := filepath.Join(c.dir, one[0])
		if !slices.ContainsFunc(clients, func(l client) bool { return l.args[0] == tool }) {
			continue
		}
		cmd := exec.Command("go", "build", "-o", tool, one[2])
		cmd.Dir = one[1]
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", one[0], err, out)
		}
	}
	return nil
}

// wanted are the clients that were asked for.
func (c *config) wanted(clients []client) []client {
	return slices.DeleteFunc(clients, func(l client) bool { return !strings.Contains(l.name, c.only) })
}

// compare runs every client and prints what an event cost each, and how many times
// that of the bare one it is.
func (c *config) compare() error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "client\tevents\tevents/s\tCPU s per 1,000\tof bare\tpeak MiB\tKiB per user\t\t\n")
	base := 0.0
	clients := c.wanted(c.clients())
	if err := c.build(clients); err != nil {
		return err
	}
	for _, one := range clients {
		m, err := c.measure(&one)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		per := m.cpu.Seconds() * 1000 / float64(max(m.events, 1))
		if base == 0 {
			base = per
		}
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.4f\t%.1fx\t%.0f\t%.0f\t%s\t\n", one.name, m.events, float64(m.events)/float64(c.seconds),
			per, per/base, float64(m.peak)/1024, float64(m.peak)/float64(c.users), m.note)
	}
	return table.Flush()
}
