package loadtest

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/wsmig/wsmig/loadtest/result"
)

// settleLimit is how long a server may take to clean up after its last user.
const settleLimit = 750 * time.Millisecond

// figures are what the server said of itself at the turning points of a run.
type figures struct {
	idle, few, all, busy, rest *Stats
	added                      int // users between few and all
}

func ask(ctx context.Context, i *Instance) *Stats {
	if i.Stats == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
	defer cancel()
	s, err := i.Stats(ctx)
	if err != nil {
		return nil // a server that does not answer shows as one that could not be measured
	}
	return &s
}

func (f *figures) begin(ctx context.Context, i *Instance) { f.idle = ask(ctx, i) }
func (f *figures) warm(ctx context.Context, i *Instance)  { f.few = ask(ctx, i) }

func (f *figures) full(ctx context.Context, i *Instance, added int) {
	f.all, f.added = ask(ctx, i), added
}

// loaded is asked when the load is over and everybody is still there.
func (f *figures) loaded(ctx context.Context, i *Instance) { f.busy = ask(ctx, i) }

// after waits until the server has let everything go, or for as long as it may
// take.
func (f *figures) after(ctx context.Context, i *Instance) {
	if f.idle == nil {
		return
	}
	for end := time.Now().Add(settleLimit); ; {
		f.rest = ask(ctx, i)
		if f.rest == nil || f.rest.Goroutines <= f.idle.Goroutines && f.rest.Active == 0 || time.Now().After(end) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (f *figures) fill(r *result.Run) {
	if f.few != nil && f.all != nil && f.added > 0 && f.all.RSSBytes > f.few.RSSBytes {
		r.RSSBytesPerUser = (f.all.RSSBytes - f.few.RSSBytes) / uint64(f.added)
	}
	if f.rest == nil {
		return
	}
	r.GoroutinesAfterStop = max(f.rest.Goroutines-f.idle.Goroutines, 0)
	r.Lifecycle = result.Lifecycle{Created: f.rest.Created, Active: f.rest.Peak, AfterClose: f.rest.Active}
}

// environment describes the machine that makes the load.
func environment() *result.Environment {
	return &result.Environment{
		Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0), Load1: loadAverage(),
	}
}

func loadAverage() float64 {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := bytes.Cut(data, []byte(" "))
	load, err := strconv.ParseFloat(string(first), 64)
	if err != nil {
		return 0
	}
	return load
}
