package roles

import (
	"slices"

	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// Leaf is one input that a key is made of: a parameter, or a field path into it.
type Leaf struct {
	Root    *flow.Value // Param, Msg, Global or another root
	Path    []string    // fields from the root on
	List    bool        // the key is an element of the root, or one of its keys
	Decoded bool        // unpacked from bytes
	Looked  bool        // looked up by code that is not followed
	Parsed  bool        // cut out of a text
}

// same reports whether two leaves are one input.
func (l Leaf) same(o Leaf) bool { return l.Root.ID() == o.Root.ID() && slices.Equal(l.Path, o.Path) }

// leaves lists the inputs of the alternatives of a key, each once, in the order in
// which the code names them. Constants and values that come from nowhere are none.
func leaves(s flow.Set) []Leaf {
	var out []Leaf
	for _, v := range s {
		gather(v, Leaf{}, &out)
	}
	return out
}

// Inputs lists what a key is made of.
func Inputs(s flow.Set) []Leaf { return leaves(s) }

func gather(v *flow.Value, at Leaf, out *[]Leaf) {
	if v == nil {
		return
	}
	switch v.Op {
	case flow.Const, flow.Fresh, flow.FuncRef, flow.Closure:
	case flow.Field:
		at.Path = append([]string{v.Name}, at.Path...)
		gather(v.X, at, out)
	case flow.Elem, flow.Key:
		at.List, at.Path = true, nil
		gather(v.X, at, out)
	case flow.Derived, flow.Opaque:
		at.Decoded = at.Decoded || v.Name == flow.Decoded
		at.Looked = at.Looked || v.Op == flow.Opaque && v.Name == ""
		at.Parsed = at.Parsed || v.Name == flow.Parsed
		at.Path = nil
		for _, a := range v.Args {
			gather(a, at, out)
		}
	case flow.Struct, flow.List:
		for _, a := range v.Args {
			gather(a, at, out)
		}
	case flow.Param, flow.LitParam, flow.Msg, flow.Global, flow.Accepted, flow.Dialed:
		at.Root = v
		i := slices.IndexFunc(*out, func(l Leaf) bool { return l.same(at) })
		switch {
		case i < 0:
			*out = append(*out, at)
		case (*out)[i].Looked || (*out)[i].Parsed:
			(*out)[i] = at
		}
	}
}
