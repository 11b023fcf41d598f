package runtime

import "strconv"

// gap is a run of events that a connection will not get.
type gap struct {
	set      bool
	from, to uint64
}

// add takes one more event in; number 0 is an event outside the stream, which only makes the gap known.
func (g *gap) add(seq uint64) {
	if !g.set || g.from == 0 || (seq != 0 && seq < g.from) {
		g.from = seq
	}
	g.to = max(g.to, seq)
	g.set = true
}

func (g *gap) frame(reason string) []byte {
	p := append(make([]byte, 0, 96), `{"v":1,"type":"wsmig.gap","from":`...)
	p = strconv.AppendUint(p, g.from, 10)
	p = append(p, `,"to":`...)
	p = strconv.AppendUint(p, g.to, 10)
	p = append(p, `,"reason":"`...)
	p = append(p, reason...)
	p = append(p, `"}`...)
	return controlFrame(opText, p)
}

// loseLocked remembers an event for the gap frame, one from the head of the queue or one that was not let in; without
// an envelope the client has no way to be told.
func (c *Conn) loseLocked(head bool, e entry) {
	if c.uc.f.opts.Framing != Envelope {
		return
	}
	g := &c.rareLocked().missed
	if head {
		g = &c.rare.lost
	}
	g.add(c.uc.seqLocked(e))
	c.gaps = true
}

// noGapsLocked forgets what was to be told.
func (c *Conn) noGapsLocked() {
	if c.gaps {
		c.rare.lost, c.rare.missed, c.gaps = gap{}, gap{}, false
	}
}

// seqLocked gives the whole number of a queued event, 0 for one outside the stream.
func (uc *UserContext) seqLocked(e entry) uint64 {
	if e.kind != kindStream || uc.backlog == nil {
		return 0
	}
	return uc.backlog.seq - uint64(uint32(uc.backlog.seq)-e.seq)
}
