package singleton

import (
	"go/types"
	"slices"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/internal/roles"
)

// trait is what makes a type a manager of connections.
type trait struct {
	library    string
	addressed  bool // can tell one user from another
	client     bool // its connections were dialed
	last       bool // holds the connection that came last
	alias      bool
	declared   bool // somebody said so
	serves     bool // accepts connections but keeps none
	queue      bool // carries connections that others picked
	nested     bool // manages through a field of its own
	container  bool
	severity   findings.Severity // set when already known
	registries map[string]bool   // containers of connections, as paths below a value of the type
}

// traitOf judges a type, nil when it manages nothing.
func (f *finder) traitOf(t types.Type) *trait {
	if t == nil {
		return nil
	}
	if lib := f.p.Catalog.Hub(t); lib != "" {
		return &trait{library: lib, addressed: true}
	}
	if lib := f.registryLib(t); lib != "" {
		return &trait{library: lib, addressed: f.identified(t), client: f.clientElements(t), container: true, registries: map[string]bool{"": true}}
	}
	named := conns.Named(t)
	if named == nil {
		return f.structTrait(t, nil)
	}
	named = named.Origin()
	if known, ok := f.types[named]; ok {
		return known
	}
	f.types[named] = nil // a type that reaches itself adds nothing
	if named.Obj().Pkg() == nil || !f.p.Catalog.FirstParty(named.Obj().Pkg().Path()) {
		return nil
	}
	tr := f.structTrait(named, f.methods(named))
	f.types[named] = tr
	return tr
}

// structTrait judges a struct by its fields and by what its methods do.
func (f *finder) structTrait(t types.Type, effects []*flow.Effect) *trait {
	st, ok := structOf(t)
	if !ok {
		return nil
	}
	tr := &trait{registries: map[string]bool{}, client: true}
	one := f.p.Catalog.Bears(t) != ""
	for field := range st.Fields() {
		if one && isChan(field.Type()) {
			continue // what a client is still to be sent, though it may name other clients
		}
		lib := f.registryLib(field.Type())
		if lib == "" {
			lib = f.p.Catalog.Hub(field.Type())
		}
		if lib == "" {
			continue
		}
		tr.library = lib
		tr.registries[field.Name()] = true
		tr.addressed = tr.addressed || f.identified(field.Type())
		tr.client = tr.client && f.clientElements(field.Type())
	}
	if tr.library == "" {
		tr.client = false
		f.behaviour(tr, t, st, effects)
	}
	if tr.library == "" && !f.hidden(tr, effects) {
		return f.server(t)
	}
	f.addressing(tr, effects)
	return tr
}

// server recognises a type whose methods accept connections and leave it to
// others, such as a broker, to reach them.
func (f *finder) server(t types.Type) *trait {
	named := conns.Named(t)
	if named == nil {
		return nil
	}
	set := types.NewMethodSet(types.NewPointer(named))
	for m := range set.Methods() {
		sum := f.p.MethodSummary(named, m.Obj().Name())
		if sum == nil {
			continue
		}
		for _, e := range sum.Effects {
			if e.Op == flow.Upgrade {
				return &trait{library: e.Target.Lib, serves: true}
			}
		}
	}
	return nil
}

// behaviour finds connections that only the methods reveal: in a sync.Map, behind
// any, or in a field that is a manager itself.
func (f *finder) behaviour(tr *trait, t types.Type, st *types.Struct, effects []*flow.Effect) {
	lib := libraryOf(effects)
	if lib == "" || f.p.Catalog.Bears(t) != "" && !storesConns(effects) {
		return
	}
	var direct bool
	heavy := 0
	for field := range st.Fields() {
		if substantial(field.Type()) {
			heavy++
		}
		if touchesField(effects, field.Name()) && (conns.Untyped(field.Type()) || f.traitOf(field.Type()) == nil) {
			direct = true
		}
	}
	if !direct && heavy > 3 && !embedsManager(f, st) {
		return // a struct that collects what the program needs: its fields are judged
	}
	tr.library, tr.nested = lib, !direct
}

func embedsManager(f *finder, st *types.Struct) bool {
	for field := range st.Fields() {
		if field.Embedded() && f.traitOf(field.Type()) != nil {
			return true
		}
	}
	return false
}

