// Package plan says what a load test does, as a pure function of its seed: who
// connects, who sends what to whom, who is cut off, and what happens at the same
// time. It knows nothing of sockets and nothing of what servers get wrong.
package plan

import (
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// Op is one thing that is done.
type Op uint8

// The operations. A connection is named by its user and slot.
const (
	Emit    Op = iota + 1 // an event for User through Emitter, sent by By (None: not over a socket)
	Connect               // open (User, Slot) and wait until it is bound
	Close                 // close (User, Slot) in an orderly way
	Kill                  // reset (User, Slot)
	Abort                 // begin a handshake as User and reset it midway
	Stall                 // stop reading (User, Slot)
	Heal                  // read again
	Logout                // end the session of (User, Slot), which stays open
	Relogin               // make (User, Slot) a connection of By
	Revoke                // take User's rights
	Request               // ask over (User, Slot)
	Resume                // open (User, Slot) with the session token of By
	Flood                 // send Size pings over (User, Slot)
	Leave                 // leave the rooms of User over (User, Slot)
	Join                  // join them again
	Disturb               // do to (User, Slot) what Fault says
)

// None stands for no user.
const None = -1

// Step is one operation at its moment.
type Step struct {
	Op      Op
	Shape   Shape
	At      time.Duration // since the wave began
	Lane    int           // steps of one lane follow each other, lanes run at once
	User    int
	Slot    int
	By      int
	Emitter int
	Size    int    // bytes of a filled payload, 0: the canary alone
	Number  uint64 // of a request; equal numbers make equal ids under Config.Same
	Fault   Fault  // Disturb
	Stale   bool   // Resume: with an older token than the latest
}

// Shape is how a frame is cut.
type Shape struct {
	Fragment int // bytes of a fragment, 0: whole
	Segment  int // bytes of a TCP segment, 0: no limit
}

// Sample says what a wave's delays are compared with.
type Sample uint8

// The samples: Calm before readers stall, Held while they do.
const (
	NoSample Sample = iota
	Calm
	Held
)

// Wave is a set of steps that belong together. With Gate all lanes start at the
// same instant. The next wave begins no earlier than Every after this one did.
type Wave struct {
	Steps  []Step
	Gate   bool
	Fence  bool // wait until everything has arrived, and judge what has not
	Last   bool // everybody is where he was before: a good moment to stop
	Every  time.Duration
	Sample Sample
	// Limit is how long the wave may take; what is not done then is dropped. 0: no
	// limit.
	Limit time.Duration
	// Settle is how long to wait, at most, until what is due has arrived, without
	// judging it.
	Settle time.Duration
}

// Events is the number of events that the wave asks for.
func (w *Wave) Events() (n uint64) {
	for i := range w.Steps {
		if w.Steps[i].Op == Emit || w.Steps[i].Op == Request {
			n++
		}
	}
	return n
}

// Emitter is what a plan must know of a way to make events.
type Emitter struct {
	Socket    bool // sent over a user's connection
	Self      bool // ... the addressee's own
	Other     bool // ... another user's
	Broadcast bool // reaches everybody, or a room
	Slow      bool // a process is started for each event
	Room      bool
	Fan       int // how many receive one event, 0: one
}

// Config is what a plan is made for.
type Config struct {
	Users    int // indices 0 to Users-1
	Ghosts   int // recipients that exist nowhere: the next indices
	Odd      int // users with ids that collide under some folding: the indices after those
	Emitters []Emitter
	Seed     uint64
	Rate     float64 // events a second for each user that must not be exceeded, 0: no such limit
	Ceiling  float64 // events a second in all, 0: 10,000

	// What the server's description offers.
	Request, Logout, Relogin, Revoke, Resume, Compress, Leave bool
	// Names says that something beside the user's id names users, devices, rooms
	// or requests, so that such names can be made equal.
	Names bool
	// Faults are those that may be used, none where there is no proxy.
	Faults []Fault
	// Nodes is the number of addresses that lead to the same service.
	Nodes int
	// FixedUsers says why no other users than those given can connect; empty when
	// they can.
	FixedUsers string
}

// Schedule is one pattern.
type Schedule struct {
	Name  string
	Words string // what it does, for people
	Quick bool
	// Largest is the size of its largest payload; 0 means 1,000 bytes at most.
	Largest int
	// Setup says how connections are made while it runs.
	Setup Setup

	needs func(*Config) string
	waves func(*maker) iter.Seq[Wave]
}

// Setup is how connections differ under a schedule.
type Setup struct {
	Same     bool // devices and requests of different users have equal names
	Compress bool // offer per-message compression
	Faulty   bool // delivery anomalies are what the schedule provokes
	Proxy    bool // connect through a proxy that can be told to mistreat connections
	Small    bool // small receive windows, so that a stalled reader is felt
}

// Needs says, as an instruction, what the configuration lacks for the schedule;
// empty when it can run.
func (s *Schedule) Needs(c *Config) string {
	if c.Users < 2 && s.Name != "spread" && s.Name != "burst" {
		return "needs two users or more"
	}
	if s.needs == nil {
		return ""
	}
	return s.needs(c)
}

// Waves is the schedule's endless plan, a pure function of the configuration.
func (s *Schedule) Waves(c *Config) iter.Seq[Wave] {
	name := fnv.New64a()
	_, _ = name.Write([]byte(s.Name)) // a hash never fails
	return s.waves(&maker{Config: c, r: rand.New(rand.NewPCG(c.Seed, name.Sum64()))})
}

// All lists every schedule in the order of reports.
func All() []*Schedule { return slices.Clone(schedules) }

// Names lists the names of all schedules.
func Names() []string {
	names := make([]string, len(schedules))
	for i, s := range schedules {
		names[i] = s.Name
	}
	return names
}

// Find returns the schedule of that name, or nil.
func Find(name string) *Schedule {
	for _, s := range schedules {
		if s.Name == name {
			return s
		}
	}
	return nil
}

var schedules = []*Schedule{
	spread, burst, lockstep, pairs, churn, swap, relogin, multiTab, slowReader, stuckReader, sameIDs, collide,
	big, fragments, deflate, overlapReconnect, coldStart, logoutRace, resume, revoke, cancel, idleExpiry, nodes, faults,
}
