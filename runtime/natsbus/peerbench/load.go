package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

type plan struct{ users, nodes, rooms int }

// audience is how many get one event.
func (p plan) audience() int {
	if p.rooms == 0 {
		return 1
	}
	return p.users / p.rooms
}

// check refuses a plan that would measure something else than it says.
func (c *config) check(p plan) error {
	switch {
	case p.users < 1 || p.nodes < 1 || p.rooms < 0:
		return fmt.Errorf("%d users, %d nodes, %d rooms: give at least one user and one node, and no negative number", p.users, p.nodes, p.rooms)
	case p.rooms > p.users:
		return fmt.Errorf("%d rooms for %d users: some would be empty, give at most as many rooms as users", p.rooms, p.users)
	case p.rooms > 0 && p.users%p.rooms != 0:
		return fmt.Errorf("%d users in %d rooms: rooms would differ in size, give a multiple of the rooms", p.users, p.rooms)
	case c.rate < p.audience():
		return fmt.Errorf("-rate %d is less than the %d deliveries of one event: raise it", c.rate, p.audience())
	case c.paced <= 0:
		return fmt.Errorf("-paced is %v: without it there are no latencies, give a time above 0", c.paced)
	}
	return nil
}

// cluster is the nodes of one subject.
type cluster interface {
	handler(node int) http.Handler
	joined(user int) error // after the user has connected
	send(to int, data []byte) error
	stop()
}

type kind struct {
	alone  bool
	broker func() (*broker, error)
	make   func(b *broker, p plan) (cluster, error)
}

// run is one measurement under way.
type run struct {
	cluster
	plan
	c    *config
	urls []string
	got  atomic.Int64
	mu   sync.Mutex
	late []time.Duration // guarded by mu
	fail atomic.Pointer[error]
}

func userName(i int) string { return fmt.Sprintf("u%06d", i) }
func roomName(i int) string { return fmt.Sprintf("r%06d", i) }

const patience = 30 * time.Second

func (c *config) measure(k kind, p plan) (row string, err error) {
	var b *broker
	if k.broker != nil {
		if b, err = k.broker(); err != nil {
			return "", err
		}
		defer b.stop()
	}
	r := &run{plan: p, c: c}
	if r.cluster, err = k.make(b, p); err != nil {
		return "", err
	}
	defer r.stop()
	defer r.listen()()
	brokerBefore, before, begun := b.rss(), heap(), time.Now()
	clients, err := r.connect()
	defer func() {
		for _, ws := range clients {
			if ws != nil {
				_ = ws.Close()
			}
		}
	}()
	if err != nil {
		return "", err
	}
	connects := float64(p.users) / time.Since(begun).Seconds()
	per := (heap() - before) / float64(p.users)
	brokerPer := (b.rss() - brokerBefore) / float64(p.users)
	own, foreign, base, start := cpu(), b.cpu(), r.got.Load(), time.Now()
	if err := r.load(c.flood, 0); err != nil {
		return "", err
	}
	n, took := float64(r.got.Load()-base), time.Since(start).Seconds()
	own, foreign = cpu()-own, b.cpu()-foreign
	r.late = nil
	if err := r.load(c.paced, c.rate/p.audience()); err != nil {
		return "", err
	}
	slices.Sort(r.late)
	at := func(q float64) int64 { return r.late[int(q*float64(len(r.late)-1))].Microseconds() }
	return fmt.Sprintf("%.0f | %d/%d | %.1f | %.1f | %.0f | %.1f | %.1f", n/took, at(.5), at(.99), own*1e6/n, foreign*1e6/n, connects, per/1024, brokerPer), nil
}

func (r *run) listen() (stop func()) {
	var all []*http.Server
	for i := range r.nodes {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			r.fail.Store(&err)
			continue
		}
		srv := &http.Server{Handler: r.handler(i), ReadHeaderTimeout: time.Minute}
		go func() { _ = srv.Serve(ln) }()
		all = append(all, srv)
		r.urls = append(r.urls, "ws://"+ln.Addr().String())
	}
	return func() {
		for _, srv := range all {
			_ = srv.Close()
		}
	}
}

