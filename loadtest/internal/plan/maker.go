package plan

import (
	"math/rand/v2"
	"slices"
	"time"
)

// maker builds the steps of one schedule.
type maker struct {
	*Config
	r    *rand.Rand
	next int // emitter to use next
	fair int // copies that public events may make
	// spent says that the first public event, which is free, was made.
	spent bool
}

// Few is the number of users that a schedule with a setup of its own concerns.
const Few = 64

const (
	slots   = 4   // connections of one user that have lanes of their own
	movers  = 50  // users that come and go in one wave, at most
	ceiling = 1e4 // events a second
)

// lane of a connection.
func lane(user, slot int) int { return user*slots + slot }

// aside is the lane of something that is not sent over a connection.
func aside(emitter, user int) int { return -1 - (user*32 + emitter) }

// every is the time that a wave of n events for each of the given number of users
// must take, so that neither the rate nor the ceiling is exceeded, and flat
// otherwise.
func (m *maker) every(users, n int, flat time.Duration) time.Duration {
	limit := m.Ceiling
	if limit == 0 {
		limit = ceiling
	}
	least := time.Duration(float64(users*n) / limit * float64(time.Second))
	if m.Rate > 0 {
		least = max(least, time.Duration(float64(n)/m.Rate*float64(time.Second)))
	}
	return max(least, flat)
}

// emitter picks the next emitter in turn, among those that suit.
func (m *maker) emitter(suits func(Emitter) bool) int {
	m.fair++
	for range m.Emitters {
		m.next++
		if i := m.next % len(m.Emitters); suits(m.Emitters[i]) && m.affords(m.Emitters[i]) {
			return i
		}
	}
	return None
}

// fewCopies is the number of receivers up to which a public event costs no more
// than any other.
const fewCopies = 64

// affords keeps the copies of public events to about as many as there are events:
// where each of thousands of users sends to all, copies would be all the load there
// is.
func (m *maker) affords(e Emitter) bool {
	if e.Fan <= fewCopies {
		return true
	}
	if m.fair < e.Fan && m.spent {
		return false
	}
	m.fair, m.spent = max(m.fair-e.Fan, 0), true
	return true
}

func any(Emitter) bool { return true }

// manyCopies is the number of receivers from which on only some users send public
// events.
const manyCopies = 256

// speakers are how many those are, the first ones. What each receiver got is judged
// for each sender, so that the records are as many as senders times receivers: with
// thousands of both, memory would grow with every event.
const speakers = 16

func (m *maker) speaks(user int, e Emitter) bool {
	return !e.Broadcast || e.Fan <= manyCopies || user < speakers
}

func public(e Emitter) bool { return e.Broadcast && !e.Slow }

func personal(e Emitter) bool { return !e.Broadcast && !e.Slow }

// size draws the length of a payload: short and long in turn, so that what is
// left of a long one shows behind a short one.
func (m *maker) size() int {
	switch m.r.IntN(4) {
	case 0:
		return 100 + m.r.IntN(900)
	case 1:
		return 60 + m.r.IntN(60)
	}
	return 0
}

// from names who sends: the sender lanes of one addressee are few, so that order
// can be judged in each.
func (m *maker) from(to int, senders []int) int {
	if len(senders) == 0 {
		return None
	}
	by := senders[(to+sendersShift[m.r.IntN(len(sendersShift))])%len(senders)]
	if by == to {
		by = senders[(indexOf(senders, to)+1)%len(senders)]
	}
	return by
}

var sendersShift = [...]int{1, 2, 3, 5}

func indexOf(list []int, value int) int {
	for i, v := range list {
		if v == value {
			return i
		}
	}
	return 0
}

// event makes one emission for a user. Senders are those who may send it over
// their own connection; self says whether the addressee may. It reports false
// when no emitter can do it.
func (m *maker) event(to int, senders []int, self bool) (Step, bool) {
	return m.eventWith(to, senders, self, personal)
}

