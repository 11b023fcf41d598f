// Package drive plays a plan against one server: it opens the users' connections,
// sends their events, breaks and mends what the plan wants broken and mended, and
// feeds everything that happens to the checker. It decides nothing: what a frame
// means is the checker's word, what is done next the plan's.
package drive

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/guard"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
	"github.com/wsmig/wsmig/loadtest/internal/wire"
)

// Hook makes an event for a user by calling Go code.
type Hook func(ctx context.Context, user, canary string) error

// Dialer opens a user's connection in place of the configuration's address.
type Dialer func(ctx context.Context, user string) (wire.Socket, error)

// Options are what a Driver needs. File must be resolved and checked.
type Options struct {
	File    *spec.File
	Users   []User // ordinary users
	Shard   *Shard // nil: all users are this process's
	Key     *canary.Key
	Odd     []string // of the odd ids only these; nil: all
	Seed    uint64
	Rate    float64 // events a second for each user, 0: as the plan likes
	Ceiling float64 // events a second in all, 0: the plan's default

	Guard     *guard.Guard
	Raw       bool
	Secrets   map[string]string
	AllowExec bool
	Hooks     []Hook
	Dial      Dialer
	Patience  time.Duration                   // how long an event may take before its absence counts, default 3 s
	LateAfter time.Duration                   // D4 from here on, 0: never
	Watch     func(user string, frame []byte) // sees every message; nil: nobody does
	Record    int                             // events kept for the drill, see history.Model
	Evidence  int
	_         struct{}
}

// Shard is the part of a run that this process plays. Every process knows all
// users, so that it knows whose events it meets.
type Shard struct {
	Index, Count int    // from 0 on
	Users        []User // all users of the run; Options.Users are some of them
	Cells        []plan.Cell
}

// User is one ordinary user.
type User struct {
	// Number is the user's number among all users of a run on several machines,
	// from 1 on; 0 where this process plays alone.
	Number  int
	ID      string
	Columns map[string]string // of a CSV file
}

// DefaultPatience is how long an event may take before its absence counts.
const DefaultPatience = 3 * time.Second

// ErrTargetLost says that the server stopped answering midway.
var ErrTargetLost = errors.New("the server stopped answering")

// Driver plays one run. Play and the other verbs belong to one goroutine; Snapshot
// and Totals may be called from any.
type Driver struct {
	opts    Options
	program *program
	checker *history.Checker
	start   time.Time
	config  plan.Config

	people  []*person // ordinary, ghosts, odd
	client  *http.Client
	dialers [4]*wire.Dialer // by setup: plain, compressed, small window, through proxies
	proxies proxies
	setup   plan.Setup

	conns   table[conn]
	streams table[stream]
	nextID  struct{ conn, stream, public atomic.Uint32 }
	lanes   sync.Map // laneKey to *stream

	mu       sync.Mutex
	dirty    []*stream
	problems map[string]int // what went wrong with connections, by text
	skipped  map[string]string

	opened   atomic.Uint64
	live     atomic.Int64
	busy     atomic.Int64
	partial  atomic.Int32  // fences in a row that not every connection of a user received
	arrived  atomic.Uint64 // first receipts
	refused  atomic.Int64  // dials in a row that found nobody listening
	lost     atomic.Bool
	replies  atomic.Bool // answers to requests carry the canary
	oversize atomic.Uint64

	unanswered atomic.Uint64
	planned    atomic.Uint64 // events that the plan asked for

	settling  settling
	protocols protocols
	heard     heard // frames
	events    heard // events in them, copies and foreign ones included
	waiting   waiting
	latency   latency
	readers   sync.WaitGroup
	stop      context.Context // ends what outlives a verb: hooks, processes
	cancel    context.CancelFunc
}

