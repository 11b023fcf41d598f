package runtime

import (
	"context"
	"hash/maphash"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Factory makes emitters, one user each, and serves the connections that they reach. All its methods may be called
// from any number of goroutines at once. A program needs one; end it with [Factory.Shutdown], since it owns a few
// goroutines.
type Factory struct {
	opts  Options
	start time.Time
	seed  maphash.Seed
	nonce string

	shards  [shardCount]shard
	rooms   roomTable
	types   typeTable
	workers []*worker
	janitor janitor
	poller  poller
	gates   gateTable

	users, conns                              atomic.Int64
	owners                                    atomic.Uint32
	minted                                    atomic.Uint64
	emittersCreated, emittersClosed           atomic.Uint64
	contextsCreated, contextsClosed           atomic.Uint64
	connsOpened, connsClosed, refused, panics atomic.Uint64
	revocations                               atomic.Uint64
	draining                                  atomic.Bool
	life                                      lifetime
	stopped                                   chan struct{}
	evidenceMu                                sync.Mutex
	evidence                                  []Violation
	busCancel                                 func()
	history                                   HistoryBus // Options.Bus, if it is one
	reopened                                  atomic.Uint64

	fault func(step string) error // tests make a step fail here; nil otherwise
}

// NewFactory checks the options, nil meaning all defaults, and starts a factory. The error names each option that
// can't be meant.
func NewFactory(o *Options) (*Factory, error) {
	opts, err := o.resolve()
	if err != nil {
		return nil, err
	}
	f := &Factory{opts: opts, start: time.Now(), seed: maphash.MakeSeed(), nonce: mintSecret()[:6]}
	f.types.init()
	f.life.init()
	f.stopped = make(chan struct{})
	for i := range f.shards {
		f.shards[i].init(f)
	}
	if err := f.subscribeBroadcasts(); err != nil {
		return nil, err
	}
	for range max(goruntime.GOMAXPROCS(0), 1) {
		f.workers = append(f.workers, newWorker(f))
	}
	f.janitor.run(f)
	return f, nil
}

// now is the time since the factory's start, in nanoseconds.
func (f *Factory) now() int64 { return int64(time.Since(f.start)) }

func (f *Factory) at(ns int64) time.Time { return f.start.Add(time.Duration(ns)) }

// Emitter makes a handle that reaches one user and nobody else. It fails with [ErrInvalidID], [ErrLimit] or
// [ErrClosed], and then leaves nothing behind. Handles are cheap and any number may share a user; an emitter for a user
// who is offline costs a map entry, no goroutine. Close it when done.
func (f *Factory) Emitter(ctx context.Context, user UserID) (*Emitter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	uc, err := f.acquire(ctx, user, 0)
	if err != nil {
		return nil, err
	}
	if err := f.inject("emitter"); err != nil {
		uc.release(holdEmitter)
		return nil, err
	}
	f.emittersCreated.Add(1)
	return &Emitter{root: &handle{uc: uc}}, nil
}

func (f *Factory) inject(step string) error {
	if f.fault == nil {
		return nil
	}
	return f.fault(step)
}
