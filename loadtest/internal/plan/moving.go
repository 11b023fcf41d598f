package plan

import (
	"iter"
	"time"
)

// Patterns under which users come and go. Who moves sends nothing but to himself,
// so that no event of another user dies with the mover's socket.

var swap = &Schedule{
	Name: "swap", Quick: true, Words: "a user is cut off and another connects at once, while events for both go on",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for {
				moving, steady := m.cast(movers)
				half := (len(moving) + 1) / 2
				gone, fresh := moving[:half], moving[half:]
				if !cycle(yield, m.leave(fresh), m.swapOver(gone, fresh, steady), m.aftermath(moving, steady), m.comeBack(moving)) {
					return
				}
			}
		}
	},
}

func (m *maker) leave(users []int) (w Wave) {
	for _, user := range users {
		w.Steps = append(w.Steps, on(Close, user, 0))
	}
	return w
}

// swapOver cuts gone off and lets fresh connect in the same breath; events for
// both are under way before, during and after.
func (m *maker) swapOver(gone, fresh, steady []int) Wave {
	w := Wave{Gate: true}
	for i, user := range gone {
		l := lane(user, 0)
		w.Steps = append(w.Steps, m.events([]int{user}, steady, false, 0)...)
		w.Steps = append(w.Steps, on(Kill, user, 0).at(time.Duration(i%4)*200*time.Microsecond))
		if i < len(fresh) {
			w.Steps = append(w.Steps, on(Connect, fresh[i], 0).in(l))
		}
		for k := range 4 {
			for _, s := range m.events([]int{user}, steady, false, 0) {
				w.Steps = append(w.Steps, s.at(time.Duration(k+1)*300*time.Microsecond))
			}
		}
	}
	return w
}

// aftermath sends to everybody concerned after the dust has settled.
func (m *maker) aftermath(moving, steady []int) Wave {
	w := Wave{Gate: true, Every: m.every(m.Users, 2, 4*time.Millisecond)}
	for range 2 {
		w.Steps = append(w.Steps, m.events(moving, steady, false, time.Millisecond)...)
	}
	w.Steps = append(w.Steps, m.events(steady[:min(len(steady), movers)], steady, true, time.Millisecond)...)
	w.Steps = append(w.Steps, m.announce(steady, time.Millisecond)...)
	return w
}

// comeBack connects who is away; a connection that stands is left alone.
func (m *maker) comeBack(users []int) Wave {
	w := Wave{}
	for _, user := range users {
		w.Steps = append(w.Steps, on(Connect, user, 0))
	}
	return w
}

var churn = &Schedule{
	Name: "churn", Words: "users connect, disconnect, break off and abort all the time, while events go on",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for {
				moving, steady := m.cast(movers)
				w := Wave{Gate: true, Every: m.every(m.Users, 2, 10*time.Millisecond)}
				for _, user := range moving {
					w.Steps = append(w.Steps, m.comeAndGo(user)...)
				}
				w.Steps = append(w.Steps, m.events(moving, steady, false, 5*time.Millisecond)...)
				w.Steps = append(w.Steps, m.events(steady[:min(len(steady), movers)], steady, true, 5*time.Millisecond)...)
				if !cycle(yield, w, m.comeBack(moving), m.aftermath(moving, steady)) {
					return
				}
			}
		}
	},
}

func (m *maker) comeAndGo(user int) (steps []Step) {
	for range 1 + m.r.IntN(3) {
		end := Close
		if m.r.IntN(2) == 0 {
			end = Kill
		}
		at := m.within(3 * time.Millisecond)
		steps = append(steps, on(end, user, 0).at(at))
		if m.r.IntN(3) == 0 {
			steps = append(steps, on(Abort, user, 0).at(at))
		}
		steps = append(steps, on(Connect, user, 0).at(at))
	}
	return steps
}

var multiTab = &Schedule{
	Name: "multi-tab", Quick: true, Words: "several connections of a user, of which one closes",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for {
				moving, steady := m.cast(movers / 3)
				first, last := Wave{}, Wave{}
				closing := Wave{Gate: true}
				for _, user := range moving {
					first.Steps = append(first.Steps, on(Connect, user, 1), on(Connect, user, 2).in(lane(user, 1)))
					gone := m.r.IntN(3)
					closing.Steps = append(closing.Steps, on(Close, user, gone))
					last.Steps = append(last.Steps, on(Connect, user, 0), on(Close, user, 1), on(Close, user, 2))
				}
				closing.Steps = append(closing.Steps, m.events(moving, steady, false, time.Millisecond)...)
				if !cycle(yield, first, m.aftermath(moving, steady), closing, m.fenced(moving, steady), last) {
					return
				}
			}
		}
	},
}

// fenced is an aftermath whose arrival is waited for.
func (m *maker) fenced(moving, steady []int) Wave {
	w := m.aftermath(moving, steady)
	w.Fence = true
	return w
}

var overlapReconnect = &Schedule{
	Name: "overlap-reconnect", Quick: true, Words: "a user's new connection stands before the old one closes",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for old := 0; ; old = 1 - old {
				moving, steady := m.cast(movers)
				first, then, last := Wave{}, Wave{Gate: true}, Wave{}
				for i, user := range moving {
					first.Steps = append(first.Steps, on(Connect, user, 0), on(Connect, user, 1).in(lane(user, 0)))
					end := Close
					if i%2 == 1 {
						end = Kill
					}
					then.Steps = append(then.Steps, on(end, user, 0))
					last.Steps = append(last.Steps, on(Connect, user, 0), on(Close, user, 1).in(lane(user, 0)))
				}
				then.Steps = append(then.Steps, m.events(moving, steady, false, time.Millisecond)...)
				if !cycle(yield, first, then, m.fenced(moving, steady), last, m.fenced(moving, steady)) {
					return
				}
			}
		}
	},
}

var coldStart = &Schedule{
	Name: "cold-start", Words: "everybody leaves, then all connect at the same instant and are sent to at once",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for {
				users := m.all()
				away := m.leave(users)
				back := Wave{Gate: true, Every: m.every(m.Users, 1, 20*time.Millisecond)}
				for _, user := range users {
					back.Steps = append(back.Steps, on(Connect, user, 0))
					for _, s := range m.events([]int{user}, []int{user}, true, 0) {
						back.Steps = append(back.Steps, s.at(time.Microsecond))
					}
				}
				after := Wave{Gate: true, Fence: true, Steps: m.events(users, users, true, 0)}
				if !cycle(yield, away, back, after) {
					return
				}
			}
		}
	},
}

var idleExpiry = &Schedule{
	Name: "idle-expiry", Words: "nobody is sent anything for a while, then everybody",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			users := m.all()
			for idle := 500 * time.Millisecond; ; idle = min(2*idle, 30*time.Second) {
				quiet := Wave{Every: idle}
				after := Wave{Gate: true, Fence: true, Steps: m.events(users, users, true, 0)}
				if !cycle(yield, quiet, after) {
					return
				}
			}
		}
	},
}
