// Command peerbench measures what events cost that cross nodes: factories with natsbus beside centrifuge with its Redis
// broker, and with a broker on plain NATS, in turns within one run, since machines drift.
//
// Nodes and clients are in this process, the broker (nats-server, redis-server) is a process of its own. Each event goes
// to one user, by way of another node than the user's when there are several; with -rooms it goes to a room. wsmig and
// centrifuge with Redis store it and keep 256 of each user for two minutes; plain NATS stores nothing and loses what
// nobody hears, which is less than the others promise. A run in which an event is lost fails.
//
//	go run . -users 100,1000 -nodes 1,3
//	go run . -users 1000 -nodes 3 -rooms 10,100
//	go run . -kinds wsmig -users 100,1000,4000 -nodes 1,3
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

type config struct {
	role, kinds, users, nodes, rooms string
	flood, paced                     time.Duration
	rate, rounds, emitters           int
}

func main() {
	var c config
	flag.StringVar(&c.kinds, "kinds", "wsmig-alone,wsmig,centrifuge-alone,centrifuge-redis,centrifuge-nats", "what to measure, in this order")
	flag.StringVar(&c.users, "users", "1000", "numbers of users")
	flag.StringVar(&c.nodes, "nodes", "1,3", "numbers of nodes; who is alone is measured with one")
	flag.StringVar(&c.rooms, "rooms", "0", "numbers of rooms that the users are spread over; 0: each event is for one user")
	flag.DurationVar(&c.flood, "flood", 2*time.Second, "time of emitting as fast as the emitters are answered")
	flag.DurationVar(&c.paced, "paced", 2*time.Second, "time of emitting at the fixed rate")
	flag.IntVar(&c.rate, "rate", 2000, "events per second at the fixed rate, deliveries with -rooms")
	flag.IntVar(&c.rounds, "rounds", 1, "passes over everything; each is printed")
	flag.IntVar(&c.emitters, "emitters", 64, "goroutines that emit")
	flag.StringVar(&c.role, "role", "", "internal: nats")
	flag.Parse()
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "peerbench:", err)
		os.Exit(1)
	}
}

func (c *config) run() error {
	if c.role == "nats" {
		return serveNATS()
	}
	users, err1 := numbers(c.users)
	nodes, err2 := numbers(c.nodes)
	rooms, err3 := numbers(c.rooms)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return err
		}
	}
	var plans []plan
	for _, u := range users {
		for _, r := range rooms {
			for _, n := range nodes {
				p := plan{users: u, nodes: n, rooms: r}
				if err := c.check(p); err != nil {
					return err
				}
				plans = append(plans, p)
			}
		}
	}
	fmt.Println("| what | nodes | users | rooms | delivered/s | p50/p99 us at rate | CPU us | broker CPU us | connects/s | KB/user | broker KB/user |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|")
	for range c.rounds {
		for _, p := range plans {
			if err := c.all(p, nodes[0]); err != nil {
				return err
			}
		}
	}
	return nil
}

// all measures every kind under one plan; those without a broker once only.
func (c *config) all(p plan, fewest int) error {
	for name := range strings.SplitSeq(c.kinds, ",") {
		k, ok := kinds[name]
		if !ok {
			return fmt.Errorf("no kind %q", name)
		}
		one := p
		if k.alone {
			if p.nodes != fewest {
				continue
			}
			one.nodes = 1
		}
		row, err := c.measure(k, one)
		if err != nil {
			row = err.Error()
		}
		fmt.Printf("| %s | %d | %d | %d | %s |\n", name, one.nodes, one.users, one.rooms, row)
	}
	return nil
}

func numbers(list string) (all []int, err error) {
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}