func (m *maker) eventWith(to int, senders []int, self bool, suits func(Emitter) bool) (Step, bool) {
	i := m.emitter(func(e Emitter) bool {
		return suits(e) && m.speaks(to, e) && (!e.Socket || e.Self && self || e.Other && others(senders, to) || e.Broadcast && self)
	})
	if i == None {
		return Step{}, false
	}
	e := m.Emitters[i]
	s := Step{Op: Emit, User: to, By: None, Emitter: i, Size: m.size()}
	switch {
	case !e.Socket:
		s.Lane = aside(i, to)
		return s, true
	case self && (e.Broadcast || e.Self && (!e.Other || !others(senders, to) || m.r.IntN(2) == 0)):
		s.By = to
	default:
		s.By = m.from(to, senders)
	}
	s.Lane = lane(s.By, 0)
	return s, true
}

func others(senders []int, to int) bool {
	return len(senders) > 1 || len(senders) == 1 && senders[0] != to
}

// all lists the ordinary users.
func (m *maker) all() []int {
	users := make([]int, m.Users)
	for i := range users {
		users[i] = i
	}
	return users
}

// few lists the users whose connections a schedule with a setup of its own makes
// anew.
func (m *maker) few() []int { return m.all()[:min(m.Users, Few)] }

// cast deals the users into those who move and those who stay, anew each time.
func (m *maker) cast(most int) (moving, steady []int) {
	users := m.r.Perm(m.Users)
	n := min(max(m.Users/2, 1), most, max(m.Users-1, 1))
	if m.Users == 2 && m.unsent() {
		n = 2
	}
	return users[:n], users[n:]
}

// unsent reports whether some event for a user needs no other user's connection.
func (m *maker) unsent() bool {
	for _, e := range m.Emitters {
		if personal(e) && !e.Socket {
			return true
		}
	}
	return false
}

// ghost makes an emission for somebody who does not exist, or reports false.
func (m *maker) ghost(senders []int) (Step, bool) {
	if m.Ghosts == 0 {
		return Step{}, false
	}
	return m.event(m.Users+m.r.IntN(m.Ghosts), senders, false)
}

// events makes one emission for each addressee, at random moments within spread.
func (m *maker) events(to, senders []int, self bool, spread time.Duration) (steps []Step) {
	for _, user := range to {
		if s, ok := m.event(user, senders, self); ok {
			s.At = m.within(spread)
			steps = append(steps, s)
		}
	}
	return steps
}

// announce lets some of those who stay send to their rooms, or to everybody.
func (m *maker) announce(steady []int, spread time.Duration) (steps []Step) {
	const most = 6
	speaking := slices.Clone(steady)
	slices.SortStableFunc(speaking, func(a, b int) int { return min(a/speakers, 1) - min(b/speakers, 1) })
	for _, user := range speaking[:min(len(steady), most)] {
		if s, ok := m.eventWith(user, steady, true, public); ok {
			steps = append(steps, s.at(m.within(spread)))
		}
	}
	return steps
}

func (m *maker) within(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(m.r.Int64N(int64(d)))
}

// on puts a step on a connection's lane.
func on(op Op, user, slot int) Step {
	return Step{Op: op, User: user, Slot: slot, By: None, Lane: lane(user, slot)}
}

// at moves a step in time.
func (s Step) at(d time.Duration) Step {
	s.At = d
	return s
}

// in moves a step to another lane.
func (s Step) in(lane int) Step {
	s.Lane = lane
	return s
}

// as names the second user of a step.
func (s Step) as(user int) Step {
	s.By = user
	return s
}

// cycle yields waves that belong together; after the last one everybody is back.
func cycle(yield func(Wave) bool, waves ...Wave) bool {
	for i, w := range waves {
		w.Last = i == len(waves)-1
		if !yield(w) {
			return false
		}
	}
	return true
}
