package singleton

import (
	"go/types"
	"slices"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// evidence is what other packages and this one tell of the connections in a
// variable whose type does not say that it has any.
func (f *finder) evidence(v *types.Var) (l Late, ok bool) {
	name := flow.VarName(v)
	if l, ok = f.late(name); ok {
		return l, true
	}
	if l, ok = f.result.Late[name]; ok {
		return l, true
	}
	l.Library = libraryOf(f.uses[name])
	return l, l.Library != "" || f.p.Core() && callsBack(f.uses[name])
}

// late is what importers told of a variable in an earlier round.
func (f *finder) late(id string) (l Late, ok bool) {
	if f.opts.Late != nil {
		l, ok = f.opts.Late()[id]
	}
	return l, ok
}

// libraryOf is the library of the connections that effects put into a container,
// take out of it or write to.
func libraryOf(effects []*flow.Effect) string {
	for _, e := range effects {
		switch e.Op {
		case flow.Put:
			for _, v := range append(append(flow.Set(nil), e.Val...), e.Key...) {
				if v.Lib != "" {
					return v.Lib
				}
			}
		case flow.Holds:
			if e.Target.Passes(flow.Elem, flow.Key) {
				return e.Name
			}
		case flow.Write:
			if e.Target.Passes(flow.Elem, flow.Key) && e.Target.Lib != "" {
				return e.Target.Lib
			}
		}
	}
	return ""
}

// feeds is the library of the connections that values sent on a package channel
// end up at, and whether anything picks some of them.
func (f *finder) feeds(v *types.Var) (lib string, addressed bool) {
	if !isChan(v.Type()) {
		return "", false
	}
	for _, e := range f.p.Consumers()[flow.VarName(v)] {
		if e.Target.Root().Op != flow.Global || !hands(e) {
			continue
		}
		if found := libraryOf(f.uses[e.Target.Root().Name]); found != "" {
			lib = found
			addressed = addressed || e.Op != flow.Write || len(e.Guards) > 0 || picks(e.Target) || f.knowsUsers(e.Target.Root().Name)
		}
	}
	return lib, addressed
}

// queues reports whether all that becomes of the values sent on a package channel is
// that something goes to the connection that each of them brings, or to what that
// connection leads to: the channel itself picks nobody.
func (f *finder) queues(v *types.Var) bool {
	delivers := false
	for _, e := range f.p.Received(flow.VarName(v)) {
		switch e.Op {
		case flow.Write, flow.Send:
			if !brought(e.Target) {
				return false
			}
			delivers = true
		case flow.Put, flow.Assign:
			return false
		}
	}
	return delivers
}

// brought reports whether v is a connection that came out of a channel, or what is
// found under one.
func brought(v *flow.Value) bool {
	for ; v != nil; v = v.X {
		switch v.Op {
		case flow.Msg:
			return true
		case flow.Key:
			return false
		case flow.Elem:
			return len(v.Keys) > 0 && !slices.ContainsFunc(v.Keys, func(k *flow.Value) bool { return k.Lib == "" || !brought(k) })
		}
	}
	return false
}

// knowsUsers reports whether the registry in a variable can tell its users apart.
func (f *finder) knowsUsers(name string) bool {
	v := f.variableNamed(name)
	if v == nil || isChan(v.Type()) {
		return false
	}
	for _, c := range f.within(v.Type(), nil, 0) {
		if c.trait.addressed {
			return true
		}
	}
	return conns.Untyped(v.Type())
}

// picks reports whether a step of v is an element under a key.
func picks(v *flow.Value) bool {
	for ; v != nil; v = v.X {
		if v.Op == flow.Elem && len(v.Keys) > 0 {
			return true
		}
	}
	return false
}

// hands reports whether an effect uses what came out of a channel as it is, rather
// than something that was looked up by it: a queue of jobs is no way to a user.
func hands(e *flow.Effect) bool {
	for _, s := range []flow.Set{e.Val, e.Key, e.Guards} {
		for _, v := range s {
			direct := v.Root().Op == flow.Msg
			for _, a := range v.Args {
				direct = direct || a.Op == flow.Msg || a.Root().Op == flow.Msg
			}
			if v.Op != flow.Opaque && (direct || v.Passes(flow.Msg)) {
				return true
			}
		}
	}
	return false
}

// lastConnection recognises a variable that is overwritten with the connection of
// whoever came last, itself or in a field.
func (f *finder) lastConnection(v *types.Var) *trait {
	effects := f.uses[flow.VarName(v)]
	if named := conns.Named(v.Type()); named != nil && f.own(named) {
		effects = append(effects[:len(effects):len(effects)], f.methods(named)...)
	}
	for _, e := range effects {
		if e.Op != flow.Assign || !e.Target.Fields() {
			continue
		}
		for _, val := range e.Val {
			if lib := f.latest(v, e, val); lib != "" {
				return &trait{library: lib, last: true, addressed: true}
			}
		}
	}
	return nil
}

// latest is the library of the connection that a value brings into the variable. An
// object without its connection, such as one that stands for the system itself, brings
// none.
func (f *finder) latest(v *types.Var, e *flow.Effect, val *flow.Value) string {
	switch {
	case val.Op == flow.Struct:
		for _, part := range val.Args {
			if lib := f.latest(v, e, part); lib != "" {
				return lib
			}
		}
	case val.Op != flow.Accepted && val.Op != flow.Param && val.Op != flow.LitParam:
	case val.Lib != "":
		return val.Lib
	case e.Target.Op == flow.Global:
		return f.p.Catalog.Bears(v.Type())
	}
	return ""
}
