package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/guard"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
)

// perRound is how many events of each user are under way at once: as many as the
// checker remembers the sending of.
const perRound = 512

func (c *config) flatClients() []client {
	self, _ := os.Executable()
	users := strconv.Itoa(c.users)
	k6 := func(check string) client {
		summary := filepath.Join(c.dir, "flat.json")
		return client{
			name: "k6/ws", check: map[string]string{"yes": "regexp, owner", "no": "none"}[check],
			events: func([]byte) (int, error) { return counted(summary) },
			args:   []string{filepath.Join(c.dir, "k6"), "run", "--quiet", "--no-usage-report", "--summary-export", summary, filepath.Join(c.dir, "flat.js")},
			env:    []string{"USERS=" + users, "CHECK=" + check},
		}
	}
	judge := func(engine string) client {
		return client{name: "wsmig, " + engine, check: "full", events: printed, own: true, args: []string{self, "-judge", engine, "-profile", c.profile, "-bare", "TARGET", "-users", users, "-events", "EVENTS"}}
	}
	return []client{
		{name: "bare gorilla", check: "none", events: printed, args: []string{self, "-judge", "none", "-bare", "TARGET", "-users", users, "-events", "EVENTS"}},
		judge("raw"), judge("gorilla"), k6("no"), k6("yes"),
	}
}

// count is the client that checks nothing, by gorilla.
func (c *config) count() error {
	var received atomic.Int64
	done := make(chan error, c.users)
	for i := range c.users {
		conn, response, err := websocket.DefaultDialer.Dial(fmt.Sprintf("%s/flat?user=%s&events=%d", c.bare, user(i), c.events), nil)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		go func() {
			defer conn.Close()
			for range c.events {
				if _, _, err := conn.NextReader(); err != nil {
					done <- err
					return
				}
			}
			received.Add(int64(c.events))
			done <- nil
		}()
	}
	for range c.users {
		if err := <-done; err != nil {
			return err
		}
	}
	fmt.Println(received.Load())
	return nil
}

func user(i int) string { return fmt.Sprintf("u%05d", i+1) }

// judged receives with the load test's own reader, checker and bookkeeping. What it
// costs to plan the events and to ask for them is not counted.
func (c *config) judged() error {
	file, err := spec.Parse("bench", []byte(`{target: "`+c.bare+`", auth: {query: {user: "{{.user.id}}"}}}`))
	if err != nil {
		return err
	}
	if err := errors.Join(file.Resolve(nil), file.Check("bench")); err != nil {
		return err
	}
	var lines bytes.Buffer
	o := &drive.Options{File: file, Key: canary.NewKey([16]byte{7}), Guard: guard.New(nil, nil), Raw: c.judge == "raw", Record: -1, Patience: time.Minute}
	o.Hooks = []drive.Hook{func(_ context.Context, user, canary string) error {
		fmt.Fprintln(&lines, user, canary)
		return nil
	}}
	for i := range c.users {
		o.Users = append(o.Users, drive.User{ID: user(i)})
	}
	d, err := drive.New(o)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Greet(context.Background(), c.users); err != nil {
		return err
	}
	return c.rounds(d, len(file.Emit), &lines) // hooks come behind the emitters of the file
}

func (c *config) rounds(d *drive.Driver, hook int, lines *bytes.Buffer) error {
	if c.profile != "" {
		f, err := os.Create(c.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	cpu, sent := time.Duration(0), uint64(0)
	for round := 0; round < max(c.events/perRound, 1); round++ {
		lines.Reset()
		for range perRound {
			for i := range c.users {
				d.Say(context.Background(), &plan.Step{Op: plan.Emit, User: i, By: plan.None, Emitter: hook})
				sent++
			}
		}
		if err := c.post("/load", lines); err != nil {
			return err
		}
		debug.FreeOSMemory() // so that what planning left behind is not cleared away while events come
		began := spent()
		if err := c.post("/go", &bytes.Buffer{}); err != nil {
			return err
		}
		for end := time.Now().Add(time.Minute); d.Arrived() < sent; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				return fmt.Errorf("%d of %d events arrived", d.Arrived(), sent)
			}
		}
		cpu += spent() - began
	}
	counts := d.Checker().Counts()
	if found := counts.Map(); len(found) > 0 {
		return fmt.Errorf("a correct server is accused of %v", found)
	}
	fmt.Fprintln(os.Stderr, cpu.Nanoseconds())
	fmt.Println(sent)
	return nil
}

func (c *config) post(path string, body *bytes.Buffer) error {
	resp, err := http.Post("http"+strings.TrimPrefix(c.bare, "ws")+path, "text/plain", body)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// spent is the processor time of this process.
func spent() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // fails for bad arguments alone
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
