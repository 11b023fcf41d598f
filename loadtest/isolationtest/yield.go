package isolationtest

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// often is the probability of Yield as bits of a float64; 0 while no Run is under
// way.
var often atomic.Uint64

const defaultYield = 0.1

// Yield gives other goroutines the processor, now and then, while a Run is under
// way, and does nothing otherwise. Put it between reading and using what goroutines
// share: a window of two microseconds that no load hits shows at once with one
// yield in it. It may be called from any goroutine.
func Yield() {
	bits := often.Load()
	if bits != 0 && rand.Float64() < math.Float64frombits(bits) {
		runtime.Gosched()
	}
}

func yielding(p float64) (stop func()) {
	if p == 0 {
		p = defaultYield
	}
	before := often.Swap(math.Float64bits(min(max(p, 0), 1)))
	return func() { often.Store(before) }
}

// turn is how long one value of GOMAXPROCS lasts.
const turn = 50 * time.Millisecond

// turns lets values of GOMAXPROCS take turns until stop is called, which restores
// the one before.
func turns(procs []int) (stop func()) {
	n := runtime.NumCPU()
	if len(procs) == 0 {
		procs = []int{n, 1, 2, 4 * n}
	}
	procs = slices.Compact(slices.Clone(procs))
	before := runtime.GOMAXPROCS(max(procs[0], 1))
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(turn)
		defer ticker.Stop()
		for i := 1; ; i++ {
			select {
			case <-ticker.C:
				if len(procs) > 1 {
					runtime.GOMAXPROCS(max(procs[i%len(procs)], 1))
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		runtime.GOMAXPROCS(before)
	}
}
