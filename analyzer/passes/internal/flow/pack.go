package flow

import (
	"bytes"
	"encoding/gob"
)

// packed is the form of contents between processes. Summaries repeat the same names,
// values and sets thousands of times; here each stands once, before what refers to
// it, and 0 refers to nothing.
type packed struct {
	Names   []string
	Values  []packedValue
	Sets    [][]uint32 // of values
	Effects []packedEffect

	Funcs     []packedFunc
	Consumers []packedList
	Globals   []packedGlobal
	Fields    []packedField
}

type packedValue struct {
	Op               Op
	Index            int
	Name, Lib, Owner uint32
	X, Keys, Args    uint32
	Names            []uint32
}

type packedEffect struct {
	Op                             EffectOp
	Name, Target, Key, Val, Guards uint32
	Args                           []uint32
}

type packedFunc struct {
	Name        uint32
	Results     []uint32
	Effects     []uint32
	Reads       []string
	Small, Thin bool
	Runs        bool
}

type packedList struct {
	Name    uint32
	Effects []uint32
}

type packedGlobal struct{ Name, Alias, Func uint32 }

type packedField struct {
	Name, Holds                        uint32
	Generated, Dialed, Accepted, Given bool
}

// packer gives everything its number.
type packer struct {
	out     packed
	names   map[string]uint32
	values  map[valueKey]uint32
	sets    map[string]uint32
	effects map[Identity]uint32
}

// valueKey tells values apart that are equal but for the type that a field is of.
type valueKey struct {
	id    Identity
	owner string
}

func pack(c *Contents) ([]byte, error) {
	p := &packer{names: map[string]uint32{}, values: map[valueKey]uint32{}, sets: map[string]uint32{}, effects: map[Identity]uint32{}}
	for _, name := range sortedKeys(c.Funcs) {
		s := c.Funcs[name]
		f := packedFunc{Name: p.name(name), Effects: p.list(s.Effects), Reads: s.Reads, Small: s.Small, Thin: s.Thin, Runs: s.Runs}
		for _, r := range s.Results {
			f.Results = append(f.Results, p.set(r))
		}
		p.out.Funcs = append(p.out.Funcs, f)
	}
	for _, key := range sortedKeys(c.Consumers) {
		p.out.Consumers = append(p.out.Consumers, packedList{p.name(key), p.list(c.Consumers[key])})
	}
	for _, name := range sortedKeys(c.Globals) {
		g := c.Globals[name]
		p.out.Globals = append(p.out.Globals, packedGlobal{p.name(name), p.set(g.Alias), p.set(g.Func)})
	}
	for _, name := range sortedKeys(c.Fields) {
		f := c.Fields[name]
		p.out.Fields = append(p.out.Fields, packedField{p.name(name), p.set(f.Holds), f.Generated, f.Dialed, f.Accepted, f.Given})
	}
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(&p.out)
	return b.Bytes(), err
}

func (p *packer) name(s string) uint32 {
	if s == "" {
		return 0
	}
	n, ok := p.names[s]
	if !ok {
		p.out.Names = append(p.out.Names, s)
		n = uint32(len(p.out.Names))
		p.names[s] = n
	}
	return n
}

func (p *packer) value(v *Value) uint32 {
	if v == nil {
		return 0
	}
	key := valueKey{v.ID(), v.Owner}
	if n, ok := p.values[key]; ok {
		return n
	}
	w := packedValue{Op: v.Op, Index: v.Index, Name: p.name(v.Name), Lib: p.name(v.Lib), Owner: p.name(v.Owner), X: p.value(v.X), Keys: p.set(v.Keys), Args: p.set(v.Args)}
	for _, n := range v.Names {
		w.Names = append(w.Names, p.name(n))
	}
	p.out.Values = append(p.out.Values, w)
	n := uint32(len(p.out.Values))
	p.values[key] = n
	return n
}

// set numbers a set; the empty one is not none.
func (p *packer) set(s Set) uint32 {
	if s == nil {
		return 0
	}
	members := make([]uint32, len(s))
	key := make([]byte, 0, 4*len(s))
	for i, v := range s {
		n := p.value(v)
		members[i] = n
		key = append(key, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	}
	n, ok := p.sets[string(key)]
	if !ok {
		p.out.Sets = append(p.out.Sets, members)
		n = uint32(len(p.out.Sets))
		p.sets[string(key)] = n
	}
	return n
}

func (p *packer) list(effects []*Effect) []uint32 {
	out := make([]uint32, len(effects))
	for i, e := range effects {
		out[i] = p.effect(e)
	}
	return out
}

func (p *packer) effect(e *Effect) uint32 {
	if n, ok := p.effects[e.ID()]; ok {
		return n
	}
	w := packedEffect{Op: e.Op, Name: p.name(e.Name), Target: p.value(e.Target), Key: p.set(e.Key), Val: p.set(e.Val), Guards: p.set(e.Guards)}
	for _, a := range e.Args {
		w.Args = append(w.Args, p.set(a))
	}
	p.out.Effects = append(p.out.Effects, w)
	n := uint32(len(p.out.Effects))
	p.effects[e.ID()] = n
	return n
}