func storesConns(effects []*flow.Effect) bool {
	for _, e := range effects {
		if e.Op == flow.Put {
			return true
		}
	}
	return false
}

// substantial fields are what tells an application struct from a manager.
func substantial(t types.Type) bool {
	if named := conns.Named(t); named != nil && named.Obj().Pkg() != nil {
		path := named.Obj().Pkg().Path()
		return path != "sync" && path != "sync/atomic" && path != "time" && path != "context"
	}
	return types.IsInterface(t)
}

// touchesField reports whether connections are put into, or taken out of, the
// field itself.
func touchesField(effects []*flow.Effect, name string) bool {
	for _, e := range effects {
		if e.Op != flow.Put && e.Op != flow.Write && e.Op != flow.Holds {
			continue
		}
		for v := e.Target; v != nil; v = v.X {
			if v.Op == flow.Field && v.Name == name && v.X.Op == flow.Param {
				return true
			}
		}
	}
	return false
}

// methods is what the methods of a type do to their receiver, channels expanded.
func (f *finder) methods(named *types.Named) []*flow.Effect {
	var out []*flow.Effect
	set := types.NewMethodSet(types.NewPointer(named))
	for m := range set.Methods() {
		fn, ok := m.Obj().(*types.Func)
		if !ok {
			continue
		}
		sum := f.p.MethodSummary(named, fn.Name())
		if sum == nil {
			continue
		}
		for _, e := range f.p.Expand(sum.Effects) {
			if root := e.Target.Root(); root.Op == flow.Param && root.Index == 0 {
				out = append(out, e)
			}
		}
	}
	return flow.Dedupe(out)
}

// registryLib is the library of the connections in a container, seen through the
// program's own interfaces where this package knows what implements them.
func (f *finder) registryLib(t types.Type) string {
	if lib := f.p.Catalog.Registry(t); lib != "" {
		return lib
	}
	key, elem := conns.Container(t)
	for _, inner := range []types.Type{elem, key} {
		if inner != nil && types.IsInterface(inner) {
			if lib := f.p.Reaches(inner); lib != "" {
				return lib
			}
		}
	}
	return ""
}

// identified reports whether a container can tell its users apart: it has keys that
// are no connections, or elements that carry an identity.
func (f *finder) identified(t types.Type) bool {
	key, elem := conns.Container(t)
	if key != nil && (f.p.Catalog.Bears(key) == "" || isIdentity(elem)) {
		return true
	}
	if key == nil && elem != nil && f.p.Catalog.Bears(elem) == "" && f.p.Catalog.Registry(elem) != "" {
		return f.identified(elem) // one of several parts of the registry
	}
	for _, inner := range []types.Type{key, elem} {
		if inner != nil && f.carriesIdentity(inner) {
			return true
		}
	}
	return false
}

// isIdentity reports whether a value of the type can tell one user from another.
func isIdentity(t types.Type) bool {
	basic, ok := t.Underlying().(*types.Basic)
	return ok && basic.Info()&(types.IsString|types.IsInteger) != 0
}

func (f *finder) carriesIdentity(t types.Type) bool {
	st, ok := structOf(t)
	if !ok || f.p.Catalog.Conn(t) != "" {
		return false
	}
	for field := range st.Fields() {
		if isIdentity(field.Type()) {
			info := f.fieldInfo(field)
			if info == nil || !info.Generated {
				return true
			}
		}
	}
	return false
}

func (f *finder) fieldInfo(field *types.Var) *flow.FieldInfo {
	return f.p.FieldInfoByName(f.p.FieldName(field), field)
}

// clientElements reports whether the connections in a container were all dialed.
func (f *finder) clientElements(t types.Type) bool {
	key, elem := conns.Container(t)
	if elem == nil {
		return false
	}
	if key != nil && f.p.Catalog.Bears(key) != "" {
		elem = key
	}
	dialed, other := f.dialed(elem, 0)
	return dialed && !other
}

// maxParts bounds how deep a connection may lie in what a container holds.
const maxParts = 4

