package drive

import "sync/atomic"

const (
	tableChunk  = 512
	tableChunks = 1 << 15
)

// table is an array that grows while others read it. Ids count from 1.
type table[T any] struct {
	chunks [tableChunks]atomic.Pointer[[tableChunk]atomic.Pointer[T]]
	top    atomic.Uint32
}

func (t *table[T]) get(id uint32) *T {
	chunk := t.chunks[id/tableChunk%tableChunks].Load()
	if chunk == nil {
		return nil
	}
	return chunk[id%tableChunk].Load()
}

func (t *table[T]) put(id uint32, v *T) {
	at := &t.chunks[id/tableChunk%tableChunks]
	if at.Load() == nil {
		at.CompareAndSwap(nil, new([tableChunk]atomic.Pointer[T]))
	}
	at.Load()[id%tableChunk].Store(v)
	for top := t.top.Load(); id > top && !t.top.CompareAndSwap(top, id); top = t.top.Load() {
	}
}

func (t *table[T]) each(visit func(*T)) {
	for id := uint32(1); id <= t.top.Load(); id++ {
		if v := t.get(id); v != nil {
			visit(v)
		}
	}
}
