package flow

import (
	"go/ast"
	"strconv"
	"strings"
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
	at    ast.Node
	key   string
	nodes int
}

// Set holds the alternatives of one expression.
type Set []*Value

const (
	maxSet  = 6
	maxSize = 40
)

// At returns the expression of the function at hand that selected an Elem.
func (v *Value) At() ast.Node { return v.at }

// ID is equal for equal values.
func (v *Value) ID() string {
	if v == nil {
		return "-"
	}
	if v.key == "" {
		v.key = v.render()
	}
	return v.key
}

func (v *Value) render() string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(int(v.Op)))
	if v.Index != 0 {
		b.WriteByte('#')
		b.WriteString(strconv.Itoa(v.Index))
	}
	b.WriteString(v.Name)
	if v.at != nil {
		b.WriteByte('@')
		b.WriteString(strconv.Itoa(int(v.at.Pos())))
	}
	if v.X != nil {
		b.WriteByte('<')
		b.WriteString(v.X.ID())
		b.WriteByte('>')
	}
	list(&b, '[', v.Keys, ']')
	list(&b, '(', v.Args, ')')
	if len(v.Names) > 0 {
		b.WriteString(strings.Join(v.Names, ","))
	}
	if v.Lib != "" {
		b.WriteByte('!')
		b.WriteString(v.Lib)
	}
	return b.String()
}

func list(b *strings.Builder, open byte, s Set, end byte) {
	if s == nil {
		return
	}
	b.WriteByte(open)
	for i, v := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(v.ID())
	}
	b.WriteByte(end)
}

// size counts the nodes of a value.
func (v *Value) size() int {
	if v == nil {
		return 0
	}
	if v.nodes > 0 {
		return v.nodes
	}
	n := 1 + v.X.size()
	for _, k := range v.Keys {
		n += k.size()
	}
	for _, a := range v.Args {
		n += a.size()
	}
	v.nodes = n
	return n
}

// one is the set of a single value, cut down when the value has grown too large
// to be worth following.
func one(v *Value) Set {
	if v.size() > maxSize {
		return Set{{Op: Opaque, Lib: v.Lib}}
	}
	return Set{v}
}

// Join merges alternatives without repeating any.
func Join(sets ...Set) Set {
	var out Set
	seen := map[string]bool{}
	for _, s := range sets {
		for _, v := range s {
			if id := v.ID(); !seen[id] && len(out) < maxSet {
				seen[id] = true
				out = append(out, v)
			}
		}
	}
	return out
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
			out = append(out, withLib(v.Args, lib))
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
	if v.size() > maxSize {
		return &Value{Op: Opaque}
	}
	return v
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
		c := *v
		c.Lib, c.key = lib, ""
		out[i] = &c
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

// bare is the identity of the path alone, without the mark of a static type.
func (v *Value) bare() string {
	if v.Lib == "" {
		return v.ID()
	}
	c := *v
	c.Lib, c.key = "", ""
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