// dialed reports whether connections that a struct holds, itself or in its parts, were
// dialed, and whether there are any of which that is not known.
func (f *finder) dialed(t types.Type, depth int) (dialed, other bool) {
	st, ok := structOf(t)
	if !ok || depth > maxParts {
		return false, true
	}
	for field := range st.Fields() {
		if f.p.Catalog.Conn(field.Type()) != "" {
			info := f.fieldInfo(field)
			dialed = dialed || info != nil && info.Dialed
			other = other || info == nil || info.Accepted || info.Given
			continue
		}
		if f.p.Catalog.Bears(field.Type()) != "" {
			d, o := f.dialed(field.Type(), depth+1)
			dialed, other = dialed || d, other || o
		}
	}
	return dialed, other
}

// hidden recognises a manager whose sockets cannot be seen: it takes something in
// under a key and delivers to it.
func (f *finder) hidden(tr *trait, effects []*flow.Effect) bool {
	subject := f.subject(&flow.Value{Op: flow.Param}, nil, true)
	for _, e := range effects {
		if e.Op == flow.Put {
			tr.registries[roles.Below(e.Target, subject.State)] = true
		}
	}
	if len(tr.registries) == 0 {
		return false
	}
	leaves := slices.ContainsFunc(effects, func(e *flow.Effect) bool { return e.Op == flow.Del })
	for _, e := range effects {
		if e.Op == flow.Call && (!leaves || len(roles.Inputs(flow.Join(e.Args...))) == 0) {
			continue // hooks, which stay for as long as the program runs, and what is told nothing
		}
		v := subject.Judge([]*flow.Effect{e})
		switch v.Role {
		case findings.UserSend, findings.ConnSend, findings.RoomSend, findings.Broadcast, findings.RoutedSend:
			if delivered := registryOf(e.Target, subject.State); tr.registries[delivered] {
				return true
			}
		}
	}
	return false
}

// registryOf is the container that the outermost element of v's path lies in.
func registryOf(v, state *flow.Value) string {
	var container *flow.Value
	for ; v != nil && !flow.Same(v, state); v = v.X {
		if v.Op == flow.Elem || v.Op == flow.Key {
			container = v.X
		}
	}
	if container == nil {
		return "-"
	}
	return roles.Below(container, state)
}

// addressing completes what is known of the registries and of whom they can tell
// apart.
func (f *finder) addressing(tr *trait, effects []*flow.Effect) {
	subject := f.subject(&flow.Value{Op: flow.Param}, nil, tr.library == "")
	for _, e := range effects {
		if e.Op == flow.Put && (anyLib(e.Val) || anyLib(e.Key)) {
			tr.registries[roles.Below(e.Target, subject.State)] = true
			tr.addressed = tr.addressed || len(roles.Inputs(e.Key)) > 0 && !anyLib(e.Key)
		}
		if e.Op == flow.Write || e.Op == flow.Send {
			tr.registries[registryOf(e.Target, subject.State)] = true
			for _, k := range keysOf(e.Target) {
				tr.registries[registryOf(k, subject.State)] = true
			}
		}
	}
	delete(tr.registries, "-")
	for _, e := range effects {
		switch subject.Judge([]*flow.Effect{e}).Role {
		case findings.UserSend, findings.ConnSend, findings.RoomSend, findings.RoutedSend:
			tr.addressed = true
		}
	}
}

func anyLib(s flow.Set) bool {
	for _, v := range s {
		if v.Lib != "" {
			return true
		}
	}
	return false
}

func keysOf(v *flow.Value) flow.Set {
	var out flow.Set
	for ; v != nil; v = v.X {
		out = append(out, v.Keys...)
	}
	return out
}

// subject makes a state the subject of judgement.
func (r *run) subject(state *flow.Value, registries map[string]bool, hidden bool) *roles.Subject {
	rooms := r.opts.Rooms
	if rooms == nil {
		rooms = DefaultRooms
	}
	return &roles.Subject{State: state, Registries: registries, Hidden: hidden, Rooms: rooms, Made: r.made, Groups: r.p.Groups}
}

// made reports whether a field only ever holds identifiers that the program makes.
func (r *run) made(field string) bool {
	info := r.p.FieldInfoByName(field, nil)
	return info != nil && info.Generated
}
