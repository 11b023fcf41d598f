package flow

import (
	"go/ast"
	"slices"
)

// Op says how a Value came about.
type Op uint8

// The operations. Pointers, conversions and type assertions leave a value as it
// is: only where it comes from matters.
const (
	Opaque   Op = iota // not followed; Args are what it was made from
	Const              // a constant or nil
	Param              // parameter Index of the function, 0 the receiver
	LitParam           // parameter Index of a function literal, Name tells which
	Global             // package variable, Name is "path.name"
	Field              // field Name of X
	Elem               // element of X: the one under Keys, or any when there are none
	Key                // some key of X
	Msg                // what was received from the channel X
	Derived            // made from Args by functions without side effects
	Struct             // fresh struct with fields Names set to Args, pairwise
	Fresh              // a new empty object
	List               // fresh container of Args, under Keys
	Closure            // function literal Name
	FuncRef            // function Name
	Accepted           // a connection just upgraded
	Dialed             // a connection just dialed
	Eq                 // Args[0] == Args[1]
	In                 // Args[0] is a member of X
	Not                // negation of X
	And                // all of Args
	Or                 // any of Args
	Apply              // result of calling the function value X
)

// Value is a symbolic value: an immutable tree. Lib is the WebSocket library of
// the connection that its static type carries.
type Value struct {
	Op    Op
	Index int
	Name  string
	X     *Value
	Keys  Set
	Args  Set
	Names []string
	Lib   string
	Owner string // of a Field: its name with the type, "path.Type.field"

	// At is the expression that picked the element, within the function that is
	// being read; it does not travel.
	at ast.Node

	traits
}

// Set holds the alternatives of one expression.
type Set []*Value

const (
	maxSet  = 6
	maxSize = 40
)

// At returns the expression of the function at hand that selected an Elem.
func (v *Value) At() ast.Node { return v.at }

// clone is a copy that may be changed: nothing is known of it yet.
func (v *Value) clone() *Value {
	c := *v
	c.traits = traits{}
	return &c
}

// one is the set of a single value, cut down when the value has grown too large
// to be worth following.
func one(v *Value) Set {
	if v.look().nodes > maxSize {
		return Set{{Op: Opaque, Lib: v.Lib}}
	}
	return Set{v}
}

