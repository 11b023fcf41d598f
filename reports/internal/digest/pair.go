package digest

import (
	"fmt"

	"github.com/wsmig/wsmig/loadtest/result"
)

// Pair is one server before and after.
type Pair struct{ Before, After *result.Run }

// Title names the server and its users, both numbers where they differ.
func (p Pair) Title() string {
	name := p.Before.Name
	if p.After.Name != name {
		name += " / " + p.After.Name
	}
	if p.Before.Control {
		name += " (control)"
	}
	if p.Before.Users != p.After.Users {
		return fmt.Sprintf("%s, %d and %d users", name, p.Before.Users, p.After.Users)
	}
	return name + ", " + Plural(uint64(max(p.Before.Users, 0)), "user")
}

// Match finds for each run of before its counterpart: same name and users, else
// same name, else the only tested server of each, since a server under test is
// often named by an address that changes.
func Match(before, after *result.Result) (pairs []Pair, unmatched []string) {
	taken := map[*result.Run]bool{}
	counterpart := func(run *result.Run, fits func(a, b *result.Run) bool) *result.Run {
		for i := range after.Runs {
			other := &after.Runs[i]
			if !taken[other] && run.Control == other.Control && fits(run, other) {
				return other
			}
		}
		return nil
	}
	matched := map[*result.Run]*result.Run{}
	for _, fits := range []func(a, b *result.Run) bool{
		func(a, b *result.Run) bool { return a.Name == b.Name && a.Users == b.Users },
		func(a, b *result.Run) bool { return a.Name == b.Name },
		func(a, _ *result.Run) bool { return !a.Control && testedOnly(before) && testedOnly(after) },
	} {
		for i := range before.Runs {
			run := &before.Runs[i]
			if matched[run] != nil {
				continue
			}
			if other := counterpart(run, fits); other != nil {
				matched[run], taken[other] = other, true
			}
		}
	}
	for i := range before.Runs {
		if run := &before.Runs[i]; matched[run] != nil {
			pairs = append(pairs, Pair{run, matched[run]})
		} else {
			unmatched = append(unmatched, run.Name)
		}
	}
	for i := range after.Runs {
		if run := &after.Runs[i]; !taken[run] {
			unmatched = append(unmatched, run.Name)
		}
	}
	return pairs, unmatched
}

// testedOnly reports whether exactly one run is of a server under test.
func testedOnly(r *result.Result) bool {
	_, tested := split(r)
	return len(tested) == 1
}
