package natsbus

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// Bus joins the nodes of one deployment through a NATS cluster. It is a [wsruntime.HistoryBus] for one factory: give it
// to [wsruntime.Options], shut the factory down first and close the bus after it. All methods may be called from any
// goroutine.
type Bus struct {
	opts  Options
	log   *slog.Logger
	names subjects
	id    string // of this node, new with each start
	nc    *nats.Conn
	js    jetstream.JetStream
	node  wsruntime.BusNode
	up    chan struct{} // gets a token when the connection comes up
	no    chan error    // gets why an attempt to connect failed
	in    chan *nats.Msg
	found chan recovered
	fence fencer
	peers peers
	seen  seen
	stats counters

	ctx  context.Context
	stop context.CancelFunc
	life sync.WaitGroup

	sequence atomic.Uint64 // of message ids
	position atomic.Uint64
	proved   atomic.Int64 // when a fence last came back, nanoseconds of Unix time

	mu       sync.Mutex
	attached bool                        // and what follows, guarded by mu
	deny     context.CancelCauseFunc     // ends what the factory's start waits for
	everyone func(*wsruntime.BusMessage) // deliver of the empty user
	ears     map[string]*ear             // by the subject that they hear
	epoch    string
	catch    catchUp
	closed   bool
}

var _ wsruntime.HistoryBus = (*Bus)(nil)

// New connects to NATS, nil meaning all defaults. It fails when no server answers within StartTimeout, or ctx ends. The
// history is made when a factory is created with the bus: its bounds are the factory's.
func New(ctx context.Context, o *Options) (*Bus, error) {
	opts, err := o.resolve()
	if err != nil {
		return nil, err
	}
	b := &Bus{
		opts: opts, log: opts.Logger, names: subjects{opts.Prefix}, id: rand.Text(), up: make(chan struct{}, 1),
		no: make(chan error, 1), in: make(chan *nats.Msg, opts.Buffer), found: make(chan recovered), ears: make(map[string]*ear),
	}
	b.fence.init()
	b.peers.init(opts.CutOff + 2*beatEvery)
	b.ctx, b.stop = context.WithCancel(context.WithoutCancel(ctx))
	if b.nc, err = nats.Connect(opts.servers(), b.connectOptions()...); err != nil {
		return nil, fmt.Errorf("wsmig: natsbus: %s: %w", opts.where(), withoutURL(err))
	}
	if err := b.awaitServer(ctx); err != nil {
		b.nc.Close()
		return nil, err
	}
	if b.js, err = jetstream.New(b.nc); err != nil {
		b.nc.Close()
		return nil, fmt.Errorf("wsmig: natsbus: %w", err)
	}
	return b, nil
}

func (b *Bus) awaitServer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, b.opts.StartTimeout)
	defer cancel()
	look := time.NewTicker(retryWait) // not every refusal is told
	defer look.Stop()
	var last error
	for !b.nc.IsConnected() {
		select {
		case <-b.up:
		case last = <-b.no:
		case <-look.C:
			last = cmp.Or(b.nc.LastError(), last)
		case <-ctx.Done():
			return fmt.Errorf("wsmig: natsbus: no NATS server answers at %s: %w", b.opts.where(), chain(last, ctx.Err()))
		}
		if advice := refusal(last); advice != "" && !b.nc.IsConnected() {
			return fmt.Errorf("wsmig: natsbus: %s: %w: %s", b.opts.where(), last, advice)
		}
	}
	return nil
}

// Attach makes or finds the history and starts listening. [wsruntime.NewFactory] calls it.
func (b *Bus) Attach(node wsruntime.BusNode) error {
	b.mu.Lock()
	if b.attached || b.closed {
		b.mu.Unlock()
		return errors.New("wsmig: natsbus: a bus serves one factory, once")
	}
	b.attached = true
	allowed, deny := context.WithCancelCause(b.ctx)
	defer deny(nil)
	b.deny = deny
	b.mu.Unlock()
	b.node = node
	ctx, cancel := context.WithTimeout(allowed, b.opts.StartTimeout)
	defer cancel()
	if err := b.awaitHistory(ctx); err != nil {
		return err
	}
	if err := b.listenForNodes(); err != nil {
		return err
	}
	b.life.Go(b.loop)
	b.life.Go(b.raiseFences)
	if _, err := b.sync(ctx); err != nil {
		return fmt.Errorf("wsmig: natsbus: what is stored does not come back: %w", b.forbidden(err))
	}
	b.life.Go(b.watch)
	return b.meet(ctx)
}

// Close leaves the cluster. Call it after the factory's Shutdown; the other nodes are told, so that nobody waits for
// this one.
func (b *Bus) Close() error {
	b.mu.Lock()
	closed := b.closed
	b.closed = true
	b.mu.Unlock()
	if closed {
		return nil
	}
	b.leave()
	b.stop()
	b.life.Wait()
	b.nc.Close()
	return nil
}

// Epoch names the history.
func (b *Bus) Epoch() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.epoch
}

// Position is a number up to which a connection that is about to become ready has to read the history: what comes after
// it is still delivered.
func (b *Bus) Position() uint64 { return b.position.Load() }

// Err is for readiness: nil while this node is connected to NATS and hears what is stored, or what is wrong.
func (b *Bus) Err() error {
	if !b.nc.IsConnected() {
		return fmt.Errorf("wsmig: natsbus: not connected to NATS: %w", chain(b.nc.LastError(), nats.ErrDisconnected))
	}
	b.mu.Lock()
	catching := b.catch.on
	b.mu.Unlock()
	late := time.Since(time.Unix(0, b.proved.Load())) > 3*b.opts.WatchInterval
	if catching || late {
		return errors.New("wsmig: natsbus: catching up with the history")
	}
	return nil
}

func (b *Bus) away(err error) {
	if err != nil {
		b.log.Warn("wsmig: natsbus: lost the connection to NATS", "error", err)
	}
	b.suspect("disconnected") // from now on what comes is held, until it is known what NATS comes back with
}

// back runs when the connection comes up, first and again.
func (b *Bus) back() {
	select {
	case b.up <- struct{}{}:
	default:
	}
	b.peers.refresh(time.Now())
	b.suspect("reconnected")
}

// failed hears why an attempt to connect failed. Only who starts listens.
func (b *Bus) failed(err error) {
	select {
	case b.no <- err:
	default:
	}
}

func (b *Bus) trouble(err error) {
	b.log.Warn("wsmig: natsbus", "error", err)
	if errors.Is(err, nats.ErrSlowConsumer) {
		b.stats.slow.Add(1)
		b.suspect("slow consumer")
	}
	if errors.Is(err, nats.ErrPermissionViolation) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.deny != nil {
			b.deny(err)
		}
	}
}
