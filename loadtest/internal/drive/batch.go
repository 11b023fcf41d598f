package drive

import "sync"

// batch is what frames that were read together add to the totals: one reader's, so
// that no lock and no shared counter is touched for each of them.
type batch struct {
	frames, events, arrived uint64
	n                       int
	delays                  [64]delay
}

var batches = sync.Pool{New: func() any { return &batch{} }}

// hold is the reader's batch.
func (c *conn) hold() *batch {
	if c.batch == nil {
		c.batch = batches.Get().(*batch)
	}
	return c.batch
}

// delay keeps how long an event took.
func (c *conn) delay(one delay) {
	b := c.hold()
	if b.n == len(b.delays) {
		c.d.latency.add(uint32(c.id), b.delays[:])
		b.n = 0
	}
	b.delays[b.n] = one
	b.n++
}

// flush adds the batch to the totals. It must come before the reader waits for
// anything.
func (c *conn) flush() {
	b := c.batch
	if b == nil {
		return
	}
	id := uint32(c.id)
	c.batch = nil
	c.d.heard.add(id, b.frames)
	if b.events > 0 {
		c.d.latency.add(id, b.delays[:b.n])
		c.d.events.add(id, b.events)
		c.d.arrived.Add(b.arrived)
	}
	b.frames, b.events, b.arrived, b.n = 0, 0, 0, 0
	batches.Put(b)
}