// New compiles the configuration. An error names the key that it belongs to.
func New(o *Options) (*Driver, error) {
	d := &Driver{opts: *o, problems: map[string]int{}, skipped: map[string]string{}}
	if d.opts.Patience == 0 {
		d.opts.Patience = DefaultPatience
	}
	d.start = time.Now()
	var err error
	if d.program, err = compile(o.File, tmpl.NewSet(o.Secrets, time.Now), o.Hooks); err != nil {
		return nil, err
	}
	d.enlist()
	d.expectEvents()
	if err := d.rehearse(); err != nil {
		return nil, err
	}
	names := make([]string, len(d.people))
	for _, p := range d.people {
		if names[p.who-1] = p.id; p.id == "" {
			names[p.who-1] = "(no user)"
		}
	}
	d.checker = history.New(&history.Model{
		Key: o.Key, Users: names, Remote: d.remote(), LateAfter: o.LateAfter, OnReceipt: d.receipt, Record: o.Record, Evidence: o.Evidence,
	})
	d.client = o.Guard.Client(max(64, min(len(o.Users), 512)), 2*hookLimit) // each call has a nearer end of its own
	d.dial()
	d.stop, d.cancel = context.WithCancel(context.Background())
	return d, nil
}

func (d *Driver) dial() {
	buffer := wire.DefaultReadBuffer
	if len(d.opts.Users) <= 1000 {
		buffer = 8 << 10
	}
	plain := wire.Dialer{Raw: d.opts.Raw, Dial: d.opts.Guard.Dial, TLS: d.opts.Guard.TLS, ReadBuffer: buffer, WriteLimit: d.opts.Patience}
	compressed, small := plain, plain
	compressed.Raw, compressed.Compress = false, true
	small.Dial = d.opts.Guard.DialSmall
	proxied := plain
	proxied.Dial = d.dialProxy
	d.dialers = [4]*wire.Dialer{&plain, &compressed, &small, &proxied}
}

func (d *Driver) now() time.Duration { return time.Since(d.start) }

// Clock is the time since the run began, on the clock of the history.
func (d *Driver) Clock() time.Duration { return d.now() }

// Plan is what schedules are made for.
func (d *Driver) Plan() *plan.Config { return &d.config }

// Checker is the run's checker.
func (d *Driver) Checker() *history.Checker { return d.checker }

// Lost reports whether the server stopped answering.
func (d *Driver) Lost() bool { return d.lost.Load() }

// Connections is the number of connections opened so far, and of those that
// stand.
func (d *Driver) Connections() (opened uint64, live int64) { return d.opened.Load(), d.live.Load() }

// Arrived is the number of events that reached their audience so far.
func (d *Driver) Arrived() uint64 { return d.arrived.Load() }

// Oversize is the number of messages that were too long to be judged whole.
func (d *Driver) Oversize() uint64 { return d.oversize.Load() }

// Unanswered is the number of calls that should have made an event and were not
// answered in time.
func (d *Driver) Unanswered() uint64 { return d.unanswered.Load() }

// Skipped lists the odd ids that could not be used, each with the reason.
func (d *Driver) Skipped() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]string{}
	for id, why := range d.skipped {
		out[id] = why
	}
	return out
}

// Problems lists what went wrong with connections, each with how often.
func (d *Driver) Problems() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]int{}
	for text, n := range d.problems {
		out[text] = n
	}
	return out
}

const maxProblems = 20

func (d *Driver) problem(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.problems[text]; known || len(d.problems) < maxProblems {
		d.problems[text]++
	}
}

// Greet connects the first users and sends nothing.
func (d *Driver) Greet(ctx context.Context, users int) error {
	for _, p := range d.people[:users] {
		if _, err := d.connect(ctx, p, 0, nil); err != nil {
			return err
		}
	}
	return nil
}

// Say does one step by itself.
func (d *Driver) Say(ctx context.Context, s *plan.Step) { d.step(ctx, s, d.now()) }

// Close ends every connection, waits for every goroutine, and leaves the checker
// to be asked.
func (d *Driver) Close() {
	d.cancel()
	d.conns.each(func(c *conn) { c.end(true) })
	d.readers.Wait()
	d.proxies.close()
	d.client.CloseIdleConnections()
}
