package target

import "sync"

// scratch is a buffer that several frames use in turn. Each use is locked, which
// keeps the memory in order and the frames apart from nobody.
type scratch struct {
	mu   sync.Mutex
	data []byte
}

func (s *scratch) fill(d *dialect, e *event) parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = append(s.data[:0], d.frame(e)...)
	return parcel{data: s.data, lock: &s.mu}
}

// put posts a frame to all sessions of a user, without a place in his stream.
func (d *desk) put(to string, p parcel) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a := d.users[to]; a != nil {
		for _, c := range a.sessions {
			c.put(p)
		}
	}
}

// M05: each connection encodes what it sends into a buffer of its own, again and
// again.
type reusedBuffer struct {
	*desk
	buffers map[*session]*scratch
}

func newReusedBuffer(*service) hub { return &reusedBuffer{newDesk(), map[*session]*scratch{}} }

func (r *reusedBuffer) send(from *session, to, text string) {
	r.mu.Lock()
	b := r.buffers[from]
	if b == nil {
		b = &scratch{}
		r.buffers[from] = b
	}
	r.mu.Unlock()
	r.put(to, b.fill(from.d, &event{Kind: "message", From: from.user, Text: text}))
}

// pool is a free list: what was put last is given out first.
type pool struct {
	mu   sync.Mutex
	free []*scratch
}

func (p *pool) get() *scratch {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return &scratch{}
	}
	s := p.free[n-1]
	p.free = p.free[:n-1]
	return s
}

func (p *pool) put(s *scratch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, s)
}

// M06: the buffer goes back when the handler is done with it, which is before the
// writer is.
type earlyPut struct {
	*desk
	pool pool
}

func newEarlyPut(*service) hub { return &earlyPut{desk: newDesk()} }

func (e *earlyPut) send(from *session, to, text string) {
	b := e.pool.get()
	defer e.pool.put(b)
	e.put(to, b.fill(from.d, &event{Kind: "message", From: from.user, Text: text}))
}

// M07: the writer gives the buffer back, and once more when the write failed.
type doublePut struct {
	*desk
	pool pool
}

func newDoublePut(*service) hub { return &doublePut{desk: newDesk()} }

func (p *doublePut) send(from *session, to, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.users[to]
	if a == nil {
		return
	}
	for _, c := range a.sessions {
		b := p.pool.get()
		one := b.fill(from.d, &event{Kind: "message", From: from.user, Text: text})
		one.end = func(err error) {
			defer p.pool.put(b)
			if err != nil {
				p.pool.put(b)
			}
		}
		c.put(one)
	}
}

// M08: one buffer for each length class, and the length that is sent is the
// longest it ever had.
type longTail struct {
	*desk
	length sync.Mutex
	buffer []byte
}

func newLongTail(*service) hub { return &longTail{desk: newDesk()} }

func (l *longTail) send(from *session, to, text string) {
	frame := from.d.frame(&event{Kind: "message", From: from.user, Text: text})
	l.length.Lock()
	if len(frame) > len(l.buffer) {
		l.buffer = append(l.buffer, make([]byte, len(frame)-len(l.buffer))...)
	}
	copy(l.buffer, frame)
	whole := append([]byte(nil), l.buffer...)
	l.length.Unlock()
	l.put(to, parcel{data: whole})
}
