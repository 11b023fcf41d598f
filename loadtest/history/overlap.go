package history

import (
	"math/bits"
	"sync/atomic"
)

const (
	overlapUsers  = 2048 // above this, pairs are not told apart
	overlapRecent = 8
)

// overlap measures how much interference was tried: an emission is an opportunity
// when another user's event was in flight as it began. Of those others only the
// latest few are looked at, so what it counts is a lower bound.
type overlap struct {
	users         int
	flying        []atomic.Int32 // events in flight for each user
	recent        [overlapRecent]atomic.Uint32
	next          atomic.Uint32
	opportunities atomic.Uint64
	pairs         []atomic.Uint64 // bit set of ordered pairs, nil when there are too many users
}

func newOverlap(users int) *overlap {
	o := &overlap{users: users, flying: make([]atomic.Int32, users+1)}
	if users > 0 && users <= overlapUsers {
		o.pairs = make([]atomic.Uint64, (users*users+63)/64)
	}
	return o
}

func (o *overlap) begin(s *stream) {
	me := s.Owner
	if me == 0 || int(me) >= len(o.flying) {
		return
	}
	met := false
	for i := range o.recent {
		if you := o.recent[i].Load(); you != 0 && you != uint32(me) && o.flying[you].Load() > 0 {
			o.mark(me, PrincipalID(you))
			met = true
		}
	}
	if met {
		o.opportunities.Add(1)
	}
	if s.Audience.Kind == ToRoom || s.Audience.Kind == ToAll {
		return
	}
	o.flying[me].Add(1)
	o.recent[o.next.Add(1)%overlapRecent].Store(uint32(me))
}

func (o *overlap) end(s *stream) {
	if s.Audience.Kind == ToRoom || s.Audience.Kind == ToAll || int(s.Owner) >= len(o.flying) {
		return
	}
	if o.flying[s.Owner].Add(-1) < 0 {
		o.flying[s.Owner].Add(1)
	}
}

// settle forgets what is still in flight: at a fence it is lost.
func (o *overlap) settle() {
	for i := range o.flying {
		o.flying[i].Store(0)
	}
}

func (o *overlap) mark(a, b PrincipalID) {
	if o.pairs == nil {
		return
	}
	for _, bit := range [...]int{int(a-1)*o.users + int(b-1), int(b-1)*o.users + int(a-1)} {
		if w, m := &o.pairs[bit/64], uint64(1)<<(bit%64); w.Load()&m == 0 {
			w.Or(m)
		}
	}
}

// covered counts the ordered pairs of users that met, of all there are; possible
// is 0 when they were not told apart.
func (o *overlap) covered() (met, possible uint64) {
	if o.pairs == nil {
		return 0, 0
	}
	for i := range o.pairs {
		met += uint64(bits.OnesCount64(o.pairs[i].Load()))
	}
	return met, uint64(o.users) * uint64(max(o.users-1, 0))
}
