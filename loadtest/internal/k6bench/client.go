package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed scripts
var scripts embed.FS

// client is one tool: how it is started, and where it says what it received.
type client struct {
	name   string
	args   []string
	env    []string
	events func(stdout []byte) (int, error)
	check  string
	own    bool // says its processor time itself, in ns on standard error
}

type measured struct {
	events int
	cpu    time.Duration
	peak   int64 // KiB
	note   string
}

func (c *config) clients() []client {
	users, rate, seconds := strconv.Itoa(c.users), strconv.Itoa(c.rate), strconv.Itoa(c.seconds)
	wsmig := func(engine string) client {
		return client{
			name: "wsmig, " + engine, events: delivered,
			args: []string{filepath.Join(c.dir, "wsmig"), "loadtest", "--url", c.target, "--users", users, "--rate", rate, "--duration", seconds + "s",
				"--schedules", "spread", "--engine", engine, "--json", "--quiet", "--out", filepath.Join(c.dir, "report")},
		}
	}
	k6 := func(script string) client {
		summary := filepath.Join(c.dir, script+".json")
		return client{
			name: "k6/" + script, events: func([]byte) (int, error) { return counted(summary) },
			args: []string{filepath.Join(c.dir, "k6"), "run", "--quiet", "--no-usage-report", "--summary-export", summary, filepath.Join(c.dir, script+".js")},
			env:  []string{"TARGET=" + c.target, "USERS=" + users, "RATE=" + rate, "SECONDS=" + seconds},
		}
	}
	self, _ := os.Executable()
	return []client{
		{name: "bare", args: []string{self, "-bare", c.target, "-users", users, "-rate", rate, "-seconds", seconds}, events: printed},
		wsmig("raw"), wsmig("gorilla"), k6("ws"), k6("websockets"),
	}
}

// measure runs one client to its end or to the memory limit.
func (c *config) measure(one *client) (measured, error) {
	for _, script := range []string{"ws.js", "websockets.js", "flat.js"} {
		text, err := scripts.ReadFile("scripts/" + script)
		if err != nil {
			return measured{}, err
		}
		if err := os.WriteFile(filepath.Join(c.dir, script), text, 0o600); err != nil {
			return measured{}, err
		}
	}
	cmd := exec.Command(one.args[0], one.args[1:]...)
	cmd.Env = append(append(os.Environ(), one.env...), fmt.Sprintf("GOMEMLIMIT=%dMiB", c.limit*9/10))
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		return measured{}, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	over, err := c.guard(cmd.Process, done)
	m := measured{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.peak = usage.Maxrss
	}
	if over {
		m.note = "ended: over the memory limit"
		return m, nil
	}
	if err != nil {
		return m, fmt.Errorf("%w: %s", err, errs.String())
	}
	if one.own {
		ns, err := strconv.ParseInt(strings.TrimSpace(errs.String()), 10, 64)
		if err != nil {
			return m, err
		}
		m.cpu = time.Duration(ns)
	}
	m.events, err = one.events([]byte(out.String()))
	return m, err
}

// guard waits for a process and ends it when it holds more than the limit.
func (c *config) guard(p *os.Process, done <-chan error) (over bool, err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err = <-done:
			return over, err
		case <-tick.C:
			if resident(p.Pid) > int64(c.limit)<<20 {
				over = true
				_ = p.Kill()
			}
		}
	}
}

// resident is a process's memory in bytes, 0 where the system does not tell.
func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func printed(out []byte) (int, error) { return strconv.Atoi(strings.TrimSpace(string(out))) }

// delivered is what wsmig judged.
func delivered(out []byte) (int, error) {
	var r struct {
		Verdict string
		Runs    []struct{ Delivered int }
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return 0, err
	}
	if r.Verdict != "pass" || len(r.Runs) != 1 {
		return 0, fmt.Errorf("verdict %s in %d runs", r.Verdict, len(r.Runs))
	}
	return r.Runs[0].Delivered, nil
}

// counted is what the script's counter of receipts says.
func counted(summary string) (int, error) {
	text, err := os.ReadFile(summary)
	if err != nil {
		return 0, err
	}
	var s struct {
		Metrics map[string]struct{ Count float64 }
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return 0, err
	}
	if n := s.Metrics["foreign"].Count; n > 0 {
		return 0, fmt.Errorf("%v foreign events", n)
	}
	return int(s.Metrics["received"].Count), nil
}
