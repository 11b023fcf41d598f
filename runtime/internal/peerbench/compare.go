package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// row is the best that one server did at one number of users.
type row struct {
	rate, cpu, writes, allocs float64
	quiet, stalled            latencies
	pacedCPU                  float64
	idleBytes                 float64
	idleGoroutines            float64
	note                      string
}

type cell struct {
	kind  string
	users int
}

func compare(c *config) error {
	rows := map[cell]*row{}
	names := strings.Split(c.kinds, ",")
	var users []int
	for _, u := range strings.Split(c.users, ",") {
		n, err := strconv.Atoi(u)
		if err != nil {
			return err
		}
		users = append(users, n)
	}
	for _, n := range users {
		for range c.rounds {
			for _, k := range names {
				if rows[cell{k, n}] == nil {
					rows[cell{k, n}] = &row{}
				}
				if err := measure(c, k, n, rows[cell{k, n}]); err != nil {
					rows[cell{k, n}].note = err.Error()
				}
			}
		}
	}
	for _, k := range names {
		if c.idle > 0 {
			if err := measureIdle(c, k, rows[cell{k, users[0]}]); err != nil {
				rows[cell{k, users[0]}].note = err.Error()
			}
		}
	}
	print(c, names, users, rows)
	return nil
}

func measure(c *config, kind string, n int, r *row) error {
	p, err := start(c, kind, n, 0)
	if err != nil {
		return err
	}
	defer p.stop()
	if c.flood > 0 {
		f, err := p.figures("flood " + c.flood.String())
		if err != nil {
			return err
		}
		if rate := float64(f.Events) / f.Seconds; rate > r.rate {
			e := float64(f.Events)
			r.rate, r.cpu, r.writes, r.allocs = rate, f.CPU/e*1e6, float64(f.Writes)/e, float64(f.Mallocs)/e
		}
	}
	if c.paced == 0 {
		return nil
	}
	l, cpu, err := p.paced(c)
	if err != nil {
		return err
	}
	if r.pacedCPU == 0 || cpu < r.pacedCPU {
		r.pacedCPU = cpu
	}
	if r.quiet.P50 == 0 || l.P99 < r.quiet.P99 {
		r.quiet = l
	}
	if c.stalled {
		return measureStalled(c, p, r)
	}
	return nil
}

// measureStalled comes last: the stalled clients stay so.
func measureStalled(c *config, p *pair, r *row) error {
	var l latencies
	if err := p.client.ask("stall", &l); err != nil {
		return err
	}
	if _, err := p.figures("stalled " + c.paced.String()); err != nil {
		return err
	}
	if err := p.client.ask("latency", &l); err != nil {
		return err
	}
	if r.stalled.P50 == 0 || l.P99 < r.stalled.P99 {
		r.stalled = l
	}
	return nil
}

func measureIdle(c *config, kind string, r *row) error {
	empty, err := start(c, kind, 0, c.idle)
	if err != nil {
		return err
	}
	before, err := empty.figures("idle")
	empty.stop()
	if err != nil {
		return err
	}
	full, err := start(c, kind, c.idle, c.idle)
	if err != nil {
		return err
	}
	defer full.stop()
	after, err := full.figures("idle")
	if err != nil {
		return err
	}
	r.idleBytes = float64(after.RSS-before.RSS) / float64(c.idle)
	r.idleGoroutines = float64(after.Goroutines-before.Goroutines) / float64(c.idle)
	return nil
}

// pair is a server process and its client process.
type pair struct {
	server, client *proc
}

type proc struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(c *config, kind string, n, idle int) (*pair, error) {
	size := max(n, 1)
	srv, err := spawn("-role", "server", "-kind", kind, "-n", strconv.Itoa(size), "-rate", strconv.Itoa(c.rate), "-profile", c.profile)
	if err != nil {
		return nil, err
	}
	p := &pair{server: srv}
	addr, err := srv.line()
	if err != nil {
		p.stop()
		return nil, err
	}
	p.client, err = spawn("-role", "client", "-kind", kind, "-addr", addr, "-n", strconv.Itoa(n), "-idle", strconv.Itoa(idle))
	if err == nil {
		_, err = p.client.line()
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func spawn(args ...string) (*proc, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &proc{cmd: exec.Command(self, args...)}
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	return p, p.cmd.Start()
}

func (p *proc) line() (string, error) {
	if !p.out.Scan() {
		return "", fmt.Errorf("%v ended: %v", p.cmd.Args[1:], p.out.Err())
	}
	return p.out.Text(), nil
}

func (p *proc) ask(command string, answer any) error {
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		return err
	}
	line, err := p.line()
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(line), answer)
}

func (p *pair) figures(command string) (f figures, err error) {
	err = p.server.ask(command, &f)
	if err == nil && f.Failed != "" {
		err = errors.New(f.Failed)
	}
	return f, err
}

// paced gives the latencies at the fixed rate and the server's CPU time per event, in microseconds.
func (p *pair) paced(c *config) (l latencies, cpu float64, err error) {
	if err := p.client.ask("latency", &l); err != nil {
		return l, 0, err
	}
	f, err := p.figures("paced " + c.paced.String())
	if err != nil {
		return l, 0, err
	}
	err = p.client.ask("latency", &l)
	return l, f.CPU / float64(max(f.Events, 1)) * 1e6, err
}

func (p *pair) stop() {
	for _, q := range []*proc{p.client, p.server} {
		if q == nil {
			continue
		}
		q.in.Close()
		kill := time.AfterFunc(3*time.Second, func() { _ = q.cmd.Process.Kill() })
		_ = q.cmd.Wait()
		kill.Stop()
	}
}

func print(c *config, names []string, users []int, rows map[cell]*row) {
	for _, n := range users {
		fmt.Printf("\n%d users, events of %d bytes\n", n, payloadSize)
		fmt.Printf("%-16s %12s %8s %9s %9s %9s %8s %8s %9s %11s\n", "server", "events/s", "ratio", "us CPU/ev", "writes/ev", "allocs/ev", "p50 us", "p99 us", "us CPU/ev", "p99 stalled")
		base := rows[cell{names[0], n}].rate
		for _, k := range names {
			r := rows[cell{k, n}]
			fmt.Printf("%-16s %12.0f %7.1fx %9.2f %9.2f %9.2f %8d %8d %9.2f %11d %s\n", k, r.rate, base/max(r.rate, 1), r.cpu, r.writes, r.allocs, r.quiet.P50, r.quiet.P99, r.pacedCPU, r.stalled.P99, r.note)
		}
	}
	if c.idle > 0 {
		fmt.Printf("\n%d idle connections\n%-16s %12s %12s\n", c.idle, "server", "RSS B/conn", "goroutines")
		for _, k := range names {
			r := rows[cell{k, users[0]}]
			fmt.Printf("%-16s %12.0f %12.2f\n", k, r.idleBytes, r.idleGoroutines)
		}
	}
}
