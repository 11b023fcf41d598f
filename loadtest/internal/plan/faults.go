package plan

import (
	"iter"
	"slices"
	"time"
)

// Fault is something that befalls a connection between client and server.
type Fault uint8

// The faults. The first ones lose nothing; a connection that meets one of the
// others is at its end.
const (
	Delay     Fault = iota + 1 // every piece takes time, some more than others
	SplitUp                    // bytes come in small pieces
	SlowLoris                  // bytes trickle
	Dropped                    // the stream ends in the middle
	Reset                      // ... with an error
	HalfOpen                   // nothing passes, and nobody is told
)

var faultNames = []string{"", "delay", "split", "slow-loris", "drop", "reset", "half-open"}

// FaultNames are the names of all faults.
func FaultNames() []string { return slices.Clone(faultNames[1:]) }

// FindFault is the fault of a name, 0 when there is none.
func FindFault(name string) Fault { return Fault(max(slices.Index(faultNames, name), 0)) }

// Cuts reports whether the fault is the connection's end.
func (f Fault) Cuts() bool { return f >= Dropped }

var faults = &Schedule{
	Name: "faults", Words: "connections that are slow, torn into pieces, cut off or half open, behind a proxy; the others lose nothing", Setup: Setup{Proxy: true},
	needs: func(c *Config) string {
		return unless(len(c.Faults) > 0, "connections that Go code makes can't be led through a proxy")
	},
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for turn := 0; ; turn++ {
				users := m.r.Perm(min(m.Users, Few))
				moving, steady := users[:max(len(users)/2, 1)], users[max(len(users)/2, 1):]
				hit, last := m.strike(m.Faults[turn%len(m.Faults)], moving, steady)
				during := m.fenced(moving, steady)
				during.Steps = append(during.Steps, m.events(steady, steady, true, time.Millisecond)...)
				if !cycle(yield, m.aftermath(moving, steady), hit, during, last, m.fenced(moving, steady)) {
					return
				}
			}
		}
	},
}

// strike lets a fault befall some, in the midst of events for everybody, and then
// brings them back.
func (m *maker) strike(fault Fault, moving, steady []int) (hit, last Wave) {
	hit = Wave{Gate: true, Every: 10 * time.Millisecond}
	for _, user := range moving {
		s := on(Disturb, user, 0).in(aside(31, user)).at(m.within(2 * time.Millisecond))
		s.Fault = fault
		hit.Steps = append(hit.Steps, s)
		last.Steps = append(last.Steps, on(Kill, user, 0), on(Connect, user, 0))
	}
	for range 3 {
		hit.Steps = append(hit.Steps, m.events(moving, steady, false, 4*time.Millisecond)...)
	}
	hit.Steps = append(hit.Steps, m.events(steady, steady, true, 4*time.Millisecond)...)
	return hit, last
}
