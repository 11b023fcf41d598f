package plan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// full is a configuration under which every schedule runs.
func full(users int) *Config {
	return &Config{
		Users: users, Ghosts: 2, Odd: 10, Seed: 7,
		Emitters: []Emitter{{Socket: true, Self: true, Other: true}, {}, {Socket: true, Self: true, Other: true, Broadcast: true, Room: true}},
		Request:  true, Logout: true, Relogin: true, Revoke: true, Resume: true, Compress: true, Names: true, Leave: true, Nodes: 2, Faults: []Fault{Delay, Reset},
	}
}

func take(s *Schedule, c *Config, n int) (waves []Wave) {
	for w := range s.Waves(c) {
		if waves = append(waves, w); len(waves) == n {
			break
		}
	}
	return waves
}

func TestPlansArePureFunctionsOfTheSeed(t *testing.T) {
	for _, s := range All() {
		require.Equal(t, take(s, full(10), 40), take(s, full(10), 40), s.Name)
		other := full(10)
		other.Seed = 8
		if s.Name != "idle-expiry" {
			require.NotEqual(t, take(s, full(10), 40), take(s, other, 40), s.Name)
		}
	}
}

func TestEveryScheduleRunsWithEverythingConfigured(t *testing.T) {
	require.Len(t, All(), 24)
	for _, s := range All() {
		require.Empty(t, s.Needs(full(2)), s.Name)
		require.NotEmpty(t, s.Words, s.Name)
		require.Same(t, s, Find(s.Name))
		emits := 0
		for _, w := range take(s, full(10), 40) {
			for _, step := range w.Steps {
				if step.Op == Emit || step.Op == Request {
					emits++
				}
			}
		}
		require.Positive(t, emits, s.Name)
	}
	require.Nil(t, Find("nonesuch"))
	require.Len(t, Names(), 24)
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	bare := &Config{Users: 10, Emitters: []Emitter{{Socket: true, Self: true}}, FixedUsers: "the users come from a CSV file"}
	want := map[string]string{
		"relogin": "configure relogin", "logout-race": "configure logout", "resume": "configure resume", "revoke": "configure revoke",
		"cancel": "configure request", "collide": "the users come from a CSV file", "deflate": "use --engine gorilla: the raw engine does not compress",
		"faults":   "connections that Go code makes can't be led through a proxy",
		"nodes":    "give the addresses of two nodes or more: --url twice, or a list under target",
		"same-ids": "configure request, or use {{.device}} or {{.id}} in a template",
	}
	for _, s := range All() {
		require.Equal(t, want[s.Name], s.Needs(bare), s.Name)
	}
	one := full(1)
	require.Equal(t, "needs two users or more", Find("swap").Needs(one))
	require.Empty(t, Find("burst").Needs(one))
	require.Equal(t, "configure an emit with ws", Find("fragments").Needs(&Config{Users: 2, Emitters: []Emitter{{}}}))
}

// TestPlansAreSound checks what every step must respect, for any number of users
// and any kind of emitter.
func TestPlansAreSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := full(rapid.IntRange(1, 80).Draw(t, "users"))
		c.Seed = rapid.Uint64().Draw(t, "seed")
		self, other := rapid.Bool().Draw(t, "self"), rapid.Bool().Draw(t, "other")
		c.Emitters = []Emitter{{Socket: true, Self: self || !other, Other: other}}
		if rapid.Bool().Draw(t, "http") {
			c.Emitters = append(c.Emitters, Emitter{})
		}
		s := rapid.SampledFrom(All()).Draw(t, "schedule")
		if s.Needs(c) != "" {
			return
		}
		for _, w := range take(s, c, 25) {
			require.NoError(t, sound(c, &w), s.Name)
		}
	})
}

