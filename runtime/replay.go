package runtime

import "strconv"

// greetLocked queues the first frames of a connection: ready, and what a resuming client missed. It happens in one
// step with the connection becoming visible, so that no event is missed between the two and none comes twice. The ring
// is that of the connection's owner, whatever the token says.
func (c *Conn) greetLocked(sc *scratch, token string, past *recollection) {
	b := c.uc.backlog
	if b == nil {
		return
	}
	if past != nil {
		if b.epoch != past.epoch {
			b.epoch, b.seq = past.epoch, 0
		}
		b.seq = max(b.seq, past.upto)
		if past.token {
			c.rareLocked().after = b.seq
		}
	}
	p := append(make([]byte, 0, 128), `{"v":1,"type":"wsmig.ready","epoch":"`...)
	p = append(p, b.epoch...)
	p = append(p, `","seq":`...)
	p = strconv.AppendUint(p, b.seq, 10)
	p = append(p, `,"session":"`...)
	p = append(p, c.session...)
	p = append(p, `"}`...)
	c.pushLocked(sc, controlFrame(opText, p), entry{kind: kindControl})
	switch {
	case token == "":
	case past != nil:
		c.recallLocked(sc, past)
	default:
		c.replayLocked(sc, token)
	}
}

func (c *Conn) replayLocked(sc *scratch, token string) {
	b := c.uc.backlog
	epoch, last, ok := parseResume(token)
	if !ok || epoch != b.epoch || last > b.seq {
		reason := "epoch"
		if !ok {
			reason = "malformed"
		}
		g := gap{set: true, from: min(1, b.seq), to: b.seq}
		c.pushLocked(sc, g.frame(reason), entry{kind: kindControl})
		return
	}
	first := b.seq - uint64(b.len()) + 1
	if first > last+1 {
		g := gap{set: true, from: last + 1, to: first - 1}
		c.pushLocked(sc, g.frame("expired"), entry{kind: kindControl})
	}
	b.after(last, func(seq uint64, k *kept) {
		sc.msg = b.load(c.uc.f, k)
		sc.msg.seq = seq
		c.repeatLocked(sc)
	})
}

// repeatLocked queues a kept event once more, for this connection.
func (c *Conn) repeatLocked(sc *scratch) {
	sc.wrap(c.uc.backlog)
	frame := sc.bytes()
	if c.compressed {
		frame = sc.compress()
	}
	c.makeRoomLocked(sc, len(frame))
	c.uc.seldomLocked().tally.replayed++
	c.uc.typeLocked(sc.msg.typ).Emitted++
	c.pushLocked(sc, frame, entry{owner: c.uc.owner, seq: uint32(sc.msg.seq), typ: sc.msg.typ, kind: kindStream})
}

// parkLocked keeps the stream of a user whose context ends, for a client that comes back; a revoked user's is gone.
func (s *shard) parkLocked(uc *UserContext) {
	b := uc.backlog
	uc.backlog = nil
	if b == nil || uc.end == ucRevoked || s.f.opts.ResumeEvents < 0 || s.f.draining.Load() {
		return
	}
	if s.parked == nil {
		s.parked = make(map[UserID]*backlog)
	}
	b.left = s.f.now()
	s.parked[uc.user] = b
	if len(s.parked) > max(s.f.opts.MaxUsers/shardCount, 1)+parkedSlack {
		s.dropOldestParked()
	}
}

// parkedSlack evens out that users are not spread evenly over the shards.
const parkedSlack = 16

func (s *shard) dropOldestParked() {
	var oldest UserID
	var at int64 = 1<<63 - 1
	for user, b := range s.parked {
		if b.left < at {
			oldest, at = user, b.left
		}
	}
	delete(s.parked, oldest)
}
