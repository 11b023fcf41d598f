package loadtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/result"
)

// Hit is an anomaly of an earlier run that is to be reproduced.
type Hit struct {
	Server   string
	Schedule string
	Code     string
	Owner    string
	Receiver string
}

// FirstHit is the gravest anomaly of a result that a replay can look for: of a
// tested server before a control, under a schedule before one that a server shows
// before any began, a leak before anything else.
func FirstHit(r *result.Result) (Hit, bool) {
	var best Hit
	rank := -1
	for _, run := range r.Runs {
		for _, e := range run.Evidence {
			if e.Code == "H" || e.Schedule == "" {
				continue
			}
			weight := 0
			if strings.HasPrefix(e.Code, "X") {
				weight += 2
			}
			if e.Schedule != warmUp {
				weight += 4
			}
			if !run.Control {
				weight += 8
			}
			if weight > rank {
				rank, best = weight, Hit{run.Name, e.Schedule, e.Code, e.Owner, e.Receiver}
			}
		}
	}
	return best, rank >= 0
}

const warmUp = "warm-up"

// Replay is what a reproduction came to.
type Replay struct {
	Hit Hit
	// Whole and Small are the same schedule and seed with all users and, if that
	// still shows it, with as few users and waves as do. Small is nil when it could
	// not be made smaller.
	Whole, Small *Attempt
	// Steps is what the connections involved did around the anomaly, in the smallest
	// form that showed it.
	Steps []result.Step
	Prose string
	// Result is the last run that showed the anomaly, or the last one at all.
	Result *result.Result
}

// Attempt says how often a form of a run showed the anomaly.
type Attempt struct {
	Users []string // empty: all
	Waves int      // 0: as many as there is time for
	Hits  int
	Tries int
}

const (
	replayTries = 20
	shrinkTries = 4
	replayTime  = 2 * time.Second
)

// RunReplay runs the schedule of a hit again, under the same seed: replayTries
// times as it was, then with ever fewer users and waves. tell hears of each step.
// What can be repeated is the plan, never the timing, so the answer is a rate.
func RunReplay(ctx context.Context, c *Config, h Hit, tell func(line string)) (*Replay, error) {
	return (&replayer{hit: h, out: &Replay{Hit: h}, tell: tell, tries: replayTries, few: shrinkTries, most: replayTime}).run(ctx, c)
}

func (p *replayer) run(ctx context.Context, c *Config) (*Replay, error) {
	if err := p.aim(c); err != nil {
		return nil, err
	}
	whole := &Attempt{}
	if err := p.try(ctx, whole, p.tries); err != nil {
		return nil, err
	}
	p.out.Whole = whole
	if whole.Hits == 0 || ctx.Err() != nil {
		return p.out, nil
	}
	if err := p.shrink(ctx); err != nil {
		return nil, err
	}
	return p.out, nil
}

// aim leaves of a configuration the server and the schedule of the hit.
func (p *replayer) aim(c *Config) error {
	p.config = *c
	p.config.Servers = slices.DeleteFunc(slices.Clone(c.Servers), func(s Server) bool { return s.Name != p.hit.Server })
	if len(p.config.Servers) == 0 {
		return mistake("", "the result has a server %s, which is not there now", p.hit.Server)
	}
	p.config.Servers[0].Control = false
	p.config.named = func(people []drive.User) {
		p.ids = p.ids[:0]
		for _, u := range people {
			p.ids = append(p.ids, u.ID)
		}
	}
	schedule := p.hit.Schedule
	if schedule == warmUp {
		schedule, p.config.atOnce = "spread", true // any: what is looked for comes before it
	}
	p.config.Schedules, p.config.Duration, p.config.UntilViolated, p.config.Progress = []string{schedule}, p.most, true, nil
	return nil
}

type replayer struct {
	config Config
	hit    Hit
	out    *Replay
	tell   func(string)
	ids    []string      // of all ordinary users
	tries  int           // of the first and the last form
	few    int           // of those in between
	most   time.Duration // of a try that shows nothing
}

// try runs one form a number of times.
func (p *replayer) try(ctx context.Context, a *Attempt, times int) error {
	c := p.config
	c.only, c.waves = a.Users, a.Waves
	for range times {
		if ctx.Err() != nil {
			break
		}
		r, err := Run(ctx, &c)
		if err != nil {
			return err
		}
		if ctx.Err() != nil && !p.shows(r) {
			break // cut off: it says nothing
		}
		a.Tries++
		if p.shows(r) {
			a.Hits++
			p.out.Result = r
		} else if p.out.Result == nil {
			p.out.Result = r
		}
	}
	p.tell(a.String())
	return nil
}

// String says how often it showed.
func (a *Attempt) String() string {
	users := "all users"
	if len(a.Users) > 0 {
		users = strings.Join(a.Users, ", ")
	}
	waves := ""
	if a.Waves > 0 {
		waves = ", " + plural(uint64(a.Waves), "wave")
	}
	return fmt.Sprintf("%s%s: reproduces %d/%d", users, waves, a.Hits, a.Tries)
}

// shows looks for the anomaly and keeps what was around it.
func (p *replayer) shows(r *result.Result) bool {
	for _, e := range r.Runs[0].Evidence {
		if e.Code == p.hit.Code && e.Schedule == p.hit.Schedule {
			if len(e.Around) > 0 || len(p.out.Steps) == 0 {
				p.out.Steps, p.out.Prose = e.Around, e.Prose
			}
			return true
		}
	}
	return false
}

// shrink looks for the smallest form that still shows the anomaly: the two users
// of the hit, or those and one or two who send to them, then few waves.
func (p *replayer) shrink(ctx context.Context) error {
	users, err := p.fewUsers(ctx)
	if err != nil {
		return err
	}
	small := &Attempt{Users: users}
	for _, waves := range []int{1, 2, 4, 8, 16, 32} {
		a := &Attempt{Users: users, Waves: waves}
		if err := p.try(ctx, a, p.few); err != nil {
			return err
		}
		if a.Hits > 0 {
			small.Waves = waves
			break
		}
	}
	if len(small.Users) == 0 && small.Waves == 0 {
		return nil
	}
	if err := p.try(ctx, small, p.tries); err != nil {
		return err
	}
	if small.Hits > 0 {
		p.out.Small = small
	}
	return nil
}

func (p *replayer) fewUsers(ctx context.Context) ([]string, error) {
	pair := slices.Compact([]string{p.hit.Owner, p.hit.Receiver})
	pair = slices.DeleteFunc(pair, func(id string) bool { return id == "" })
	for helpers := range 3 {
		a := &Attempt{Users: pair}
		for _, id := range p.ids {
			if len(a.Users) < len(pair)+helpers && !slices.Contains(a.Users, id) {
				a.Users = append(slices.Clone(a.Users), id)
			}
		}
		if len(a.Users) < max(2, len(pair)+helpers) {
			continue
		}
		if err := p.try(ctx, a, p.few); err != nil || a.Hits > 0 {
			return a.Users, err
		}
	}
	return nil, nil
}
