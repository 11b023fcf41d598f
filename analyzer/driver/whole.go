package driver

import "github.com/wsmig/wsmig/analyzer/passes/singleton"

// maxRounds bounds how often the program is read again with what was learned.
const maxRounds = 2

// whole is what is known of the program as a whole.
type whole struct {
	late  map[string]singleton.Late
	units []*singleton.Unit
	made  map[string]bool // types whose one value comes from a service locator
	open  map[string]bool // interfaces and channels that are used without a known other end
	ends  map[string]int
}

// learn collects what the last round, which was given before, found out. That a
// variable is a table stays known: such a variable has no uses in the round after.
func (p *Program) learn(before *whole) *whole {
	w := &whole{late: map[string]singleton.Late{}, made: map[string]bool{}, open: map[string]bool{}, ends: map[string]int{}}
	for id, l := range before.late {
		if l.Table {
			w.late[id] = singleton.Late{Table: true}
		}
	}
	for _, pkg := range p.Packages {
		if pkg.Result == nil {
			continue
		}
		for id, l := range pkg.Result.Late {
			w.late[id] = w.late[id].And(l)
		}
		unit := pkg.Result.Unit()
		for _, name := range unit.Locates {
			w.made[name] = true
		}
		for _, name := range pkg.Result.Open() {
			w.open[name] = true
		}
		for iface, types := range unit.Impls {
			w.ends[iface] += len(types)
		}
		for _, channel := range unit.Channels {
			w.ends[channel]++
		}
		if pkg.ForTest == "" {
			w.units = append(w.units, unit)
		}
	}
	return w
}

// news reports whether a further round can find more than the one that w was given
// to.
func (w *whole) news(before *whole) bool {
	for id, l := range w.late {
		if known, ok := before.late[id]; !ok || l.Table && !known.Table {
			return true
		}
	}
	for name := range w.made {
		if !before.made[name] {
			return true
		}
	}
	if before.units != nil {
		return false
	}
	for name := range w.open {
		if w.ends[name] > 0 {
			return true
		}
	}
	return false
}
