package plan

import (
	"iter"
	"time"
)

// Patterns under which everybody stays connected.

var spread = &Schedule{
	Name: "spread", Quick: true, Words: "events at random moments, at the given rate",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			const slice = 100 * time.Millisecond
			perSlice := 2.0 // 20/s
			if m.Rate > 0 {
				perSlice = m.Rate * slice.Seconds()
			}
			owed := 0.0
			for {
				owed += perSlice
				w := Wave{Every: m.every(m.Users, 1, 0)}
				w.Every = max(slice, time.Duration(float64(w.Every)*min(1, perSlice)))
				for ; owed >= 1; owed-- {
					w.Steps = append(w.Steps, m.spreadOnce(w.Every)...)
				}
				w.Steps = append(w.Steps, m.outAndIn(w.Every)...)
				if !cycle(yield, append([]Wave{w}, m.apart()...)...) {
					return
				}
			}
		}
	},
}

// outAndIn lets a few users leave their rooms for a while.
func (m *maker) outAndIn(over time.Duration) (steps []Step) {
	if !m.Leave {
		return nil
	}
	for _, user := range m.r.Perm(m.Users)[:max(m.Users/5, 1)] {
		out := m.within(over / 2)
		steps = append(steps, on(Leave, user, 0).at(out), on(Join, user, 0).at(out+over/2))
	}
	return steps
}

// apart lets some users leave their rooms, the others talk there while they surely
// are out, and those come back.
func (m *maker) apart() []Wave {
	if !m.Leave {
		return nil
	}
	moving, steady := m.cast(min(movers, max(m.Users/3, 1)))
	steady = steady[:min(len(steady), movers)]
	out, back := Wave{}, Wave{}
	for _, user := range moving {
		out.Steps = append(out.Steps, on(Leave, user, 0))
		back.Steps = append(back.Steps, on(Join, user, 0))
	}
	talk := Wave{Gate: true, Fence: true, Every: m.every(m.Users, 1, 0)} // who is back already may hear what was said before
	for _, user := range steady {
		if s, ok := m.eventWith(user, steady, true, func(e Emitter) bool { return e.Room && !e.Slow }); ok {
			talk.Steps = append(talk.Steps, s.at(m.within(time.Millisecond)))
		}
	}
	return []Wave{out, talk, back}
}

func (m *maker) spreadOnce(over time.Duration) (steps []Step) {
	users := m.all()
	for _, user := range users {
		if s, ok := m.eventWith(user, users, true, any); ok {
			steps = append(steps, s.at(m.within(over)))
		}
	}
	if s, ok := m.ghost(users); ok {
		steps = append(steps, s.at(m.within(over)))
	}
	return steps
}

var burst = &Schedule{
	Name: "burst", Quick: true, Words: "several events for everybody, back to back, all at once",
	waves: func(m *maker) iter.Seq[Wave] { return m.bursts(m.all()) },
}

func (m *maker) bursts(users []int) iter.Seq[Wave] {
	return func(yield func(Wave) bool) {
		for {
			n := 3 + m.r.IntN(6)
			w := Wave{Gate: true, Every: m.every(len(users), n, 15*time.Millisecond)}
			for range n {
				w.Steps = append(w.Steps, m.events(users, users, true, 0)...)
			}
			if s, ok := m.ghost(users); ok {
				w.Steps = append(w.Steps, s)
			}
			if !cycle(yield, w) {
				return
			}
		}
	}
}

var lockstep = &Schedule{
	Name: "lockstep", Quick: true, Words: "one event for everybody, released at the same instant, wave after wave",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			users := m.all()
			for {
				w := Wave{Gate: true, Every: m.every(m.Users, 1, 3*time.Millisecond), Steps: m.events(users, users, true, 0)}
				if !cycle(yield, w) {
					return
				}
			}
		}
	},
}

// pairOffsets are the distances between the two events of a pair.
var pairOffsets = [...]time.Duration{0, time.Microsecond, 2 * time.Microsecond, 5 * time.Microsecond, 10 * time.Microsecond,
	20 * time.Microsecond, 50 * time.Microsecond, 100 * time.Microsecond, 300 * time.Microsecond}

