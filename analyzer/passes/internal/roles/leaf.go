package roles

import (
	"sort"
	"strings"

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

func (l Leaf) id() string { return l.Root.ID() + "." + strings.Join(l.Path, ".") }

// leaves lists the inputs of the alternatives of a key, each once. Constants and
// values that come from nowhere are no inputs.
func leaves(s flow.Set) []Leaf {
	seen := map[string]Leaf{}
	for _, v := range s {
		gather(v, Leaf{}, seen)
	}
	ids := make([]string, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	out := make([]Leaf, len(ids))
	for i, id := range ids {
		out[i] = seen[id]
	}
	return out
}

// Inputs lists what a key is made of.
func Inputs(s flow.Set) []Leaf { return leaves(s) }

func gather(v *flow.Value, at Leaf, seen map[string]Leaf) {
	if v == nil {
		return
	}
	switch v.Op {
	case flow.Const, flow.Fresh, flow.FuncRef, flow.Closure:
	case flow.Field:
		at.Path = append([]string{v.Name}, at.Path...)
		gather(v.X, at, seen)
	case flow.Elem, flow.Key:
		at.List, at.Path = true, nil
		gather(v.X, at, seen)
	case flow.Derived, flow.Opaque:
		at.Decoded = at.Decoded || v.Name == flow.Decoded
		at.Looked = at.Looked || v.Op == flow.Opaque && v.Name == ""
		at.Parsed = at.Parsed || v.Name == flow.Parsed
		at.Path = nil
		for _, a := range v.Args {
			gather(a, at, seen)
		}
	case flow.Struct, flow.List:
		for _, a := range v.Args {
			gather(a, at, seen)
		}
	case flow.Param, flow.LitParam, flow.Msg, flow.Global, flow.Accepted, flow.Dialed:
		at.Root = v
		if known, ok := seen[at.id()]; !ok || known.Looked || known.Parsed {
			seen[at.id()] = at
		}
	}
}
