package flow

import (
	"sort"
	"sync"
)

// Unit is what other packages need to know of one package: a plain value that
// travels as a fact. Names are those of FuncName, VarName and channel keys.
type Unit struct {
	Path     string
	Core     bool                // the package deals with connections itself
	Locates  []string            // types whose one value comes from a service locator
	Groups   []string            // containers of clients that joined what the keys stand for
	Impls    map[string][]string // interface type -> concrete types, all "path.Name"
	Channels []string            // the keys of Consumers, sorted

	own    Contents
	packed []byte // of a unit from elsewhere: its contents, until somebody asks
	unpack sync.Once
}

// Contents are the part of a unit that is looked up by name. Most units of a large
// program are never asked, so those that come from another process stay packed.
type Contents struct {
	Funcs     map[string]*Summary
	Consumers map[string][]*Effect   // what happens to values sent on a channel
	Globals   map[string]*GlobalInfo // package variables that matter, aliases included
	Fields    map[string]*FieldInfo  // struct fields that hold a singleton, or whose origin is known
}

func newContents() Contents {
	return Contents{Funcs: map[string]*Summary{}, Consumers: map[string][]*Effect{}, Globals: map[string]*GlobalInfo{}, Fields: map[string]*FieldInfo{}}
}

// Contents returns what is known by name. It may be called from several goroutines.
func (u *Unit) Contents() *Contents {
	u.unpack.Do(func() {
		if u.packed != nil {
			u.own = unpack(u.packed)
		}
	})
	return &u.own
}

// GlobalInfo is what is known of a package variable.
type GlobalInfo struct {
	Alias Set // the other global that it is a copy of
	Func  Set // what calling it returns, when it is a function value
}

// FieldInfo is what is known of a struct field.
type FieldInfo struct {
	Holds     Set  // package-level state that the field is a copy of
	Generated bool // only ever set to made-up identifiers
	Dialed    bool // a connection to a server
	Accepted  bool // a connection from a user
	Given     bool // set from a parameter
}

// Empty reports whether the unit says nothing.
func (u *Unit) Empty() bool {
	return len(u.packed) == 0 && len(u.own.Funcs)+len(u.own.Consumers)+len(u.Impls)+len(u.own.Globals)+len(u.own.Fields)+len(u.Locates)+len(u.Groups) == 0
}

// World is the knowledge of other packages that the analysis of one may use. It
// is read-only once it is in use.
type World struct {
	units     map[string]*Unit
	impls     map[string][]string
	consumers map[string][]*Unit // by channel, by path
	locates   map[string]bool
	groups    map[string]bool
}

// NewWorld joins units; of two for the same path the last wins.
func NewWorld(units ...*Unit) *World {
	w := &World{units: map[string]*Unit{}, impls: map[string][]string{}, consumers: map[string][]*Unit{}, locates: map[string]bool{}, groups: map[string]bool{}}
	for _, u := range units {
		w.units[u.Path] = u
	}
	for _, u := range w.Units() {
		for _, name := range u.Locates {
			w.locates[name] = true
		}
		for _, name := range u.Groups {
			w.groups[name] = true
		}
		for iface, types := range u.Impls {
			w.impls[iface] = merge(w.impls[iface], types)
		}
		for _, key := range u.Channels {
			w.consumers[key] = append(w.consumers[key], u)
		}
	}
	return w
}

func merge(a, b []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range append(append([]string(nil), a...), b...) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	sort.Strings(out)
	return out
}

// Units lists the units by path.
func (w *World) Units() []*Unit {
	if w == nil {
		return nil
	}
	out := make([]*Unit, 0, len(w.units))
	for _, u := range w.units {
		out = append(out, u)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

// Unit returns what is known of a package, or nil.
func (w *World) Unit(path string) *Unit {
	if w == nil {
		return nil
	}
	return w.units[path]
}

// Func returns the summary of a function of another package, or nil.
func (w *World) Func(path, name string) *Summary {
	if u := w.Unit(path); u != nil {
		return u.Contents().Funcs[name]
	}
	return nil
}

// Global returns what is known of a variable of another package, or nil.
func (w *World) Global(path, name string) *GlobalInfo {
	if u := w.Unit(path); u != nil {
		return u.Contents().Globals[name]
	}
	return nil
}

// Field returns what is known of a struct field of another package, or nil.
func (w *World) Field(path, name string) *FieldInfo {
	if u := w.Unit(path); u != nil {
		return u.Contents().Fields[name]
	}
	return nil
}

// Consumers returns what any known package does with values from a channel.
func (w *World) Consumers(key string) []*Effect {
	if w == nil {
		return nil
	}
	var out []*Effect
	for _, u := range w.consumers[key] {
		out = append(out, u.Contents().Consumers[key]...)
	}
	return out
}

// Impls returns the concrete types that are known to implement an interface.
func (w *World) Impls(iface string) []string {
	if w == nil {
		return nil
	}
	return w.impls[iface]
}
