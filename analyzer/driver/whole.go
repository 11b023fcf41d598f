package driver

import (
	"maps"

	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// maxRounds bounds how often the program is read again with what was learned.
const maxRounds = 2

// whole is what is known of the program as a whole.
type whole struct {
	late  map[string]string
	units []*singleton.Unit
	open  map[string]bool // interfaces and channels that are used without a known other end
	ends  map[string]int
}

// learn collects what the last round found out.
func (p *Program) learn() *whole {
	w := &whole{late: map[string]string{}, open: map[string]bool{}, ends: map[string]int{}}
	for _, pkg := range p.Packages {
		if pkg.Result == nil {
			continue
		}
		maps.Copy(w.late, pkg.Result.Late)
		unit := pkg.Result.Unit()
		for _, name := range unit.Locates {
			w.late["located "+name] = name
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
	for name := range w.late {
		if _, ok := before.late[name]; !ok {
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
