package runtime

// keep puts the payload of the latest event into the ring, which drops its oldest ones to stay within its bounds. The
// bytes live in one block that grows by doubling up to ResumeBytes and is then used in a circle.
func (b *backlog) keep(f *Factory, typ uint16, payload []byte) {
	o := &f.opts
	n := len(payload)
	if o.ResumeEvents < 0 {
		return
	}
	if n > o.ResumeBytes {
		b.forget() // what follows could not be replayed without a hole
		return
	}
	for b.len() > 0 && (b.len() >= o.ResumeEvents || b.size+n > o.ResumeBytes) {
		b.drop()
	}
	at := b.place(n, o.ResumeBytes)
	copy(b.bytes[at:at+n], payload)
	if b.first > 32 && b.first*2 > len(b.kept) {
		b.kept = b.kept[:copy(b.kept, b.kept[b.first:])]
		b.first = 0
	}
	b.kept = append(b.kept, kept{start: at, n: n, at: f.janitor.last.Load(), typ: typ})
	b.size += n
}

func (b *backlog) len() int { return len(b.kept) - b.first }

func (b *backlog) drop() {
	b.size -= b.kept[b.first].n
	b.first++
	if b.first == len(b.kept) {
		b.kept, b.first = b.kept[:0], 0
	}
}

func (b *backlog) forget() { b.bytes, b.kept, b.first, b.size = nil, nil, 0, 0 }

// place finds n free bytes behind the newest payload, or at the start when the end of the block is near.
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
		switch {
		case newest.start >= oldest.start && end+n <= len(b.bytes):
			return end
		case newest.start >= oldest.start && len(b.bytes) < limit:
			b.grow(n, limit)
		case newest.start >= oldest.start && n <= oldest.start:
			return 0
		case newest.start < oldest.start && end+n <= oldest.start:
			return end
		default:
			b.drop()
		}
	}
}

// grow doubles the block; it is only called while the payloads stand in one piece.
func (b *backlog) grow(n, limit int) {
	size := max(len(b.bytes)*2, 1024)
	for size < len(b.bytes)+n {
		size *= 2
	}
	size = max(min(size, limit), n)
	next := make([]byte, size)
	copy(next, b.bytes)
	b.bytes = next
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

// after calls each for every payload with a number above last, in order, and returns the first number it had: what lies
// between is gone.
func (b *backlog) after(last uint64, each func(seq uint64, typ uint16, payload []byte)) (from uint64) {
	oldest := b.seq - uint64(b.len()) + 1
	from = max(oldest, last+1)
	for i := range b.kept[b.first:] {
		seq := oldest + uint64(i)
		if seq >= from {
			k := b.kept[b.first+i]
			each(seq, k.typ, b.bytes[k.start:k.start+k.n])
		}
	}
	return from
}
