package flow

import (
	"go/ast"
	"hash/maphash"
	"math/bits"
)

// Identity is equal for equal values, and for effects that say the same. It is a
// hash of 128 bits: values are compared far more often than they are looked at, and
// to spell each out took most of the time of a run. It holds for one process.
type Identity struct{ a, b uint64 }

// The seeds of text in the two halves differ, so that they are independent.
var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func (h *Identity) number(x uint64) {
	const p, q = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93 // odd constants of mixed bits
	hi, lo := bits.Mul64(h.a^x, p)
	h.a = hi ^ lo + x
	hi, lo = bits.Mul64(h.b+x, q)
	h.b = hi ^ lo ^ p
}

func (h *Identity) text(s string) {
	if s == "" {
		h.number(0)
		return
	}
	hi, lo := bits.Mul64(h.a^maphash.String(seeds[0], s), 0xa0761d6478bd642f)
	h.a = hi ^ lo
	hi, lo = bits.Mul64(h.b^maphash.String(seeds[1], s), 0xe7037ed1a0b428db)
	h.b = hi ^ lo
}

func (h *Identity) add(o Identity) {
	h.number(o.a)
	h.number(o.b)
}

// set keeps the empty set apart from none.
func (h *Identity) set(s Set) {
	if s == nil {
		h.number(0)
		return
	}
	h.number(uint64(len(s)) + 1)
	for _, v := range s {
		h.add(v.ID())
	}
}

func (h *Identity) place(n ast.Node) {
	if n != nil {
		h.number(uint64(n.Pos()))
	}
}

// traits are what is worth knowing of a value before it is walked. They are
// computed bottom up, once.
type traits struct {
	id    Identity
	nodes int  // the size of the tree
	open  bool // something inside stands for what a caller knows: see [binding]
	local bool // something inside makes sense only within one function
	known bool
}

// ID is equal for equal values.
func (v *Value) ID() Identity {
	if v == nil {
		return Identity{}
	}
	return v.look().id
}

func (v *Value) look() *traits {
	if v.known {
		return &v.traits
	}
	t := traits{nodes: 1, known: true}
	switch v.Op {
	case Param, Apply:
		t.open = true
	case Msg:
		t.open = v.Name != ""
	case LitParam, Closure:
		t.local = true
	}
	t.local = t.local || v.at != nil
	t.id = v.identify()
	for _, s := range [...]Set{v.Keys, v.Args} {
		for _, part := range s {
			t.part(part)
		}
	}
	if v.X != nil {
		t.part(v.X)
	}
	v.traits = t
	return &v.traits
}

func (t *traits) part(v *Value) {
	o := v.look()
	t.nodes += o.nodes
	t.open = t.open || o.open
	t.local = t.local || o.local
}

func (v *Value) identify() Identity {
	h := Identity{a: uint64(v.Op) + 1, b: uint64(v.Index) + 1}
	h.number(uint64(v.Index)<<8 | uint64(v.Op))
	h.text(v.Name)
	h.text(v.Lib)
	h.place(v.at)
	h.add(v.X.ID())
	h.set(v.Keys)
	h.set(v.Args)
	for _, n := range v.Names {
		h.text(n)
	}
	return h
}

// ID is equal for effects that say the same.
func (e *Effect) ID() Identity {
	if e.key != (Identity{}) {
		return e.key
	}
	h := Identity{a: uint64(e.Op), b: uint64(len(e.Args))}
	h.text(e.Name)
	h.add(e.Target.ID())
	h.set(e.Key)
	h.set(e.Val)
	for _, a := range e.Args {
		h.set(a)
	}
	h.set(e.Guards)
	e.key = h
	return h
}
