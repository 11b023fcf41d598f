package flow

import (
	"fmt"
	"go/types"
	"sort"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// Fact carries what is known of a package and of the packages below it. Within
// one process units are shared; between processes they travel by value.
type Fact struct{ Units []*Unit }

// AFact marks Fact as a fact.
func (*Fact) AFact() {}

func (f *Fact) String() string { return fmt.Sprintf("flow of %d packages", len(f.Units)) }

// Unit is the summary of the package for its importers.
func (p *Package) Unit() *Unit {
	if p.unit == nil {
		p.unit = p.makeUnit()
	}
	return p.unit
}

func (p *Package) makeUnit() *Unit {
	u := &Unit{Path: conns.CleanPath(p.Types.Path()), Impls: map[string][]string{}, own: newContents()}
	core := p.Core()
	u.Core, u.Locates = core, sortedKeys(p.locators)
	u.Groups = p.groups()
	for _, f := range p.order {
		if !p.worthReading(f) {
			continue
		}
		if s := p.summarize(f); s != nil && f.obj.Exported() && (core && telling(s) || !core && (worth(s) || (hands(f) || composes(f)) && telling(s))) {
			u.own.Funcs[f.name] = s
		}
	}
	for key, effects := range p.Consumers() {
		if len(effects) > 0 {
			u.own.Consumers[key] = effects
		}
	}
	for iface, list := range p.Impls() {
		if len(list) > 0 {
			u.Impls[iface] = list
		}
	}
	p.promotedMethods(u)
	p.fieldFacts(u)
	p.globalFacts(u)
	if !core && len(u.own.Funcs)+len(u.own.Consumers)+len(u.own.Globals)+len(u.own.Fields) == 0 {
		u.Impls = map[string][]string{}
	}
	u.Channels = sortedKeys(u.own.Consumers)
	return u
}

// Core reports whether the package deals with connections itself: it imports a
// WebSocket library, or declares a registry of what another package wraps one in.
func (p *Package) Core() bool {
	p.coreOnce.Do(func() { p.core = p.importsLibrary() || p.declaresRegistry() }) // several analyzers ask at once
	return p.core
}

func (p *Package) declaresRegistry() bool {
	scope := p.Types.Scope()
	for _, name := range scope.Names() {
		t := scope.Lookup(name).Type()
		if p.Catalog.Registry(t) != "" {
			return true
		}
		st, ok := under(t).(*types.Struct)
		if !ok {
			continue
		}
		for f := range st.Fields() {
			if !types.IsInterface(f.Type()) && p.Catalog.Registry(f.Type()) != "" {
				return true
			}
		}
	}
	return false
}

func (p *Package) importsLibrary() bool {
	for _, imp := range p.Types.Imports() {
		if conns.Known(imp.Path()) {
			return true
		}
	}
	return false
}

// hands reports whether a method may hand out what its generic type was made for.
func hands(f *fn) bool {
	recv := f.sig.Recv()
	if recv == nil {
		return false
	}
	named := conns.Named(recv.Type())
	return named != nil && named.TypeParams().Len() > 0
}

// telling reports whether a summary says anything.
func telling(s *Summary) bool {
	if len(s.Effects)+len(s.Reads) > 0 {
		return true
	}
	for _, r := range s.Results {
		for _, v := range r {
			if root := v.Root().Op; root == Param || root == Global || v.Op == Derived && len(v.Args) > 0 || v.madeOfState() || root == Accepted || root == Dialed || v.Op == Struct && len(v.Names) > 0 {
				return true
			}
		}
	}
	return false
}

// worth reports whether a function of a package that knows no sockets may still
// be a registry, or a wrapper around one.
func worth(s *Summary) bool {
	if len(s.Reads) > 0 {
		return true
	}
	for _, e := range s.Effects {
		switch {
		case e.Op == Write, e.Op == Put, e.Op == Del, e.Op == Call, e.Op == Upgrade, e.Op == Send:
			return true
		case e.Target.Root().Op == Global:
			return true
		case e.Op == Assign && fresh(e.Val), e.Op == Invoke && e.Target.Passes(Elem):
			return true
		}
	}
	for _, r := range s.Results {
		for _, v := range r {
			if v.isState() || v.Passes(Elem) || v.madeOfState() {
				return true
			}
		}
	}
	return false
}

func fresh(s Set) bool {
	for _, v := range s {
		if v.Op == Fresh || v.Op == List {
			return true
		}
	}
	return false
}

// madeOfState reports whether a list, or a value such as its length, was made of what
// package variables hold.
func (v *Value) madeOfState() bool {
	return (v.Op == List || v.Op == Derived) && v.MadeOf(func(part *Value) bool { return part.Root().Op == Global })
}

// promotedMethods spells out, for types that implement an interface, the methods
// that they get from embedded fields.
func (p *Package) promotedMethods(u *Unit) {
	done := map[string]bool{} // a type may implement very many interfaces
	for _, iface := range sortedKeys(u.Impls) {
		for _, typ := range u.Impls[iface] {
			name := typ[strings.LastIndex(typ, ".")+1:]
			tn, ok := p.Types.Scope().Lookup(name).(*types.TypeName)
			if !ok || done[name] {
				continue
			}
			done[name] = true
			for m := range types.NewMethodSet(types.NewPointer(tn.Type())).Methods() {
				f, ok := m.Obj().(*types.Func)
				if !ok || len(m.Index()) < 2 {
					continue
				}
				if s := p.through(tn.Type(), f, m.Index()); s != nil {
					u.own.Funcs[u.Path+".("+name+")."+f.Name()] = s
				}
			}
		}
	}
}

func (p *Package) fieldFacts(u *Unit) {
	for f := range p.fields {
		name, ok := p.owners[f]
		if !ok || f.Pkg() != p.Types {
			continue
		}
		info := p.FieldInfo(f)
		if len(info.Holds) > 0 || info.Dialed || info.Accepted || info.Generated {
			u.own.Fields[name] = info
		}
	}
}

func (p *Package) globalFacts(u *Unit) {
	scope := p.Types.Scope()
	for _, name := range scope.Names() {
		if v, ok := scope.Lookup(name).(*types.Var); ok {
			if alias := p.Alias(v); len(alias) > 0 {
				u.own.Globals[VarName(v)] = &GlobalInfo{Alias: export(alias)}
			}
		}
	}
}

// FieldInfo judges a field by everything that this package sets it to.
func (p *Package) FieldInfo(f *types.Var) *FieldInfo {
	info := &FieldInfo{Holds: export(p.heldBy(f))}
	made, other := 0, 0
	for _, e := range p.fields[f.Origin()] {
		for _, v := range p.Eval(e) {
			switch {
			case v.Op == Dialed:
				info.Dialed = true
			case v.Op == Accepted:
				info.Accepted = true
			case v.Op == Param:
				info.Given = true
				other++
			case (v.Op == Opaque || v.Op == Derived) && ownIdentifier(v):
				made++
			case v.Op != Const && v.Op != Fresh:
				other++
			}
		}
	}
	info.Generated = made > 0 && other == 0
	return info
}

// ownIdentifier reports whether a value was made of nothing that came from
// outside: a random id, a counter, the address of a connection.
func ownIdentifier(v *Value) bool {
	outside := false
	v.Leaves(func(x *Value) {
		switch x.Op {
		case Param, LitParam, Msg, Elem, Key:
			outside = outside || x.Lib == ""
		}
	})
	return !outside
}

// Merge collects the units of facts, each path once, by path.
func Merge(own *Unit, facts []*Fact) []*Unit {
	seen := map[string]*Unit{}
	for _, f := range facts {
		for _, u := range f.Units {
			seen[u.Path] = u
		}
	}
	if own != nil && !own.Empty() {
		seen[own.Path] = own
	}
	out := make([]*Unit, 0, len(seen))
	for _, u := range seen {
		out = append(out, u)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

// FieldInfoByName judges a field of this or another package; f may be nil.
func (p *Package) FieldInfoByName(name string, f *types.Var) *FieldInfo {
	if f == nil {
		for own, n := range p.owners {
			if n == name && own.Pkg() == p.Types {
				f = own
				break
			}
		}
	}
	if f != nil && f.Pkg() == p.Types {
		return p.FieldInfo(f)
	}
	for _, u := range p.World.Units() {
		if !strings.HasPrefix(name, u.Path+".") {
			continue
		}
		if info := u.Contents().Fields[name]; info != nil {
			return info
		}
	}
	return nil
}