// connect brings all users in, at most 64 at a time.
func (r *run) connect() ([]*websocket.Conn, error) {
	clients := make([]*websocket.Conn, r.users)
	errs := make(chan error, 64)
	var next atomic.Int64
	for range cap(errs) {
		go func() {
			for i := int(next.Add(1)) - 1; i < r.users; i = int(next.Add(1)) - 1 {
				ws, err := r.client(i)
				if err != nil {
					errs <- err
					return
				}
				clients[i] = ws
			}
			errs <- nil
		}()
	}
	var first error
	for range cap(errs) {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return clients, first
}

func (r *run) client(i int) (*websocket.Conn, error) {
	d := websocket.Dialer{ReadBufferSize: 1024, WriteBufferSize: 256, HandshakeTimeout: patience}
	ws, resp, err := d.Dial(r.urls[i%r.nodes]+"?user="+userName(i), nil)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	if err := greet(ws); err != nil {
		return nil, err
	}
	if err := r.joined(i); err != nil {
		return nil, err
	}
	go r.read(ws)
	return ws, nil
}

// greet asks and waits for the first frame: a centrifuge client has to speak first, and a wsmig client may.
func greet(ws *websocket.Conn) error {
	if err := ws.WriteMessage(websocket.TextMessage, []byte(`{"id":1,"connect":{}}`)); err != nil {
		return err
	}
	_, _, err := ws.ReadMessage()
	return err
}

var stamp = []byte(`"t":`)

// read counts events, of which a message may have several, and notes how old they are.
func (r *run) read(ws *websocket.Conn) {
	for {
		_, p, err := ws.ReadMessage()
		if err != nil {
			return
		}
		for i := bytes.Index(p, stamp); i >= 0; i = bytes.Index(p, stamp) {
			const digits = 19
			p = p[i+len(stamp):]
			at, err := strconv.ParseInt(string(p[:digits]), 10, 64)
			if err != nil {
				r.fail.Store(&err)
			}
			r.mu.Lock()
			r.late = append(r.late, time.Duration(time.Now().UnixNano()-at))
			r.mu.Unlock()
			r.got.Add(1)
		}
	}
}

// window bounds what is under way with a broker that acknowledges nothing.
const window = 4096

// load emits for so long, as fast as it is answered or at a rate, and waits until everything has come.
func (r *run) load(d time.Duration, rate int) error {
	var sent, turn atomic.Int64
	base, start, targets := r.got.Load(), time.Now(), r.users
	if r.rooms > 0 {
		targets = r.rooms
	}
	var wg sync.WaitGroup
	for range r.c.emitters {
		wg.Go(func() {
			for time.Since(start) < d && r.fail.Load() == nil {
				i := turn.Add(1)
				if rate > 0 {
					due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
					time.Sleep(time.Until(due))
				}
				for sent.Load()*int64(r.audience())-(r.got.Load()-base) > window {
					time.Sleep(50 * time.Microsecond)
				}
				if err := r.send(int(i)%targets, payload()); err != nil {
					r.fail.Store(&err)
				}
				sent.Add(1)
			}
		})
	}
	wg.Wait()
	want := sent.Load() * int64(r.audience())
	for late := time.Now().Add(patience); r.got.Load()-base < want; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(late) {
			return fmt.Errorf("lost %d of %d", want-(r.got.Load()-base), want)
		}
	}
	if err := r.fail.Load(); err != nil {
		return *err
	}
	return nil
}

// payload is 128 bytes.
func payload() []byte {
	b := make([]byte, 0, 128)
	b = append(b, `{"t":`...)
	b = strconv.AppendInt(b, time.Now().UnixNano(), 10)
	b = append(b, `,"p":"`...)
	for len(b) < 126 {
		b = append(b, 'x')
	}
	return append(b, `"}`...)
}

func cpu() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse)
}
