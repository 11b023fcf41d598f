package plan

import (
	"iter"
	"slices"
)

// Cell is a group of users with a plan of its own: what is sent to one of them is
// sent by one of them. A run on several machines deals cells, not users, so that no
// machine must wait for another; the plan of a cell depends on nothing but the seed,
// the cell's number and its size, wherever it is played.
type Cell struct {
	Number int   // from 0 on
	Users  []int // indices of the users, in the numbering of the machine that plays it
	Odd    bool  // the users with odd ids belong to it
}

const (
	mostCells = 64
	cellLeast = 3    // users of a cell
	cellRate  = 1000 // events a second of a cell
)

// Cells is the number of cells that so many users are dealt into, whatever the
// number of machines. It is the largest number of machines as well.
func Cells(users int) int { return min(max(users/cellLeast, 1), mostCells) }

// UsersFor is how many users so many machines take at least.
func UsersFor(machines int) int { return machines * cellLeast }

// CellOf is the cell of a user, by the user's number from 0 on.
func CellOf(user, users int) int { return user % Cells(users) }

// CellWaves joins the plans of several cells into one that is played at once.
func (s *Schedule) CellWaves(c *Config, cells []Cell) iter.Seq[Wave] {
	return func(yield func(Wave) bool) {
		players := make([]*player, 0, len(cells))
		defer func() {
			for _, p := range players {
				p.stop()
			}
		}()
		for i := range cells {
			if p := s.player(c, &cells[i]); p != nil {
				players = append(players, p)
			}
		}
		for {
			var all Wave
			for i, p := range players {
				w, ok := p.next()
				if !ok {
					return
				}
				all.join(&w, p, i == 0)
			}
			if len(players) == 0 || !yield(all) {
				return
			}
		}
	}
}

// NeedsIn says what keeps a schedule from running in any of the cells; empty when
// it can run.
func (s *Schedule) NeedsIn(c *Config, cells []Cell) (why string) {
	for i := range cells {
		own := *c
		own.Users = len(cells[i].Users)
		if why = s.Needs(&own); why == "" {
			return ""
		}
	}
	return why
}

// player makes the waves of one cell.
type player struct {
	cell  *Cell
	whole *Config
	next  func() (Wave, bool)
	stop  func()
}

// player is nil for a cell in which the schedule can't run.
func (s *Schedule) player(c *Config, cell *Cell) *player {
	own := *c
	own.Users = len(cell.Users)
	own.Ceiling = cellRate
	own.Seed = c.Seed ^ uint64(cell.Number+1)*0x9e3779b97f4a7c15
	if !cell.Odd {
		own.Odd = 0
	}
	if s.Needs(&own) != "" {
		return nil
	}
	p := &player{cell: cell, whole: c}
	p.next, p.stop = iter.Pull(s.Waves(&own))
	return p
}

// global is the index of a user of the cell's plan: an ordinary one, a ghost or
// one with an odd id.
func (p *player) global(user int) int {
	switch n := len(p.cell.Users); {
	case user < 0:
		return user
	case user < n:
		return p.cell.Users[user]
	default:
		return p.whole.Users + user - n
	}
}

// join adds the wave of one cell.
func (w *Wave) join(one *Wave, p *player, first bool) {
	if first {
		w.Gate, w.Last, w.Sample = one.Gate, one.Last, one.Sample
	}
	w.Last = w.Last && one.Last
	w.Gate, w.Fence = w.Gate || one.Gate, w.Fence || one.Fence
	w.Every, w.Limit, w.Settle = max(w.Every, one.Every), max(w.Limit, one.Limit), max(w.Settle, one.Settle)
	w.Steps = slices.Grow(w.Steps, len(one.Steps))
	for _, s := range one.Steps {
		s.User, s.By = p.global(s.User), p.global(s.By)
		s.Lane = s.Lane*mostCells + p.cell.Number
		w.Steps = append(w.Steps, s)
	}
}
