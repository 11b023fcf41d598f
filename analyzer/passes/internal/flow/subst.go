package flow

import "slices"

// binding says what the free values of a summary stand for at one place.
type binding struct {
	params []Set          // by index; nil means unknown
	msgs   map[string]Set // what was sent, by channel key
	apply  func(fn *Value, args Set) Set

	// done is what values became. The effects of one function name the same few
	// things again and again.
	done map[Identity]Set
}

func (b *binding) set(s Set) Set {
	if s == nil || !slices.ContainsFunc(s, (*Value).isOpen) {
		return s
	}
	if len(s) == 1 {
		if out := b.value(s[0]); out != nil {
			return out
		}
		return Set{}
	}
	out := make([]Set, len(s))
	for i, v := range s {
		out[i] = b.value(v)
	}
	joined := Join(out...)
	if joined == nil {
		joined = Set{}
	}
	return joined
}

// isOpen reports whether a binding may change v.
func (v *Value) isOpen() bool { return v.look().open }

// value rewrites v; several alternatives come out when a parameter has several.
func (b *binding) value(v *Value) Set {
	t := v.look()
	switch {
	case !t.open:
		return Set{v}
	case v.Op == Param:
		return b.param(v)
	}
	if known, ok := b.done[t.id]; ok {
		return known
	}
	out := b.rewrite(v)
	if b.done == nil {
		b.done = map[Identity]Set{}
	}
	b.done[t.id] = out
	return out
}

func (b *binding) rewrite(v *Value) Set {
	switch v.Op {
	case Msg:
		if sent, ok := b.msgs[v.Name]; ok && v.Name != "" {
			return sent
		}
	case Field:
		return withLib(ownField(b.value(v.X), v.Name, v.Owner, v.Lib), v.Lib)
	case Elem:
		return elem(b.value(v.X), b.set(v.Keys), v.Lib, v.at)
	case Key:
		return keyOf(b.value(v.X), v.Lib)
	case Apply:
		return b.applied(v)
	}
	return b.copied(v)
}

func (b *binding) param(v *Value) Set {
	if v.Index < len(b.params) && b.params[v.Index] != nil {
		return withLib(b.params[v.Index], v.Lib)
	}
	return Set{{Op: Opaque, Lib: v.Lib}}
}

func (b *binding) applied(v *Value) Set {
	var out []Set
	args := b.set(v.Args)
	for _, fn := range b.value(v.X) {
		if b.apply != nil {
			out = append(out, b.apply(fn, args))
		}
	}
	return Join(out...)
}

// copied rewrites the parts of v and keeps its shape.
func (b *binding) copied(v *Value) Set {
	bases := Set{nil}
	if v.X != nil {
		bases = b.value(v.X)
	}
	var out []Set
	for _, x := range bases {
		c := v.clone()
		c.X = x
		c.Keys = b.set(v.Keys)
		if v.Op == Struct || v.Op == Eq {
			c.Args = b.pairwise(v.Args)
		} else {
			c.Args = b.set(v.Args)
		}
		out = append(out, one(c))
	}
	return Join(out...)
}

// pairwise keeps the positions of args, taking the first alternative of each.
func (b *binding) pairwise(args Set) Set {
	out := make(Set, len(args))
	for i, a := range args {
		switch s := b.value(a); len(s) {
		case 0:
			out[i] = &Value{Op: Opaque}
		case 1:
			out[i] = s[0]
		default:
			out[i] = pick(s)
		}
	}
	return out
}

// pick chooses the alternative that says most.
func pick(s Set) *Value {
	for _, v := range s {
		if v.Op != Const && v.Op != Opaque && v.Op != Fresh {
			return v
		}
	}
	return s[0]
}

// keyOf is some key of every alternative.
func keyOf(s Set, lib string) Set {
	var out []Set
	for _, v := range s {
		switch v.Op {
		case List:
			out = append(out, v.Keys)
		case Opaque, Const, Derived, Fresh:
			out = append(out, one(&Value{Op: Opaque, Args: v.Args, Lib: lib}))
		default:
			out = append(out, one(&Value{Op: Key, X: v, Lib: lib}))
		}
	}
	return Join(out...)
}

// effect rewrites an effect; a target with several alternatives becomes several.
func (b *binding) effect(e *Effect) []*Effect {
	var out []*Effect
	for _, target := range b.value(e.Target) {
		c := &Effect{Op: e.Op, Name: e.Name, Target: target, Key: b.set(e.Key), Val: b.set(e.Val), Guards: b.set(e.Guards)}
		for _, a := range e.Args {
			c.Args = append(c.Args, b.set(a))
		}
		out = append(out, c)
	}
	return out
}

// Bind instantiates effects for a call whose operands are known in part: operands
// lists parameters by index, nil ones stay symbolic.
func Bind(effects []*Effect, operands []Set, count int) []*Effect {
	b := &binding{params: symbolic(operands, count)}
	var out []*Effect
	for _, e := range effects {
		for _, c := range b.effect(e) {
			c.node = e.node
			out = append(out, c)
		}
	}
	return out
}

// BindSet does the same for a result.
func BindSet(s Set, operands []Set, count int) Set {
	return (&binding{params: symbolic(operands, count)}).set(s)
}

func symbolic(operands []Set, count int) []Set {
	params := make([]Set, count+1)
	for i := range params {
		if i < len(operands) && operands[i] != nil {
			params[i] = operands[i]
		} else {
			params[i] = Set{{Op: Param, Index: i}}
		}
	}
	return params
}

// replace puts one value in the place of another wherever the effect mentions it.
func (e *Effect) replace(from, to *Value) *Effect {
	c := &Effect{Op: e.Op, Name: e.Name, Target: e.Target.replace(from, to), Key: e.Key.replace(from, to), Val: e.Val.replace(from, to), Guards: e.Guards.replace(from, to), node: e.node}
	for _, a := range e.Args {
		c.Args = append(c.Args, a.replace(from, to))
	}
	return c
}

func (s Set) replace(from, to *Value) Set {
	if s == nil {
		return nil
	}
	out := make(Set, len(s))
	for i, v := range s {
		out[i] = v.replace(from, to)
	}
	return out
}

func (v *Value) replace(from, to *Value) *Value {
	switch {
	case v == nil:
		return nil
	case Same(v, from):
		return to
	}
	c := v.clone()
	c.X, c.Keys, c.Args = v.X.replace(from, to), v.Keys.replace(from, to), v.Args.replace(from, to)
	return c
}
