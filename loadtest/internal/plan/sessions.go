package plan

import (
	"iter"
	"time"
)

// Patterns about who a connection belongs to, for how long.

var relogin = &Schedule{
	Name: "relogin", Quick: true, Words: "another user logs in on the same connection, while events for both go on",
	needs: func(c *Config) string { return unless(c.Relogin, "configure relogin") },
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for {
				moving, steady := m.cast(movers)
				half := max(len(moving)/2, 1)
				before, after := moving[:half], moving[half:]
				if len(after) == 0 {
					after = before // one mover: he logs in again as himself
				}
				change, last := Wave{Gate: true}, Wave{}
				for i, user := range before {
					to := after[i%len(after)]
					change.Steps = append(change.Steps, on(Relogin, user, 0).as(to))
					last.Steps = append(last.Steps, on(Close, user, 0))
				}
				for range 3 {
					change.Steps = append(change.Steps, m.events(moving, steady, false, 2*time.Millisecond)...)
				}
				if !cycle(yield, m.leave(after), change, m.fenced(moving, steady), last, m.comeBack(moving)) {
					return
				}
			}
		}
	},
}

var logoutRace = &Schedule{
	Name: "logout-race", Quick: true, Words: "events and logout at the same instant; nothing may follow the answer",
	needs: func(c *Config) string { return unless(c.Logout, "configure logout") },
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for {
				moving, steady := m.cast(movers)
				race, last := Wave{Gate: true}, Wave{}
				for i, user := range moving {
					race.Steps = append(race.Steps, on(Logout, user, 0).at(time.Duration(i%5)*100*time.Microsecond))
					last.Steps = append(last.Steps, on(Close, user, 0), on(Connect, user, 0))
				}
				for range 3 {
					race.Steps = append(race.Steps, m.events(moving, steady, false, time.Millisecond)...)
				}
				if !cycle(yield, race, m.fenced(moving, steady), last) {
					return
				}
			}
		}
	},
}

var resume = &Schedule{
	Name: "resume", Words: "users continue their sessions with their own, another user's and an old token",
	needs: func(c *Config) string { return unless(c.Resume, "configure resume") },
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for turn := 0; ; turn++ {
				moving, steady := m.cast(movers)
				cut, again, last := Wave{Gate: true}, Wave{Gate: true}, Wave{}
				for i, user := range moving {
					cut.Steps = append(cut.Steps, on(Kill, user, 0))
					back := on(Resume, user, 0).as(user)
					switch (i + turn) % 3 {
					case 1:
						back.By = m.from(user, moving)
					case 2:
						back.Stale = true
					}
					again.Steps = append(again.Steps, back)
					last.Steps = append(last.Steps, on(Close, user, 0), on(Connect, user, 0))
				}
				cut.Steps = append(cut.Steps, m.events(moving, steady, false, 2*time.Millisecond)...)
				again.Steps = append(again.Steps, m.events(moving, steady, false, 2*time.Millisecond)...)
				if !cycle(yield, m.fenced(moving, steady), cut, m.aftermath(moving, steady), again, m.fenced(moving, steady), last) {
					return
				}
			}
		}
	},
}

var revoke = &Schedule{
	Name: "revoke", Words: "users lose their rights while they are connected; nothing sent later may reach them",
	needs: func(c *Config) string { return unless(c.Revoke, "configure revoke") },
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for {
				moving, steady := m.cast(max(m.Users/4, 1))
				w, last := Wave{Gate: true}, Wave{}
				for _, user := range moving {
					w.Steps = append(w.Steps, on(Revoke, user, 0))
					last.Steps = append(last.Steps, on(Close, user, 0), on(Connect, user, 0))
				}
				w.Steps = append(w.Steps, m.events(moving, steady, false, time.Millisecond)...)
				if !cycle(yield, w, m.fenced(moving, steady), last) {
					return
				}
			}
		}
	},
}

var cancel = &Schedule{
	Name: "cancel", Words: "requests whose user breaks off before the answer, between those of others",
	needs: func(c *Config) string { return unless(c.Request, "configure request") },
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			number := uint64(1 << 32)
			for {
				moving, steady := m.cast(movers)
				w := Wave{Gate: true, Every: m.every(m.Users, 2, 5*time.Millisecond)}
				ask := func(user int, at time.Duration) {
					number++
					s := on(Request, user, 0).at(at)
					s.Number = number
					w.Steps = append(w.Steps, s)
				}
				for i, user := range moving {
					ask(user, 0)
					end := Kill
					if i%3 == 0 {
						end = Close
					}
					w.Steps = append(w.Steps, on(end, user, 0).at(time.Duration(m.r.IntN(500))*time.Microsecond))
				}
				for _, user := range steady[:min(len(steady), movers)] {
					for range 3 {
						ask(user, m.within(3*time.Millisecond))
					}
				}
				if !cycle(yield, w, m.comeBack(moving)) {
					return
				}
			}
		}
	},
}