var pairs = &Schedule{
	Name: "pairs", Quick: true, Words: "two users' events at a distance swept from 0 to 300 us",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for {
				users := m.r.Perm(m.Users)
				a, b := users[0], users[1]
				for _, offset := range pairOffsets {
					w := Wave{Gate: true, Every: m.every(2, 1, time.Millisecond)}
					for i, user := range []int{a, b} {
						if s, ok := m.event(user, []int{user}, true); ok {
							w.Steps = append(w.Steps, s.at(time.Duration(i)*offset))
						} else if s, ok := m.event(user, []int{a, b}, false); ok {
							w.Steps = append(w.Steps, s.at(time.Duration(i)*offset))
						}
					}
					if !cycle(yield, w) {
						return
					}
				}
			}
		}
	},
}

var sameIDs = &Schedule{
	Name: "same-ids", Quick: true, Words: "device, request and room names equal for all users", Setup: Setup{Same: true},
	needs: func(c *Config) string {
		if !c.Names {
			return "configure request, or use {{.device}} or {{.id}} in a template"
		}
		return ""
	},
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			users := m.few()
			for number := uint64(1); ; number++ {
				w := Wave{Gate: true, Every: m.every(len(users), 2, 5*time.Millisecond), Steps: m.events(users, users, true, 0)}
				if m.Request {
					for _, user := range users {
						ask := on(Request, user, 0)
						ask.Number = number
						w.Steps = append(w.Steps, ask)
					}
				}
				if !cycle(yield, w) {
					return
				}
			}
		}
	},
}

var big = &Schedule{
	Name: "big", Largest: 1 << 20, Words: "payloads around 64 KiB and 1 MiB beside small ones, with pings in between",
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			users := m.all()
			sizes := [...]int{65_400, 65_535, 65_536, 65_700, 1 << 20, 1 << 20, 200_000, 0}
			for {
				w := Wave{Gate: true, Fence: true, Every: m.every(m.Users, 2, 20*time.Millisecond)}
				for i, s := range m.events(users, users, true, 0) {
					s.Size = 0
					if i < 8 {
						s.Size = sizes[m.r.IntN(len(sizes))]
					}
					w.Steps = append(w.Steps, s)
				}
				w.Steps = append(w.Steps, floods(users[:min(len(users), 8)])...)
				w.Steps = append(w.Steps, m.events(users, users, true, time.Millisecond)...)
				if !cycle(yield, w) {
					return
				}
			}
		}
	},
}

// floods sends pings for as long as large messages are likely to be on their way.
func floods(users []int) (steps []Step) {
	const every, until, pings = 2 * time.Millisecond, 150 * time.Millisecond, 15
	for _, user := range users {
		for at := time.Duration(0); at < until; at += every {
			flood := on(Flood, user, 0).in(aside(31, user)).at(at)
			flood.Size = pings
			steps = append(steps, flood)
		}
	}
	return steps
}

var fragments = &Schedule{
	Name: "fragments", Words: "frames in fragments, TCP segments of one byte, pings in between",
	needs: func(c *Config) string {
		for _, e := range c.Emitters {
			if e.Socket {
				return ""
			}
		}
		return "configure an emit with ws"
	},
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			users := m.all()
			shapes := [...]Shape{{Fragment: 7}, {Fragment: 1 << 20, Segment: 1}, {Fragment: 16, Segment: 3}, {Fragment: 1}, {}}
			for {
				w := Wave{Gate: true, Every: m.every(m.Users, 1, 5*time.Millisecond)}
				for _, s := range m.events(users, users, true, 0) {
					s.Shape = shapes[m.r.IntN(len(shapes))]
					w.Steps = append(w.Steps, s)
				}
				if !cycle(yield, w) {
					return
				}
			}
		}
	},
}

var deflate = &Schedule{
	Name: "deflate", Words: "with per-message compression", Setup: Setup{Compress: true},
	needs: func(c *Config) string {
		if !c.Compress {
			return "use --engine gorilla: the raw engine does not compress"
		}
		return ""
	},
	waves: func(m *maker) iter.Seq[Wave] { return m.bursts(m.few()) },
}
