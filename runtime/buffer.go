package runtime

import (
	"slices"
	"sync"
)

// frameKind tells events, which are counted, from the server's own frames, which are not.
type frameKind uint8

const (
	kindControl frameKind = iota // ready, gap, pong, ping, close
	kindStream                   // an event with a number
	kindLoose                    // an event without one
)

func (k frameKind) event() bool { return k != kindControl }

// entry describes one frame of a buffer, in 16 bytes: a flood goes through thousands of them that are in no cache.
type entry struct {
	owner uint32 // the addressee; compared with the connection's owner where the bytes are written
	seq   uint32 // the low half of its number; queues are never as long as that
	size  uint32
	typ   uint16
	kind  frameKind
}

// buffer is frames in the order in which they go out. A connection has none while nothing waits. It has one holder at
// a time: the connection's queue, then its flight, then the pool; nothing else keeps a reference to its bytes.
type buffer struct {
	bytes  []byte
	frames []entry
	head   int32 // bytes before it are gone
	first  int32 // frames before it are gone
	events int32 // events among the frames that are left
}

// firstBytes and firstFrames are what a new buffer has room for: growing to it bit by bit would take several
// allocations for each of thousands of connections whenever the collector has emptied the pool.
const (
	firstBytes  = 1 << 10
	firstFrames = 8
)

var buffers = sync.Pool{New: func() any {
	return &buffer{bytes: make([]byte, 0, firstBytes), frames: make([]entry, 0, firstFrames)}
}}

// keptBytes is the largest buffer that goes back to the pool: a burst must not pin memory for ever.
const keptBytes = 64 << 10

func newBuffer() *buffer { return buffers.Get().(*buffer) }

func (b *buffer) free() {
	if b == nil || cap(b.bytes) > keptBytes {
		return
	}
	*b = buffer{bytes: b.bytes[:0], frames: b.frames[:0]}
	buffers.Put(b)
}

func (b *buffer) size() int { return len(b.bytes) - int(b.head) }

func (b *buffer) live() []entry { return b.frames[b.first:] }

func (b *buffer) push(frame []byte, e entry) {
	if len(b.bytes)+len(frame) > cap(b.bytes) && int(b.head) > cap(b.bytes)/2 {
		b.compact()
	}
	e.size = uint32(len(frame))
	b.bytes = append(b.bytes, frame...)
	b.frames = append(b.frames, e)
	if e.kind.event() {
		b.events++
	}
}

func (b *buffer) compact() {
	b.bytes = b.bytes[:copy(b.bytes, b.bytes[b.head:])]
	b.frames = b.frames[:copy(b.frames, b.frames[b.first:])]
	b.head, b.first = 0, 0
}

// dropOldest takes the first event out; frames of the server in front of it stay.
func (b *buffer) dropOldest() entry {
	i, at := b.first, b.head
	for !b.frames[i].kind.event() {
		at += int32(b.frames[i].size)
		i++
	}
	e := b.frames[i]
	copy(b.bytes[b.head+int32(e.size):], b.bytes[b.head:at])
	copy(b.frames[b.first+1:], b.frames[b.first:i])
	b.head += int32(e.size)
	b.first++
	b.events--
	return e
}

// insertGap puts a frame behind the server's own frames at the head, in front of the first event.
func (b *buffer) insertGap(frame []byte) {
	i, at := int(b.first), int(b.head)
	for i < len(b.frames) && !b.frames[i].kind.event() {
		at += int(b.frames[i].size)
		i++
	}
	b.bytes = slices.Insert(b.bytes, at, frame...)
	b.frames = slices.Insert(b.frames, i, entry{size: uint32(len(frame)), kind: kindControl})
}

// advance takes n written bytes off and calls each for every frame that is now written whole.
func (b *buffer) advance(n int, each func(entry)) {
	b.head += int32(n)
	for int(b.first) < len(b.frames) && n >= int(b.frames[b.first].size) {
		e := b.frames[b.first]
		n -= int(e.size)
		b.first++
		if e.kind.event() {
			b.events--
		}
		each(e)
	}
	if int(b.first) < len(b.frames) {
		b.frames[b.first].size -= uint32(n)
	}
}

// strip takes the events out and leaves the server's frames.
func (b *buffer) strip(each func(entry)) {
	at, to := int(b.head), int(b.head)
	keep := b.frames[:0]
	for _, e := range b.live() {
		n := int(e.size)
		if e.kind.event() {
			each(e)
		} else {
			copy(b.bytes[to:], b.bytes[at:at+n])
			to += n
			keep = append(keep, e)
		}
		at += n
	}
	b.bytes, b.frames, b.first, b.events = b.bytes[:to], keep, 0, 0
}
