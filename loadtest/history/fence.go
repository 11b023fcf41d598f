package history

// starvedAfter is how many events a sibling must have had before a connection
// that got none of them counts as starved.
const starvedAfter = 3

func (c *Checker) fence(e *Event) bool {
	if e.StreamID == 0 {
		c.overlap.settle()
		c.streams.each(func(s *stream) { c.fenceStream(s, e) })
		return true
	}
	s := c.streams.get(uint32(e.StreamID))
	if s != nil {
		c.fenceStream(s, e)
	}
	return s != nil
}

// fenceStream settles one stream. What it finds is kept as evidence only after
// the stream is unlocked, since that looks at connections.
func (c *Checker) fenceStream(s *stream, e *Event) {
	for _, ev := range c.settle(s, e) {
		c.witness(ev)
	}
}

func (c *Checker) settle(s *stream, e *Event) (found []Evidence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cells(func(k *cell) {
		found = append(found, c.fenceCell(s, k, e)...)
		k.settled = s.sent.last
		for i := range k.lanes {
			k.lanes[i].got = 0
		}
	})
	s.fenced = s.sent.last
	s.sent.settle()
	return found
}

// fenceCell decides what is missing. Only what was emitted while one of the
// user's connections was due, and has been ever since, is lost.
func (c *Checker) fenceCell(s *stream, k *cell, e *Event) (found []Evidence) {
	c.missing(s, k, func(seq uint64) { found = c.lose(s, k, seq, e, found) })
	for i := range k.lanes {
		if l := &k.lanes[i]; s.starved(k, l) {
			c.count(D3, 1)
			found = append(found, Evidence{Code: D3, At: e.At, Owner: s.Owner, Receiver: k.who, Stream: s.ID, Conn: l.seat.conn.id})
		}
	}
	return found
}

// missing visits the numbers that one of the user's connections was due and none
// has.
func (c *Checker) missing(s *stream, k *cell, visit func(seq uint64)) {
	from, any := uint64(0), false
	for i := range k.lanes {
		if l := &k.lanes[i]; l.active && (!any || l.from < from) {
			from, any = l.from, true
		}
	}
	if !any {
		return
	}
	k.seen.missing(max(from, k.settled+1), s.sent.last, func(gap span) {
		for seq := gap.lo; seq <= gap.hi; seq++ {
			if s.sent.due(seq) && !c.cutOff(s, seq) {
				visit(seq)
			}
		}
	})
}

// starved reports whether a connection got none of what its siblings got.
func (s *stream) starved(k *cell, l *lane) bool {
	return l.active && l.got == 0 && k.arrived(max(l.from, k.settled+1), s.sent.last) >= starvedAfter
}

// Lacking reports whether a fence of the stream would find something missing just
// now that the server did not announce.
func (c *Checker) Lacking(id StreamID) (lacks bool) {
	s := c.streams.get(uint32(id))
	if s == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cells(func(k *cell) {
		for i := range k.lanes {
			lacks = lacks || s.starved(k, &k.lanes[i])
		}
		if p := c.principal(k.who); p.budget == 0 {
			c.missing(s, k, func(seq uint64) { lacks = lacks || seq > k.told })
		}
	})
	return lacks
}

// cutOff reports whether the connection over which an event was asked for has
// ended since: the frame may have died with the socket, unread.
func (c *Checker) cutOff(s *stream, seq uint64) bool {
	sent, ok := s.sent.get(seq)
	if !ok || sent.conn == 0 {
		return false
	}
	via := c.conns.get(uint32(sent.conn))
	return via != nil && via.closedAt.Load() > int64(sent.at)
}

func (c *Checker) lose(s *stream, k *cell, seq uint64, e *Event, found []Evidence) []Evidence {
	p := c.principal(k.who)
	if seq <= k.told || p.budget > 0 {
		if seq > k.told {
			p.budget--
		}
		c.declared.Add(1)
		return found
	}
	if n := len(k.lost); n > 0 && k.lost[n-1].hi+1 == seq {
		k.lost[n-1].hi = seq
	} else if n < maxHoles {
		k.lost = append(k.lost, span{seq, seq})
	}
	if s.echoed != nil && s.echoed.has(seq) && !c.echoing.Load() {
		c.count(X0, 1)
		c.evidence.leak(s.Owner, s.Author)
		sent, _ := s.sent.get(seq)
		found = append(found, Evidence{Code: X0, At: e.At, Emitted: sent.at, Owner: s.Owner, Receiver: s.Author, Stream: s.ID, Seq: seq, Via: sent.conn,
			Note: "its author received it, and its addressee did not"})
	}
	c.count(D0, 1)
	if !c.evidence.wants(D0, len(found)) {
		return found
	}
	sent, _ := s.sent.get(seq)
	return append(found, Evidence{Code: D0, At: e.At, Emitted: sent.at, Owner: s.Owner, Receiver: k.who, Stream: s.ID, Seq: seq})
}
