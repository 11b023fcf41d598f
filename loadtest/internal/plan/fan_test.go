package plan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

// copies counts the events of a schedule's first waves, and how many receipts
// they make.
func copies(c *plan.Config, name string, waves int) (events, receipts int) {
	for w := range plan.Find(name).Waves(c) {
		for _, s := range w.Steps {
			if s.Op != plan.Emit {
				continue
			}
			events++
			receipts += max(c.Emitters[s.Emitter].Fan, 1)
		}
		if waves--; waves == 0 {
			break
		}
	}
	return events, receipts
}

func TestPublicEventsOfManyUsersDoNotDrownTheRest(t *testing.T) {
	personal := plan.Emitter{Socket: true, Self: true, Other: true}
	for _, users := range []int{10, 1000, 10_000} {
		room := plan.Emitter{Socket: true, Self: true, Broadcast: true, Room: true, Fan: users / 3}
		all := plan.Emitter{Socket: true, Self: true, Broadcast: true, Fan: users}
		for _, name := range []string{"spread", "churn"} {
			events, receipts := copies(&plan.Config{Users: users, Seed: 1, Emitters: []plan.Emitter{personal, room, all}}, name, 20)
			require.Greater(t, receipts, events, "some public events are left, %s with %d users", name, users)
			if users >= 1000 {
				require.Less(t, receipts, 3*events+2*users, "%s with %d users", name, users)
			}
		}
		events, receipts := copies(&plan.Config{Users: users, Seed: 1, Emitters: []plan.Emitter{all}}, "spread", 20)
		require.Positive(t, events)
		if users >= 1000 {
			require.Less(t, receipts, 20*3*users, "with nothing but broadcasts")
		}
	}
}

// TestPublicEventsOfManyUsersComeFromAFew: the checker keeps a record for each sender
// and receiver, which must not become more and more as a run goes on.
func TestPublicEventsOfManyUsersComeFromAFew(t *testing.T) {
	personal := plan.Emitter{Socket: true, Self: true, Other: true}
	for users, most := range map[int]int{100: 100, 10_000: 16} {
		room := plan.Emitter{Socket: true, Self: true, Broadcast: true, Room: true, Fan: users / 3}
		c := &plan.Config{Users: users, Seed: 1, Emitters: []plan.Emitter{personal, room}}
		for _, name := range []string{"spread", "churn"} {
			senders, waves := map[int]bool{}, 0
			for w := range plan.Find(name).Waves(c) {
				for _, s := range w.Steps {
					if s.Op == plan.Emit && c.Emitters[s.Emitter].Broadcast {
						senders[s.By] = true
					}
				}
				if waves++; waves == 300 {
					break
				}
			}
			require.Greater(t, len(senders), 2, "%s with %d users", name, users)
			require.LessOrEqual(t, len(senders), most, "%s with %d users", name, users)
		}
	}
}