// Join merges alternatives without repeating any. Most joins have one part only,
// which is then the result.
func Join(sets ...Set) Set {
	var only Set
	parts := 0
	for _, s := range sets {
		if len(s) > 0 {
			only = s
			parts++
		}
	}
	if parts == 0 {
		return nil
	}
	if parts == 1 && distinct(only) {
		return only[:len(only):len(only)]
	}
	out := make(Set, 0, maxSet)
	for _, s := range sets {
		for _, v := range s {
			if len(out) == maxSet {
				return out
			}
			if !out.has(v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// distinct reports whether s is already what Join would make of it.
func distinct(s Set) bool {
	if len(s) > maxSet {
		return false
	}
	for i, v := range s {
		if s[:i].has(v) {
			return false
		}
	}
	return true
}

func (s Set) has(v *Value) bool {
	return slices.ContainsFunc(s, func(o *Value) bool { return o == v || o.ID() == v.ID() })
}

// field is the named field of every alternative; fields of fresh structs are
// known.
func field(s Set, name, lib string) Set { return ownField(s, name, "", lib) }

// ownField is field with the name of the declaring type.
func ownField(s Set, name, owner, lib string) Set {
	var out []Set
	for _, v := range s {
		out = append(out, fieldOf(v, name, owner, lib))
	}
	return Join(out...)
}

func fieldOf(v *Value, name, owner, lib string) Set {
	switch v.Op {
	case Struct:
		var hits []Set
		for i, n := range v.Names {
			if n == name {
				hits = append(hits, Set{v.Args[i]})
			}
		}
		if hits != nil {
			return Join(hits...)
		}
		return Set{{Op: Opaque, Lib: lib}}
	case Opaque, Derived, Const:
		return one(&Value{Op: v.Op, Name: v.Name, Args: v.Args, Lib: lib})
	}
	return one(&Value{Op: Field, Name: name, X: v, Lib: lib, Owner: owner})
}

// elem is the element of every alternative under one of the keys, or any element
// when keys is nil.
func elem(s, keys Set, lib string, at ast.Node) Set {
	var out []Set
	for _, v := range s {
		switch v.Op {
		case List:
			out = append(out, withLib(v.under(keys, at), lib))
		case Fresh:
		case Opaque, Const, Derived:
			out = append(out, one(&Value{Op: v.Op, Name: v.Name, Args: v.Args, Lib: lib}))
		default:
			out = append(out, one(&Value{Op: Elem, X: v, Keys: keys, Lib: lib, at: at}))
		}
	}
	return Join(out...)
}

// made is a value that depends on the inputs and nothing else that matters. What
// the inputs were made of is taken over, so that values stay flat.
func made(op Op, inputs ...Set) *Value {
	var kept Set
	for _, v := range Join(inputs...) {
		switch {
		case v.Op == Const:
		case (v.Op == Opaque || v.Op == Derived) && v.Name == "":
			if v.Op == Opaque {
				op = Opaque
			}
			kept = Join(kept, v.Args)
		default:
			kept = Join(kept, Set{v})
		}
	}
	v := &Value{Op: op, Args: kept}
	if v.look().nodes > maxSize {
		return &Value{Op: Opaque}
	}
	return v
}

// under is what a fresh container holds under one of the keys: of a copy of another
// container, what that holds under them.
func (v *Value) under(keys Set, at ast.Node) Set {
	if len(keys) == 0 {
		return v.Args
	}
	out := make(Set, len(v.Args))
	for i, a := range v.Args {
		out[i] = a
		if a.Op != Elem || len(a.Keys) > 0 {
			continue
		}
		for _, k := range v.Keys {
			if k.Op == Key && Same(k.X, a.X) {
				out[i] = one(&Value{Op: Elem, X: a.X, Keys: keys, Lib: a.Lib, at: at})[0]
			}
		}
	}
	return out
}

// withLib returns the values marked as carrying a connection of the library.
func withLib(s Set, lib string) Set {
	if lib == "" {
		return s
	}
	out := make(Set, len(s))
	for i, v := range s {
		if v.Lib == lib {
			out[i] = v
			continue
		}
		c := v.clone()
		c.Lib = lib
		out[i] = c
	}
	return out
}

// Decoded is the Name of a value unpacked from the bytes in its Args.
const Decoded = "decoded"

// Parsed is the Name of a value cut out of a text.
const Parsed = "parsed"

// Same reports whether two values name the same place.
func Same(a, b *Value) bool { return a != nil && b != nil && a.bare() == b.bare() }

// Root returns what the access path of v starts at.
func (v *Value) Root() *Value {
	for v.X != nil {
		v = v.X
	}
	return v
}

// Contains reports whether inner is a step of the path of v, or v itself.
func (v *Value) Contains(inner *Value) bool {
	id := inner.bare()
	for ; v != nil; v = v.X {
		if v.bare() == id {
			return true
		}
	}
	return false
}

// Passes reports whether v, or a step of its path, is one of ops.
func (v *Value) Passes(ops ...Op) bool {
	for ; v != nil; v = v.X {
		if slices.Contains(ops, v.Op) {
			return true
		}
	}
	return false
}

// Fields reports whether nothing but fields lies between v and what it starts at.
func (v *Value) Fields() bool {
	for v.Op == Field {
		v = v.X
	}
	return v.X == nil
}

// MadeOf reports whether ok holds of v, or of something that the list or the derived
// value v, such as a length, was made of.
func (v *Value) MadeOf(ok func(*Value) bool) bool {
	if v.Op != List && v.Op != Derived {
		return ok(v)
	}
	of := func(part *Value) bool { return part.MadeOf(ok) }
	return slices.ContainsFunc(v.Args, of) || slices.ContainsFunc(v.Keys, of)
}

// bare is the identity of the path alone, without the mark of a static type.
func (v *Value) bare() Identity {
	if v.Lib == "" {
		return v.ID()
	}
	c := v.clone()
	c.Lib = ""
	return c.ID()
}

// Leaves calls visit for every value inside v.
func (v *Value) Leaves(visit func(*Value)) {
	if v == nil {
		return
	}
	visit(v)
	v.X.Leaves(visit)
	for _, k := range v.Keys {
		k.Leaves(visit)
	}
	for _, a := range v.Args {
		a.Leaves(visit)
	}
}
