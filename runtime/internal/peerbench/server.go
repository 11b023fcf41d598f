package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// The server process takes commands on standard input, one line each, and answers each with a line of JSON. The client
// reports the events it has counted through a connection of its own.

// payloadSize is the size of an event; its fields are placed by hand so that making it costs the producer little.
const payloadSize = 128

// Where the fields of the template stand, and how many bytes they have.
const (
	userAt, userLen = 6, 7
	seqAt, seqLen   = 19, 13
	timeAt, timeLen = 37, 19
)

var template = func() []byte {
	b := []byte(`{"u":"u000000","n":1000000000000,"t":1000000000000000000,"p":"`)
	for len(b) < payloadSize-2 {
		b = append(b, 'x')
	}
	return append(b, `"}`...)
}()

func putDigits(b []byte, v int64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
}

type figures struct {
	Events     int64
	Seconds    float64
	CPU        float64 // seconds
	Writes     int64
	Mallocs    uint64
	RSS        int64
	Goroutines int
	Failed     string // why there are no figures
}

type server struct {
	subject
	c        *config
	received atomic.Int64
	seq      []int64
	sent     int64
	buf      []byte
	stalled  bool // 1 % of the users do not read
}

func serve(c *config) error {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	var s *server
	for _, k := range kinds {
		if k.name == c.kind {
			sub, err := k.make(c.n)
			if err != nil {
				return err
			}
			s = &server{subject: sub, c: c, seq: make([]int64, c.n), buf: append([]byte(nil), template...)}
		}
	}
	if s == nil {
		return fmt.Errorf("no server %q", c.kind)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", s.subject)
	mux.HandleFunc("/progress", s.progress)
	go func() { _ = http.Serve(ln, mux) }()
	fmt.Println(ln.Addr())
	return s.commands()
}

// progress takes over a connection on which the client sends its total as eight bytes, again and again.
func (s *server) progress(w http.ResponseWriter, r *http.Request) {
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	go func() {
		defer nc.Close()
		var b [8]byte
		for {
			if _, err := io.ReadFull(rw, b[:]); err != nil {
				return
			}
			s.received.Store(int64(binary.LittleEndian.Uint64(b[:])))
		}
	}()
}

func (s *server) commands() error {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		verb, arg, _ := strings.Cut(in.Text(), " ")
		var f figures
		var err error
		switch verb {
		case "flood":
			f, err = s.measure(arg, s.flood)
		case "paced":
			f, err = s.measure(arg, s.paced)
		case "stalled":
			s.stalled = true
			if err = s.fill(); err == nil {
				f, err = s.measure(arg, s.paced)
			}
		case "idle":
			f = idle()
		}
		if err != nil {
			f.Failed = err.Error()
		}
		if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
			return err
		}
	}
	s.stop()
	return in.Err()
}

func (s *server) measure(arg string, work func(time.Duration) error) (f figures, err error) {
	d, err := time.ParseDuration(arg)
	if err != nil {
		return f, err
	}
	for s.ready() < int64(s.c.n) {
		time.Sleep(time.Millisecond)
	}
	if s.c.profile != "" {
		out, err := os.Create(s.c.profile)
		if err != nil {
			return f, err
		}
		defer out.Close()
		if err := pprof.StartCPUProfile(out); err != nil {
			return f, err
		}
		defer pprof.StopCPUProfile()
	}
	before, beforeCPU, beforeWrites, start, base := mallocs(), cpu(), writes(), time.Now(), s.sent
	if err := work(d); err != nil {
		return f, err
	}
	for deadline := time.Now().Add(10 * time.Second); s.received.Load() < s.sent; {
		if time.Now().After(deadline) {
			return f, fmt.Errorf("lost %d of %d events", s.sent-s.received.Load(), s.sent)
		}
		time.Sleep(200 * time.Microsecond)
	}
	return figures{Events: s.sent - base, Seconds: time.Since(start).Seconds(), CPU: cpu() - beforeCPU,
		Writes: writes() - beforeWrites, Mallocs: mallocs() - before}, nil
}

// flood sends round robin as fast as the client keeps up with.
func (s *server) flood(d time.Duration) error {
	window := max(8192, int64(32*s.c.n))
	end := time.Now().Add(d)
	for i := 0; ; i++ {
		if i%256 == 0 {
			if time.Now().After(end) {
				return nil
			}
			for s.sent-s.received.Load() > window {
				time.Sleep(20 * time.Microsecond)
			}
		}
		if err := s.one(i%s.c.n, 0); err != nil {
			return err
		}
	}
}

// paced sends in batches, one per millisecond, each event with the time at which it was due.
func (s *server) paced(d time.Duration) error {
	batch := s.c.rate / 1000
	start := time.Now()
	user := 0
	for k := 0; k < int(d/time.Millisecond); k++ {
		due := start.Add(time.Duration(k) * time.Millisecond)
		time.Sleep(time.Until(due))
		for range batch {
			if s.stalled && isStalled(user) {
				user = (user + 7) % s.c.n
			}
			if err := s.one(user, time.Now().UnixNano()); err != nil {
				return err
			}
			user = (user + 7) % s.c.n
		}
	}
	return nil
}

// stalledSuffix marks the users, one in a hundred, whose client stops reading.
const stalledSuffix = "00"

func isStalled(user int) bool { return user%100 == 0 }

// fillTime is how long a server may take over sending to clients that do not read before it counts as held up by them.
const fillTime = 5 * time.Second

// fill sends the stalled users more than their sockets hold. What becomes of it is each server's policy, and errors are
// an answer; that the producer itself gets stuck is what this is about.
func (s *server) fill() error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 4 << 20 / payloadSize {
			for user := 0; user < s.c.n; user += 100 {
				_ = s.send(user, s.buf)
			}
		}
	}()
	select {
	case <-done:
		return nil
	case <-time.After(fillTime):
		return errors.New("the producer is held up by clients that do not read")
	}
}

func (s *server) one(user int, stamp int64) error {
	s.seq[user]++
	putDigits(s.buf[userAt+1:userAt+userLen], int64(user))
	putDigits(s.buf[seqAt+1:seqAt+seqLen], s.seq[user]) // the first digit stays 1: JSON numbers don't start with 0
	putDigits(s.buf[timeAt:timeAt+timeLen], max(stamp, 1e18))
	s.sent++
	return s.send(user, s.buf)
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// writes counts this process's write system calls, whichever package makes them.
func writes() int64 { return procField("/proc/self/io", "syscw:") }

func procField(file, field string) int64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), field)
	n, _ := strconv.ParseInt(strings.Fields(rest + " 0")[0], 10, 64)
	return n
}

func idle() figures {
	runtime.GC()
	debug.FreeOSMemory()
	time.Sleep(200 * time.Millisecond)
	return figures{RSS: procField("/proc/self/status", "VmRSS:") * 1024, Goroutines: runtime.NumGoroutine()}
}
