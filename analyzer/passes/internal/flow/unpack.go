package flow

import (
	"bytes"
	"encoding/gob"
)

// unpacker makes contents of their packed form. A number that refers to nothing that
// came before it, which only a damaged file has, refers to nothing.
type unpacker struct {
	in      packed
	values  []*Value
	sets    []Set
	effects []*Effect
}

func unpack(data []byte) Contents {
	c := newContents()
	u := &unpacker{}
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&u.in); err != nil {
		return c // what is not known is not used; the next build writes it anew
	}
	u.tables()
	for _, f := range u.in.Funcs {
		s := &Summary{Effects: u.list(f.Effects), Reads: f.Reads, Small: f.Small, Thin: f.Thin, Runs: f.Runs}
		for _, r := range f.Results {
			s.Results = append(s.Results, u.set(r))
		}
		c.Funcs[u.name(f.Name)] = s
	}
	for _, l := range u.in.Consumers {
		c.Consumers[u.name(l.Name)] = u.list(l.Effects)
	}
	for _, g := range u.in.Globals {
		c.Globals[u.name(g.Name)] = &GlobalInfo{Alias: u.set(g.Alias), Func: u.set(g.Func)}
	}
	for _, f := range u.in.Fields {
		c.Fields[u.name(f.Name)] = &FieldInfo{Holds: u.set(f.Holds), Generated: f.Generated, Dialed: f.Dialed, Accepted: f.Accepted, Given: f.Given}
	}
	return c
}

// tables makes values in the order of their numbers: each is made of earlier ones.
func (u *unpacker) tables() {
	u.sets = make([]Set, len(u.in.Sets))
	for _, w := range u.in.Values {
		v := &Value{Op: w.Op, Index: w.Index, Name: u.name(w.Name), Lib: u.name(w.Lib), Owner: u.name(w.Owner), X: u.value(w.X), Keys: u.set(w.Keys), Args: u.set(w.Args)}
		for _, n := range w.Names {
			v.Names = append(v.Names, u.name(n))
		}
		v.Names = v.Names[:min(len(v.Names), len(v.Args))] // a struct has a value for each
		v.look()
		u.values = append(u.values, v)
	}
	for _, w := range u.in.Effects {
		e := &Effect{Op: w.Op, Name: u.name(w.Name), Target: u.value(w.Target), Key: u.set(w.Key), Val: u.set(w.Val), Guards: u.set(w.Guards)}
		for _, a := range w.Args {
			e.Args = append(e.Args, u.set(a))
		}
		u.effects = append(u.effects, e)
	}
}

func (u *unpacker) name(n uint32) string {
	if n == 0 || int(n) > len(u.in.Names) {
		return ""
	}
	return u.in.Names[n-1]
}

func (u *unpacker) value(n uint32) *Value {
	if n == 0 || int(n) > len(u.values) {
		return nil
	}
	return u.values[n-1]
}

// set is made when it is first asked for, which is after its members were made.
func (u *unpacker) set(n uint32) Set {
	if n == 0 || int(n) > len(u.sets) {
		return nil
	}
	if u.sets[n-1] == nil {
		s := make(Set, 0, len(u.in.Sets[n-1]))
		for _, m := range u.in.Sets[n-1] {
			if v := u.value(m); v != nil {
				s = append(s, v)
			}
		}
		u.sets[n-1] = s
	}
	return u.sets[n-1]
}

func (u *unpacker) list(numbers []uint32) []*Effect {
	var out []*Effect
	for _, n := range numbers {
		if n > 0 && int(n) <= len(u.effects) && u.effects[n-1].Target != nil {
			out = append(out, u.effects[n-1])
		}
	}
	return out
}