var collide = &Schedule{
	Name: "collide", Quick: true, Words: "users whose ids are equal once case, spaces, form or separators are folded",
	needs: func(c *Config) string {
		if c.FixedUsers != "" {
			return c.FixedUsers
		}
		return unless(c.Odd > 1, "no two of the odd ids can be carried by this server's addresses and headers")
	},
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			odd := make([]int, m.Odd)
			for i := range odd {
				odd[i] = m.Users + m.Ghosts + i
			}
			arrive := m.comeBack(odd)
			arrive.Gate = true
			senders := m.all()
			for {
				waves := []Wave{arrive}
				for range 3 {
					waves = append(waves, m.oddEvents(odd, senders))
				}
				if !cycle(yield, waves...) {
					return
				}
			}
		}
	},
}

func (m *maker) oddEvents(odd, senders []int) Wave {
	w := Wave{Gate: true, Fence: true, Every: m.every(len(odd), 2, 5*time.Millisecond)}
	for _, i := range m.r.Perm(len(odd)) {
		if s, ok := m.event(odd[i], senders, true); ok {
			w.Steps = append(w.Steps, s.at(m.within(2*time.Millisecond)))
		}
	}
	if s, ok := m.ghost(senders); ok {
		w.Steps = append(w.Steps, s)
	}
	return w
}

var slowReader = &Schedule{
	Name: "slow-reader", Quick: true, Words: "some users stop reading for a while, the others must not feel it", Setup: Setup{Small: true}, Largest: slowSize,
	waves: func(m *maker) iter.Seq[Wave] { return m.readers(true) },
}

var stuckReader = &Schedule{
	Name: "stuck-reader", Words: "some users stop reading for good, the others must not feel it", Setup: Setup{Small: true}, Largest: slowSize,
	waves: func(m *maker) iter.Seq[Wave] { return m.readers(false) },
}

const (
	slowMost   = 2         // readers that are slow at a time
	slowBytes  = 5 << 20   // more than a kernel buffers for one connection
	slowSize   = 128 << 10 // ... in payloads of this size
	slowSmall  = 400       // further events, more than a server's queue for one client holds
	slowWaves  = 50        // while the buffers are full
	calmWaves  = 10        // before
	slowSettle = 8 * time.Second
	slowFlood  = 1500 * time.Millisecond // a server that waits for its slow users takes for ever
	slowWave   = 300 * time.Millisecond
)

// readers lets some users stop reading. They are sent so much that the server
// runs into their full windows; the others are sent little, before and meanwhile,
// and their delays are compared.
func (m *maker) readers(heal bool) iter.Seq[Wave] {
	return func(yield func(Wave) bool) {
		for {
			slow, steady := m.cast(min(max(m.Users/4, 1), slowMost))
			first, stall, last := Wave{}, Wave{}, Wave{}
			for _, user := range slow {
				first.Steps = append(first.Steps, on(Close, user, 0), on(Connect, user, 0))
				stall.Steps = append(stall.Steps, on(Stall, user, 0))
				if heal {
					last.Steps = append(last.Steps, on(Heal, user, 0))
				} else {
					last.Steps = append(last.Steps, on(Kill, user, 0), on(Connect, user, 0))
				}
			}
			waves := []Wave{first}
			for range calmWaves {
				waves = append(waves, m.calm(steady, Calm))
			}
			waves = append(waves, stall, m.flood(slow, steady))
			for range slowWaves {
				waves = append(waves, m.calm(steady, Held))
			}
			if heal {
				waves = append(waves, Wave{Steps: nudges(slow)})
			}
			if !cycle(yield, append(waves, last, m.fenced(slow, steady))...) {
				return
			}
		}
	}
}

// nudges are pings to those who don't read: a server that is in the middle of a
// message to them must not put its answer there.
func nudges(users []int) (steps []Step) {
	for _, user := range users {
		ping := on(Flood, user, 0).in(aside(31, user))
		ping.Size = 3
		steps = append(steps, ping)
	}
	return steps
}

func (m *maker) calm(steady []int, sample Sample) Wave {
	steady = steady[:min(len(steady), movers)]
	return Wave{Gate: true, Sample: sample, Limit: slowWave, Every: m.every(m.Users, 1, 10*time.Millisecond), Steps: m.events(steady, steady, true, time.Millisecond)}
}

// flood sends more to those who don't read than all buffers hold, and then
// something to the others: when that has come the server has worked off the flood,
// and what is slow from then on is so for another reason.
func (m *maker) flood(slow, steady []int) Wave {
	w := Wave{Gate: true, Settle: slowSettle, Limit: slowFlood}
	for i := range slowBytes/slowSize + slowSmall {
		for _, s := range m.events(slow, steady, false, 0) {
			s.Size = 0
			if i < slowBytes/slowSize {
				s.Size = slowSize
			}
			w.Steps = append(w.Steps, s)
		}
	}
	w.Steps = append(w.Steps, m.events(steady[:min(len(steady), movers)], steady, true, 0)...)
	return w
}

func unless(ok bool, text string) string {
	if ok {
		return ""
	}
	return text
}
