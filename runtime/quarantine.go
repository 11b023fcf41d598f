package runtime

// quarantineLocked takes the events out of a batch that are addressed to another user than the connection's owner. It
// is the last look before bytes are written; nothing in this package can bring it about, which is why it is here.
func (c *Conn) quarantineLocked(b *buffer) {
	clean := newBuffer()
	at := int(b.head)
	for _, e := range b.live() {
		frame := b.bytes[at : at+int(e.size)]
		at += int(e.size)
		if !e.kind.event() || e.owner == c.owner {
			clean.push(frame, e)
			continue
		}
		c.uc.seldomLocked().tally.violations++
		c.finished++
		c.uc.dropLocked(nil, e, dropOwner, false)
		v := Violation{At: c.uc.f.at(c.uc.f.now()), Owner: c.uc.user, Conn: c.ID(), Type: c.uc.f.types.name(e.typ), Seq: uint64(e.seq), Bytes: int(e.size)}
		go c.uc.f.reportForeign(v, e.owner)
	}
	*b, *clean = *clean, *b
	clean.free()
}

// reportForeign finds out whose event it was and keeps the evidence.
func (f *Factory) reportForeign(v Violation, owner uint32) {
	for i := range f.shards {
		for _, uc := range f.shards[i].contexts() {
			if uc.owner == owner {
				v.Intended = uc.user
			}
		}
	}
	f.keepEvidence(v)
}
