package runtime

import (
	"encoding/binary"
	"sync/atomic"
	"time"
)

// janitor is the one timer for everything that ends by time: pings, half-open sockets, clients that do not answer a
// close frame, idle contexts, old rings. All of it is a back-stop; what ends normally ends without it.
type janitor struct {
	last atomic.Int64
	stop chan struct{}
	done chan struct{}
}

func (j *janitor) run(f *Factory) {
	j.stop, j.done = make(chan struct{}), make(chan struct{})
	j.last.Store(f.now())
	go func() {
		defer close(j.done)
		tick := time.NewTicker(f.janitorInterval())
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f.sweep(f.now())
			case <-j.stop:
				return
			}
		}
	}()
}

func (j *janitor) end() {
	close(j.stop)
	<-j.done
}

func (f *Factory) janitorLastRun() time.Time { return f.at(f.janitor.last.Load()) }

// janitorInterval is an eighth of the shortest time-out, between 5 ms and a second.
func (f *Factory) janitorInterval() time.Duration {
	o := &f.opts
	least := 8 * time.Second
	for _, d := range []time.Duration{o.PingInterval, o.PongWait, o.ResumeTTL, o.IdleTTL, o.DrainTimeout} {
		if d > 0 {
			least = min(least, d)
		}
	}
	return max(least/8, 5*time.Millisecond)
}

// sweep looks at everybody once.
func (f *Factory) sweep(now int64) {
	for i := range f.shards {
		s := &f.shards[i]
		s.expire(now)
		for _, uc := range s.contexts() {
			uc.sweep(now)
		}
	}
	f.janitor.last.Store(now)
}

func (s *shard) expire(now int64) {
	o := &s.f.opts
	s.mu.Lock()
	defer s.mu.Unlock()
	for user, b := range s.parked {
		if now-b.left > int64(o.ResumeTTL) {
			delete(s.parked, user)
		}
	}
	for user, r := range s.revoked {
		if now-r.at > 2*int64(o.HandshakeTimeout) {
			delete(s.revoked, user)
		}
	}
}

// sweep does what is due for one user: decisions under the lock, deeds after it.
func (uc *UserContext) sweep(now int64) {
	o := &uc.f.opts
	sc := newScratch()
	defer sc.free()
	var dead, late []*Conn
	uc.mu.Lock()
	for _, c := range uc.conns {
		switch {
		case c.closeBy != 0 && now > c.closeBy:
			late = append(late, c)
		case c.state == StateReady && c.checkPingLocked(sc, now):
			dead = append(dead, c)
		}
	}
	if uc.backlog != nil {
		uc.backlog.expire(uc.f.at(now).Add(-o.ResumeTTL).UnixNano())
	}
	idle := uc.end == ucOpen && uc.holds == 0 && o.IdleTTL > 0 && now-uc.active > int64(o.IdleTTL)
	uc.mu.Unlock()
	uc.settle(sc)
	for _, c := range late {
		c.kill(dropClosed)
	}
	for _, c := range dead {
		c.fail(errPongTimeout)
	}
	if idle {
		uc.f.expel(uc, ErrClosed, "idle")
	}
}

// checkPingLocked sends a ping when one is due and tells whether the answer to the last one is overdue. While the
// reader waits for the application the client can't be blamed.
func (c *Conn) checkPingLocked(sc *scratch, now int64) (dead bool) {
	o := &c.uc.f.opts
	if o.PingInterval < 0 || c.adopted {
		return false
	}
	if c.stalled {
		c.ponged, c.pinged = now, 0
		return false
	}
	if c.pinged != 0 {
		return now-c.pinged > int64(o.PongWait)
	}
	if now-c.ponged >= int64(o.PingInterval) {
		c.pinged = now
		c.pingNumber++
		c.pushLocked(sc, controlFrame(opPing, binary.BigEndian.AppendUint32(nil, c.pingNumber)), entry{kind: kindControl})
	}
	return false
}

// pingBytes is the size of the number that a ping carries.
const pingBytes = 4

// pong takes a pong from gorilla.
func (c *Conn) pong(data string) error {
	if len(data) == pingBytes {
		c.answered(binary.BigEndian.Uint32([]byte(data)))
	}
	return nil
}

// answered takes the answer to the latest ping; anything else that calls itself a pong is no sign of life.
func (c *Conn) answered(ping uint32) {
	c.uc.mu.Lock()
	defer c.uc.mu.Unlock()
	if c.pinged != 0 && ping == c.pingNumber {
		c.ponged, c.pinged = c.uc.f.now(), 0
	}
}

// fail ends a connection of which nothing more is expected.
func (c *Conn) fail(why error) {
	c.uc.mu.Lock()
	if c.state < StateDraining {
		c.rareLocked().why = why
	}
	c.uc.mu.Unlock()
	c.kill(dropDisconnected)
}