func sound(c *Config, w *Wave) error {
	all := c.Users + c.Ghosts + c.Odd
	for _, s := range w.Steps {
		switch {
		case s.User < 0 || s.User >= all, s.By >= all, s.Slot < 0 || s.Slot >= Slots, s.At < 0:
			return fmt.Errorf("out of range: %+v", s)
		case s.Op == Emit && c.Emitters[s.Emitter].Socket && s.By == None:
			return fmt.Errorf("nobody sends: %+v", s)
		case s.Op == Emit && !c.Emitters[s.Emitter].Socket && s.By != None:
			return fmt.Errorf("a sender without a socket: %+v", s)
		case s.Op == Emit && s.By == s.User && !c.Emitters[s.Emitter].Self:
			return fmt.Errorf("sent by the addressee, who may not: %+v", s)
		case s.Op == Emit && s.By != None && s.By != s.User && !c.Emitters[s.Emitter].Other:
			return fmt.Errorf("sent by another, who may not: %+v", s)
		case s.Op == Emit && s.By >= c.Users && s.By < c.Users+c.Ghosts:
			return fmt.Errorf("sent by a ghost: %+v", s)
		}
	}
	return nil
}

func TestWhoMovesSendsToNobodyElse(t *testing.T) {
	for _, s := range []*Schedule{swap, churn, multiTab, overlapReconnect, relogin, logoutRace, resume, revoke} {
		moving := map[int]bool{}
		for _, w := range take(s, full(10), 200) {
			for _, step := range w.Steps {
				switch step.Op {
				case Kill, Close, Logout, Relogin, Revoke:
					moving[step.User] = true
				}
			}
			for _, step := range w.Steps {
				if step.Op == Emit && step.By != None && step.By != step.User {
					require.False(t, moving[step.By] && ends(&w, step.By), "%s: %+v", s.Name, step)
				}
			}
			if w.Last {
				clear(moving)
			}
		}
	}
}

func ends(w *Wave, user int) bool {
	return slices.ContainsFunc(w.Steps, func(s Step) bool { return s.User == user && (s.Op == Kill || s.Op == Close) })
}

func TestEveryoneIsBackAtTheEndOfACycle(t *testing.T) {
	for _, s := range All() {
		if s.Setup.Small || s == collide || s == revoke {
			continue
		}
		up := map[[2]int]bool{}
		for user := range 10 {
			up[[2]int{user, 0}] = true
		}
		for _, w := range take(s, full(10), 120) {
			for _, step := range w.Steps {
				switch at := [2]int{step.User, step.Slot}; step.Op {
				case Connect, Resume:
					up[at] = true
				case Close, Kill:
					delete(up, at)
				}
			}
			if w.Last {
				for user := range 10 {
					require.True(t, up[[2]int{user, 0}], "%s: user %d is away", s.Name, user)
				}
				require.Len(t, up, 10, s.Name)
			}
		}
	}
}

func TestRatesAreKept(t *testing.T) {
	for _, s := range []*Schedule{spread, burst, lockstep} {
		c := full(10)
		c.Rate = 50
		c.Emitters = c.Emitters[:2]
		var events int
		var total time.Duration
		for _, w := range take(s, c, 100) {
			for _, step := range w.Steps {
				if step.Op == Emit && step.User < c.Users {
					events++
				}
			}
			total += w.Every
		}
		rate := float64(events) / total.Seconds() / float64(c.Users)
		require.LessOrEqual(t, rate, 50.5, s.Name)
		require.Greater(t, rate, 25.0, s.Name)
	}
	c := full(1000)
	c.Ceiling = 2000
	for _, w := range take(lockstep, c, 3) {
		require.GreaterOrEqual(t, w.Every, time.Duration(len(w.Steps))*time.Second/2000)
	}
}

func TestOddIDsAreDistinctAndCollideUnderSomeFolding(t *testing.T) {
	ids := OddIDs("u00001")
	seen := map[string]bool{"u00001": true}
	for _, id := range ids {
		require.False(t, seen[id], "%q twice", id)
		require.NotEmpty(t, id)
		seen[id] = true
	}
	require.Greater(t, len(ids), 60)
}

func TestPairsSweepTheirDistance(t *testing.T) {
	offsets := map[time.Duration]bool{}
	for _, w := range take(pairs, full(4), len(pairOffsets)) {
		require.Len(t, w.Steps, 2)
		offsets[w.Steps[1].At-w.Steps[0].At] = true
	}
	require.Len(t, offsets, len(pairOffsets))
}
