package runtime_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func TestGateOrdersPerKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := wsruntime.NewGate()
		type key struct{ company, user int }
		var order []int
		release := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { g.Do(key{1, 1}, func() { <-release; order = append(order, 0) }) })
		synctest.Wait()
		for i := range 5 {
			wg.Go(func() { g.Do(key{1, 1}, func() { order = append(order, i+1) }) })
			synctest.Wait()
		}
		other := false
		g.Do(key{1, 2}, func() { other = true })
		require.True(t, other, "another user does not wait")
		require.Empty(t, order)
		require.Equal(t, 1, g.Stats().Keys)
		<-time.After(time.Second)
		close(release)
		wg.Wait()
		require.Equal(t, []int{0, 1, 2, 3, 4, 5}, order, "in the order in which they came")
		s := g.Stats()
		require.EqualValues(t, 7, s.Calls)
		require.EqualValues(t, 5, s.Waited)
		require.Equal(t, time.Second, s.MaxHeld)
		require.Equal(t, time.Second, s.Held)
		require.Equal(t, 5*time.Second, s.Wait)
		require.Zero(t, s.Keys, "no key is kept")
	})
}

// TestGatePair runs the textbook bug, SetUser then Emit on one shared manager, through the gate.
func TestGatePair(t *testing.T) {
	var g wsruntime.Gate
	var current atomic.Int64
	var crossed atomic.Int64
	var wg sync.WaitGroup
	for u := range int64(8) {
		wg.Go(func() {
			for range 500 {
				g.Pair(func() {
					current.Store(u)
					if current.Load() != u {
						crossed.Add(1)
					}
				})
			}
		})
	}
	wg.Wait()
	require.Zero(t, crossed.Load())
	require.EqualValues(t, 4000, g.Stats().Pairs)
}

func TestGateReentrance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g wsruntime.Gate
		ran := 0
		g.Do("a", func() {
			g.Do("a", func() { ran++ })
			g.Pair(func() { g.Do("b", func() { ran++ }) })
		})
		require.Equal(t, 2, ran)
		require.EqualValues(t, 1, g.Stats().Crossed, "its own turn was taken, by itself")
		deep := 0
		g.Do("a", func() { recurse(200, func() { g.Do("a", func() { deep++ }) }) })
		require.Equal(t, 1, deep, "however deep the stack")

		// Two goroutines that send to each other's user from inside: with plain locks this is a deadlock.
		inside := make(chan struct{}, 2)
		both := make(chan struct{})
		var wg sync.WaitGroup
		for _, k := range [][2]string{{"a", "b"}, {"b", "a"}} {
			wg.Go(func() {
				g.Do(k[0], func() {
					inside <- struct{}{}
					<-both
					g.Do(k[1], func() { inside <- struct{}{} })
				})
			})
		}
		<-inside
		<-inside
		close(both)
		wg.Wait()
		require.Len(t, inside, 2)
		require.Zero(t, g.Stats().Keys)
	})
}

func recurse(n int, call func()) {
	if n > 0 {
		recurse(n-1, call)
		return
	}
	call()
}

// TestGateOfSeveralKeys sends to lists that overlap, from many goroutines at once: nobody is sent to by two of them at
// a time, and in whatever order they name their users, all of them end.
func TestGateOfSeveralKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := wsruntime.NewGate()
		lists := [][]any{{"a", "b"}, {"b", "c", "b"}, {"c", "a"}, {"b", "a"}, {"c"}, nil}
		var at [3]atomic.Int64
		var both atomic.Int64
		var wg sync.WaitGroup
		for i := range 60 {
			list := lists[i%len(lists)]
			wg.Go(func() {
				g.DoAll(list, func() {
					seen := map[any]bool{}
					for _, key := range list {
						n := &at[key.(string)[0]-'a']
						if !seen[key] && n.Add(1) > 1 {
							both.Add(1)
						}
						seen[key] = true
					}
					<-time.After(time.Millisecond)
					for key := range seen {
						at[key.(string)[0]-'a'].Add(-1)
					}
				})
			})
			wg.Go(func() {
				g.Do("a", func() {
					if at[0].Add(1) > 1 {
						both.Add(1)
					}
					<-time.After(time.Millisecond)
					at[0].Add(-1)
				})
			})
		}
		wg.Wait()
		require.Zero(t, both.Load())
		s := g.Stats()
		require.EqualValues(t, 120, s.Calls)
		require.Positive(t, s.Waited)
		require.Zero(t, s.Crossed)
		require.Zero(t, s.Keys, "no key is kept")
	})
}

func TestGateOfSeveralKeysKeepsTheOrderOfEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := wsruntime.NewGate()
		var mu sync.Mutex
		var order []int
		note := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, n)
		}
		release := make(chan struct{})
		var wg sync.WaitGroup
		ask := func(n int, keys ...any) {
			wg.Go(func() { g.DoAll(keys, func() { note(n) }) })
			synctest.Wait()
		}
		wg.Go(func() { g.Do("a", func() { <-release; note(0) }) })
		synctest.Wait()
		ask(1, "b", "a")
		ask(2, "c", "b")
		ask(3, "a")
		ask(4, "d")
		wg.Go(func() { g.Do("c", func() { note(5) }) })
		synctest.Wait()
		require.Equal(t, []int{4}, order, "who shares nobody with those that wait goes ahead")
		close(release)
		wg.Wait()
		require.Less(t, slices.Index(order, 0), slices.Index(order, 1))
		require.Less(t, slices.Index(order, 1), slices.Index(order, 2))
		require.Less(t, slices.Index(order, 1), slices.Index(order, 3))
		require.Less(t, slices.Index(order, 2), slices.Index(order, 5))
	})
}

func TestGateOfSeveralKeysReentrance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g wsruntime.Gate
		ran := 0
		g.DoAll([]any{"a", "b"}, func() {
			g.Do("a", func() { ran++ })
			g.DoAll([]any{"b", "c"}, func() { ran++ })
		})
		g.Do("a", func() { g.DoAll([]any{"a", "b"}, func() { ran++ }) })
		require.Equal(t, 3, ran)
		require.EqualValues(t, 3, g.Stats().Crossed)
		require.PanicsWithValue(t, "boom", func() { g.DoAll([]any{"a", "b"}, func() { panic("boom") }) })
		require.Zero(t, g.Stats().Keys, "all turns were given back")
	})
}

func TestGatePanic(t *testing.T) {
	var g wsruntime.Gate
	require.PanicsWithValue(t, "boom", func() { g.Do("a", func() { panic("boom") }) })
	ran := false
	g.Do("a", func() { ran = true })
	require.True(t, ran, "the turn was given back")
}

func TestFactoryGates(t *testing.T) {
	f := newFactory(t, nil)
	g := f.Gate("realtime.instance")
	require.Same(t, g, f.Gate("realtime.instance"))
	require.NotSame(t, g, f.Gate("other"))
	g.Do(1, func() {})
	require.EqualValues(t, 1, f.Gates()["realtime.instance"].Calls)
	require.Len(t, f.Gates(), 2)
}

func BenchmarkGate(b *testing.B) {
	var g wsruntime.Gate
	b.ReportAllocs()
	for b.Loop() {
		g.Do("user", func() {})
	}
}
