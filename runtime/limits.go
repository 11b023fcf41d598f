package runtime

import (
	"errors"
	"math"
	"sync/atomic"
)

// claim counts one more if that stays within the limit.
func claim(n *atomic.Int64, limit int) bool {
	for {
		v := n.Load()
		if v >= int64(limit) {
			return false
		}
		if n.CompareAndSwap(v, v+1) {
			return true
		}
	}
}

// attempts bounds how often room is made for one newcomer: others may take it away each time.
const attempts = 3

// claimConn counts one more connection in total, making room if the options allow it.
func (f *Factory) claimConn(user UserID) error {
	for range attempts {
		if claim(&f.conns, f.opts.MaxConns) {
			return nil
		}
		c := f.victim()
		if c == nil {
			break
		}
		c.evict()
	}
	return &LimitError{Limit: "MaxConns", Max: f.opts.MaxConns}
}

// holdConn takes a place among the user's own connections, making room if the options allow it.
func (f *Factory) holdConn(h *handshake) (*UserContext, error) {
	var err error
	for range attempts {
		var uc *UserContext
		if uc, err = f.take(h.base, h.user, h.since, holdConn); err == nil {
			return uc, nil
		}
		var limit *LimitError
		if !errors.As(err, &limit) || limit.Limit != "MaxConnsPerUser" {
			return nil, err
		}
		uc = f.shardOf(h.user).find(h.user)
		if uc == nil {
			continue
		}
		c := pick(uc.ready(), f)
		if c == nil {
			return nil, err
		}
		c.evict()
	}
	return nil, err
}

// pick chooses who makes room: a connection that is taken to be dead, or else the oldest one if the policy says so.
func pick(conns []*Conn, f *Factory) *Conn {
	var oldest *Conn
	for _, c := range conns {
		if c.Health() == Unhealthy {
			return c
		}
		if oldest == nil || c.number < oldest.number {
			oldest = c
		}
	}
	if f.opts.AtLimit == EvictOldest {
		return oldest
	}
	return nil
}

// victim looks through all connections; it is only asked when MaxConns is reached.
func (f *Factory) victim() *Conn {
	var all []*Conn
	for i := range f.shards {
		for _, uc := range f.shards[i].contexts() {
			all = append(all, uc.ready()...)
		}
	}
	return pick(all, f)
}

// evict gives the connection's place free at once; its socket follows within closeGrace.
func (c *Conn) evict() {
	c.uc.mu.Lock()
	c.freeSlotLocked()
	c.uc.mu.Unlock()
	c.beginClose(closePolicy, "replaced by a newer connection", errEvicted, dropDisconnected)
}

// makeRoomForUser ends the context of one user when MaxUsers stands in the way of another: one whom nothing but dead
// connections holds, and with EvictOldest otherwise the one without a connection that has been idle for longest, or at
// last one with connections.
func (f *Factory) makeRoomForUser(err error) bool {
	var limit *LimitError
	if !errors.As(err, &limit) || limit.Limit != "MaxUsers" {
		return false
	}
	var idlest *UserContext
	least := int64(math.MaxInt64)
	for i := range f.shards {
		for _, uc := range f.shards[i].contexts() {
			if at, ok := uc.evictable(); ok && at < least {
				idlest, least = uc, at
			}
		}
	}
	if idlest == nil {
		return false
	}
	f.expel(idlest, errEvicted, "replaced by a newer user")
	return true
}

// evictable gives a measure by which the least is evicted first.
func (uc *UserContext) evictable() (int64, bool) {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	dead := uc.deadLocked()
	switch {
	case uc.end != ucOpen, !dead && uc.f.opts.AtLimit != EvictOldest:
		return 0, false
	case dead:
		return uc.active - math.MaxInt64/2, true
	case uc.holds > 0:
		return uc.active + math.MaxInt64/2, true // after all those who have no connection
	}
	return uc.active, true
}

// deadLocked tells whether the context is held by connections alone that are taken to be dead.
func (uc *UserContext) deadLocked() bool {
	if uc.emitters > 0 || uc.roomHold || int(uc.holds) != len(uc.conns) {
		return false
	}
	now := uc.f.now()
	for _, c := range uc.conns {
		if c.healthLocked(now) != Unhealthy {
			return false
		}
	}
	return len(uc.conns) > 0
}
