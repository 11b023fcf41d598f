package runtime

// kept is one event in the ring: where its bytes are (thread, type if it has no number of its own, data) and what else
// its frame is made of.
type kept struct {
	start, n     int
	at           int64
	typ          uint16
	thread, name uint16 // lengths
}

// keep puts the latest event into the ring, which drops its oldest ones to stay within its bounds. Only what can't be
// made again is kept, not the frame. The bytes live in one block that is used in a circle and doubles, up to
// ResumeBytes, when what is kept fills it.
func (b *backlog) keep(f *Factory, m *message) {
	o := &f.opts
	if o.ResumeEvents < 0 {
		return
	}
	k := kept{at: m.at, typ: m.typ, thread: uint16(len(m.thread))}
	if m.typ == typeOther {
		k.name = uint16(len(m.name))
	}
	k.n = int(k.thread) + int(k.name) + len(m.data)
	if k.n > o.ResumeBytes {
		b.forget() // what follows could not be replayed without a hole
		return
	}
	for b.len() > 0 && (b.len() >= o.ResumeEvents || b.size+k.n > o.ResumeBytes) {
		b.drop()
	}
	k.start = b.place(k.n, o.ResumeBytes)
	d := append(b.bytes[:k.start], m.thread...)
	d = append(d, m.name[:k.name]...)
	_ = append(d, m.data...) // place left room for all of it
	if b.first > 32 && b.first*2 > len(b.kept) {
		b.kept = b.kept[:copy(b.kept, b.kept[b.first:])]
		b.first = 0
	}
	if b.kept == nil {
		b.kept = make([]kept, 0, firstKept)
	}
	b.kept = append(b.kept, k)
	b.size += k.n
}

// load makes the message of a kept event again; its data is the ring's own memory.
func (b *backlog) load(f *Factory, k *kept) message {
	p := b.bytes[k.start : k.start+k.n]
	m := message{typ: k.typ, op: opText, envelope: true, at: k.at, name: f.types.name(k.typ)}
	m.thread, p = ThreadID(p[:k.thread]), p[k.thread:]
	if k.name > 0 {
		m.name, p = string(p[:k.name]), p[k.name:]
	}
	m.data = p
	return m
}

// firstKept is how many events a ring that is used at all has room for at first.
const firstKept = 16

func (b *backlog) len() int { return len(b.kept) - b.first }

func (b *backlog) drop() {
	b.size -= b.kept[b.first].n
	b.first++
	if b.first == len(b.kept) {
		b.kept, b.first = b.kept[:0], 0
	}
}

func (b *backlog) forget() { b.bytes, b.kept, b.first, b.size = nil, nil, 0, 0 }

// place finds n free bytes behind the newest payload, or at the start once that is free. The block grows only when
// what is kept fills it: a ring that grew whenever its end came near would reach its bound at any traffic, and then
// walk through all of that memory.
func (b *backlog) place(n, limit int) int {
	for {
		if b.len() == 0 {
			if n <= len(b.bytes) {
				return 0
			}
			b.grow(n, limit)
			continue
		}
		oldest, newest := b.kept[b.first], b.kept[len(b.kept)-1]
		end := newest.start + newest.n
		wrapped := newest.start < oldest.start
		switch {
		case !wrapped && end+n <= len(b.bytes), wrapped && end+n <= oldest.start:
			return end
		case !wrapped && n <= oldest.start:
			return 0
		case len(b.bytes) < limit:
			b.grow(n, limit)
		default:
			b.drop()
		}
	}
}

// grow doubles the block and lays out what is kept in one piece from its start.
func (b *backlog) grow(n, limit int) {
	size := max(len(b.bytes)*2, 1024)
	for size < len(b.bytes)+n {
		size *= 2
	}
	next := make([]byte, 0, max(min(size, limit), n))
	for i := range b.kept[b.first:] {
		k := &b.kept[b.first+i]
		start := len(next)
		next = append(next, b.bytes[k.start:k.start+k.n]...)
		k.start = start
	}
	b.bytes = next[:cap(next)]
}

// expire drops what is older than the bound, and the block with the last of it.
func (b *backlog) expire(before int64) {
	for b.len() > 0 && b.kept[b.first].at < before {
		b.drop()
	}
	if b.len() == 0 {
		b.forget()
	}
}

// after calls each for every kept event with a number above last, in order; what lies between last and the first of
// them is gone.
func (b *backlog) after(last uint64, each func(seq uint64, k *kept)) {
	oldest := b.seq - uint64(b.len()) + 1
	for i := range b.kept[b.first:] {
		if seq := oldest + uint64(i); seq > last {
			each(seq, &b.kept[b.first+i])
		}
	}
}
