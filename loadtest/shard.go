package loadtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

func (c *Config) checkShard() error {
	switch {
	case c.Shards == 0 && c.Shard == 0:
		return nil
	case c.Shard < 1 || c.Shard > c.Shards:
		return mistake("give 1/3 to 3/3 for three machines", "shard %d of %d", c.Shard, c.Shards)
	case c.Seed == 0:
		return mistake("give every shard the same --seed", "a shard needs a seed, or each would have a plan of its own")
	}
	return nil
}

// shardSecret is the key of a run on several machines: all must know each other's
// events.
func shardSecret(c *Config) (secret [16]byte) {
	sum := sha256.Sum256(fmt.Appendf(nil, "wsmig shards %d %d", c.Seed, c.Shards))
	copy(secret[:], sum[:])
	return secret
}

// deal picks the users that this process plays; nil means that it plays all.
func (c *Config) deal(people []drive.User) ([]drive.User, *drive.Shard, error) {
	if c.Shards == 0 {
		return people, nil, nil
	}
	cells := plan.Cells(len(people))
	if c.Shards > cells {
		return nil, nil, tooManyShards(len(people), cells, c.Shards)
	}
	shard := &drive.Shard{Index: c.Shard - 1, Count: c.Shards, Users: people}
	var own []drive.User
	for n := shard.Index; n < cells; n += c.Shards {
		cell := plan.Cell{Number: n, Odd: n == 0}
		for i := range people {
			if plan.CellOf(i, len(people)) == n {
				u := people[i]
				u.Number = i + 1
				cell.Users = append(cell.Users, len(own))
				own = append(own, u)
			}
		}
		shard.Cells = append(shard.Cells, cell)
	}
	return own, shard, nil
}

// tooManyShards says how many users, or how many shards, there may be.
func tooManyShards(users, cells, shards int) error {
	if most := plan.Cells(maxUsers); shards > most {
		return mistake(fmt.Sprintf("give at most %d", most), "%d shards are more than a plan has parts", shards)
	}
	hint := fmt.Sprintf("give --users %d or more", plan.UsersFor(shards))
	if cells > 1 {
		hint += fmt.Sprintf(", or at most %d shards", cells)
	}
	return mistake(hint, "%s in %d shards: each plays at least %d", plural(uint64(users), "user"), shards, plan.UsersFor(1))
}

// needs says why a schedule does not run here.
func (s *session) needs(one *plan.Schedule) string {
	if s.shard == nil {
		return one.Needs(s.driver.Plan())
	}
	if one.Name == "collide" && s.shard.Index > 0 {
		return "the first shard has the users with such ids"
	}
	return one.NeedsIn(s.driver.Plan(), s.shard.Cells)
}

// loadShard plays every schedule once: how much of each depends on what all shards
// know, never on how fast this machine is.
func (s *session) loadShard(ctx context.Context) {
	for _, e := range s.budget.entries {
		if e.reason != "" {
			continue
		}
		if ctx.Err() != nil || s.driver.Lost() {
			return
		}
		s.play(ctx, e, 0)
	}
}

// A shard's plan fills about half of its time, so that a machine that is busy
// finishes it all the same; one that takes patient times as long does not.
const (
	cycleTime   = 120 * time.Millisecond
	cycleRate   = 32_000 // events a second of all shards
	stallTime   = 5 * time.Second
	patientOver = 6
	startOver   = 5 * time.Minute
)

// cycles is how often a schedule's cycle is played.
func (s *session) cycles(e *entry) int {
	one := max(cycleTime, time.Duration(len(s.shard.Users)*4)*time.Second/cycleRate)
	if e.schedule.Setup.Small || e.schedule.Name == "idle-expiry" {
		one = max(one, stallTime)
	}
	return max(int(s.settings.duration/time.Duration(len(s.settings.schedules))/one), 1)
}

func (s *session) shardLimits(e *entry) *drive.Limits {
	cycle, want := -1, s.cycles(e)
	last := s.begun.Add(patientOver*s.settings.duration + startOver)
	return &drive.Limits{
		Enough: func(int, time.Duration) bool {
			if cycle++; cycle < want && time.Now().After(last) {
				s.notes = append(s.notes, fmt.Sprintf("this machine was too slow for its part of the plan: %s was not finished", e.schedule.Name))
				return true
			}
			return cycle >= want
		},
		Late:     func() bool { return false },
		Patience: s.patience,
	}
}
