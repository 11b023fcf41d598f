package flow

import (
	"go/types"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// A table of tables of clients serves rooms and users with several connections alike,
// and what its keys are called tells nothing. How clients get in does: one that another
// table finds by a field of its own, and that is put under a key which came beside it,
// joins something.

// Groups reports whether clients join what the keys of a container stand for.
func (p *Package) Groups(container *Value) bool {
	name := place(container)
	return name != "" && (slices.Contains(p.Unit().Groups, name) || p.World.groups[name])
}

// place names a container across packages, a field "path.Type.field" or a package
// variable, when it has a name.
func place(container *Value) string {
	switch container.Op {
	case Field:
		return container.Owner
	case Global:
		return container.Name
	}
	return ""
}

// groups names the containers that clients join.
func (p *Package) groups() []string {
	puts := p.puts()
	own := p.ownKeys(puts)
	joined, owned := map[string]bool{}, map[string]bool{}
	for _, e := range puts {
		container, keys := e.under()
		name := place(container)
		switch {
		case name == "" || len(keys) == 0:
		case !beside(keys, e.members()):
			owned[name] = true
		case own[p.client(e.Target)]:
			joined[name] = true
		}
	}
	return slices.DeleteFunc(sortedKeys(joined), func(name string) bool { return owned[name] })
}

// puts are the effects by which anything of the package stores clients.
func (p *Package) puts() []*Effect {
	var out []*Effect
	add := func(effects []*Effect) {
		for _, e := range effects {
			if e.Op == Put && len(e.members()) > 0 {
				out = append(out, e)
			}
		}
	}
	for _, f := range p.order {
		if p.worthReading(f) {
			if s := p.summarize(f); s != nil {
				add(s.Effects)
			}
		}
	}
	for _, key := range sortedKeys(p.Consumers()) {
		add(p.Consumers()[key])
	}
	return out
}

// members are the clients that a Put stores, as key or as value.
func (e *Effect) members() Set {
	var out Set
	for _, v := range Join(e.Key, e.Val) {
		if v.Lib != "" && !v.Passes(Derived, Opaque) {
			out = append(out, v)
		}
	}
	return out
}

// under is the container that a Put chooses a place in, and the keys of that place: of
// several containers in one another the innermost whose element is known.
func (e *Effect) under() (*Value, Set) {
	for v := e.Target; v != nil; v = v.X {
		if v.Op == Elem && len(v.Keys) > 0 {
			return v.X, v.Keys
		}
	}
	return e.Target, e.Key
}

// ownKeys are the types of clients that lie in a container under a field of their own.
// What the program makes up names a connection, not whose it is.
func (p *Package) ownKeys(puts []*Effect) map[types.Object]bool {
	own := map[types.Object]bool{}
	for _, e := range puts {
		for _, k := range e.Key {
			if slices.ContainsFunc(e.Val, func(m *Value) bool { return m.Lib != "" && p.ownKey(k, m) }) {
				own[p.client(e.Target)] = true
			}
		}
	}
	delete(own, nil)
	return own
}

// client is the type of the clients in a container, nil for connections of a library,
// which cannot say whose they are.
func (p *Package) client(container *Value) types.Object {
	key, elem := conns.Container(p.typeOf(container))
	for _, t := range []types.Type{key, elem} {
		if named := conns.Named(t); named != nil && p.Catalog.Bears(t) != "" && p.Catalog.Conn(t) == "" {
			return named.Obj()
		}
	}
	return nil
}

// typeOf is the type of a field or a variable of this package, or of what lies in one.
func (p *Package) typeOf(v *Value) types.Type {
	switch v.Op {
	case Elem:
		_, elem := conns.Container(p.typeOf(v.X))
		return elem
	case Global:
		obj, ok := p.Types.Scope().Lookup(v.Name[strings.LastIndex(v.Name, ".")+1:]).(*types.Var)
		if ok && VarName(obj) == v.Name {
			return obj.Type()
		}
	case Field:
		for f, name := range p.owners {
			if name == v.Owner {
				return f.Type()
			}
		}
	}
	return nil
}

// ownKey reports whether k is a field of the client m, and not of the program's making.
func (p *Package) ownKey(k, m *Value) bool {
	if m.Op == Struct {
		return !ownIdentifier(k) && slices.ContainsFunc(m.Args, func(a *Value) bool { return Same(a, k) })
	}
	if k.Op != Field || !Same(k.X, m) {
		return false
	}
	info := p.FieldInfoByName(k.Owner, nil)
	return info == nil || !info.Generated
}

// beside reports whether none of the keys is a part of a member, nor went into one.
func beside(keys, members Set) bool {
	for _, k := range keys {
		for _, m := range members {
			within := k.Op == Const || k.Contains(m)
			m.Leaves(func(part *Value) { within = within || Same(part, k) })
			if within {
				return false
			}
		}
	}
	return true
}
