package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

// dealt gives one of several machines its cells: users keep their numbers, so that
// plans can be compared.
func dealt(users, shard, shards int) (cells []plan.Cell) {
	for n := shard; n < plan.Cells(users); n += shards {
		cell := plan.Cell{Number: n, Odd: n == 0}
		for u := range users {
			if plan.CellOf(u, users) == n {
				cell.Users = append(cell.Users, u)
			}
		}
		cells = append(cells, cell)
	}
	return cells
}

// deeds are the steps of a schedule's first cycles, without their moments' order.
func deeds(s *plan.Schedule, c *plan.Config, cells []plan.Cell, waves int) (out []string, lasts []bool) {
	for w := range s.CellWaves(c, cells) {
		for _, st := range w.Steps {
			out = append(out, fmt.Sprintf("%d: %+v", waves, st))
		}
		lasts = append(lasts, w.Last)
		if waves--; waves == 0 {
			break
		}
	}
	return out, lasts
}

func TestSeveralMachinesDoTogetherWhatOneDoes(t *testing.T) {
	for _, users := range []int{10, 11} {
		c := everything(users)
		for _, s := range plan.All() {
			c.Nodes = 2
			whole, lasts := deeds(s, c, dealt(users, 0, 1), 12)
			for _, shards := range []int{2, 3} {
				var together []string
				for i := range shards {
					part, ends := deeds(s, c, dealt(users, i, shards), 12)
					together = append(together, part...)
					if len(ends) > 0 {
						require.Equal(t, lasts, ends, "%s: cycles end at the same waves everywhere", s.Name)
					}
				}
				slices.Sort(together)
				slices.Sort(whole)
				require.NotEmpty(t, whole, s.Name)
				require.Equal(t, whole, together, "%s of %d users on %d machines", s.Name, users, shards)
			}
		}
	}
}

func TestNobodySendsAcrossCells(t *testing.T) {
	const users = 20
	c := everything(users)
	for _, s := range plan.All() {
		n := 0
		for w := range s.CellWaves(c, dealt(users, 0, 1)) {
			for _, st := range w.Steps {
				if st.By >= 0 && st.User < users && st.By < users {
					require.Equal(t, plan.CellOf(st.By, users), plan.CellOf(st.User, users), s.Name)
				}
			}
			if n++; n == 12 {
				break
			}
		}
	}
}

func everything(users int) *plan.Config {
	return &plan.Config{
		Users: users, Ghosts: 2, Odd: 6, Seed: 7, Request: true, Logout: true, Relogin: true, Revoke: true, Resume: true, Compress: true, Leave: true, Names: true, Faults: []plan.Fault{plan.Delay, plan.HalfOpen},
		Emitters: []plan.Emitter{
			{Socket: true, Self: true, Other: true}, {}, {Socket: true, Self: true, Broadcast: true, Room: true},
		},
	}
}
