package history

import "sync/atomic"

const chunk = 256

// registry is an array that grows while others read it: lookups take no lock,
// growth happens under the checker's lock.
type registry[T any] struct {
	chunks atomic.Pointer[[]*[chunk]atomic.Pointer[T]]
}

func (r *registry[T]) get(id uint32) *T {
	all := r.chunks.Load()
	if all == nil || int(id/chunk) >= len(*all) {
		return nil
	}
	return (*all)[id/chunk][id%chunk].Load()
}

func (r *registry[T]) put(id uint32, v *T) {
	var all []*[chunk]atomic.Pointer[T]
	if old := r.chunks.Load(); old != nil {
		all = *old
	}
	if need := int(id/chunk) + 1; need > len(all) {
		grown := make([]*[chunk]atomic.Pointer[T], need, need*2)
		for i := copy(grown, all); i < need; i++ {
			grown[i] = new([chunk]atomic.Pointer[T])
		}
		all = grown
		r.chunks.Store(&all)
	}
	all[id/chunk][id%chunk].Store(v)
}

func (r *registry[T]) each(visit func(*T)) {
	all := r.chunks.Load()
	if all == nil {
		return
	}
	for _, c := range *all {
		for i := range c {
			if v := c[i].Load(); v != nil {
				visit(v)
			}
		}
	}
}
