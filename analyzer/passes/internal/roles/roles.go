// Package roles judges what effects on a manager amount to: a send to one user, a
// broadcast, a registration, and by which value the receivers are picked.
package roles

import (
	"go/ast"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// Subject is the manager whose effects are judged.
type Subject struct {
	State *flow.Value // the package variable, or a field of it, or Param 0 for a type's own methods
	// Registries are the containers of connections, as paths below State; nil means
	// that every container counts.
	Registries map[string]bool
	// Made reports whether a field, named "path.Type.field", is only ever set to
	// identifiers that the program makes up itself.
	Made func(field string) bool
	// Hidden allows deliveries through interfaces, functions and channels that no
	// known connection stands behind.
	Hidden bool
	// Single tells that the state is itself a connection, perhaps seen through an
	// interface.
	Single bool
	// Called tells that the effects are those of a function that is called: what it
	// takes from channels and what it picks by itself is its own work.
	Called bool
	// Groups reports whether clients join what the keys of a container stand for.
	Groups func(container *flow.Value) bool
	// Rooms are parts of words that break the tie between a user with several
	// connections and a room.
	Rooms []string
}

// Verdict is the judgement on one call, send or function.
type Verdict struct {
	Role   findings.Role
	Keys   []Leaf // what picks the receivers
	State  string // field of the manager that picks them instead
	Sets   string // field of the manager that becomes Keys[0]
	Reason string
	At     ast.Node // expression of the function at hand that looks the receiver up
	// Everyone tells that without keys given the same call reaches everyone.
	Everyone bool
	Payload  []int
}

// Judge weighs the effects that touch the subject. The order of the questions is
// that of what a reader would call the function: one that stores a connection
// registers, even if it greets as well; one that drops dead connections while it
// sends still sends.
func (s *Subject) Judge(effects []*flow.Effect) Verdict {
	c := s.collect(effects)
	switch {
	case c.loop && c.receives:
		return Verdict{Role: findings.Lifecycle}
	case c.registers || c.stores && c.presents():
		return c.keyed(findings.Register, c.putKeys())
	case c.deletes && !c.stores && c.announces():
		return c.keyed(findings.Unregister, c.delKeys())
	case c.loop && s.Called && len(c.sends) == 0:
		return Verdict{Role: findings.Lifecycle}
	case len(c.sends) > 0 && c.carriesInput():
		return s.send(c)
	case c.stores:
		return c.keyed(findings.Register, c.putKeys())
	case c.deletes && s.Called && !c.named():
		return Verdict{Role: findings.Lifecycle}
	case c.deletes:
		return c.keyed(findings.Unregister, c.delKeys())
	case len(c.sends) > 0:
		return s.send(c)
	case c.signals && !c.receives:
		return Verdict{Role: findings.Lifecycle}
	case c.changes:
		return c.lifecycle()
	}
	return Verdict{Role: findings.Query}
}

// tally sorts the effects that touch the subject.
type tally struct {
	subject   *Subject
	sends     []*flow.Effect
	puts      []*flow.Effect
	dels      []*flow.Effect
	assigns   []*flow.Effect
	registers bool // a connection is stored
	stores    bool // something is stored in a registry
	deletes   bool
	changes   bool
	signals   bool // sends something on a channel of the manager that nobody is known to deliver
	receives  bool // takes values from a channel of the manager
	loop      bool // and acts on them
}

func (s *Subject) collect(effects []*flow.Effect) *tally {
	c := &tally{subject: s}
	for _, e := range effects {
		e = s.picked(e)
		touches := s.touches(e.Target)
		if s.loops(e) {
			c.loop = true
			continue
		}
		switch e.Op {
		case flow.Write:
			if touches || e.Target.Root().Op == flow.Param {
				c.sends = append(c.sends, e)
			}
		case flow.Send, flow.Call, flow.Invoke:
			c.indirect(e, touches)
		case flow.Put:
			if touches {
				c.put(e)
			}
		case flow.Del:
			if touches {
				c.dels = append(c.dels, e)
				c.deletes = c.deletes || s.registry(e.Target)
				c.changes = true
			}
		case flow.Recv:
			c.receives = c.receives || touches
		case flow.Assign, flow.Close:
			if touches {
				c.changes = true
				if e.Op == flow.Assign {
					c.assign(e)
				}
			}
		}
	}
	return c
}

// loops reports whether an effect handles what the function itself receives from a
// channel of the manager: that is the work of whoever sends on the channel.
func (s *Subject) loops(e *flow.Effect) bool {
	found := false
	e.Values(func(v *flow.Value) {
		found = found || v.Op == flow.Msg && (s.touches(v.X) || s.Called)
	})
	return found
}

// indirect judges a send on a channel or through an interface: one that lies in a
// registry reaches whoever registered it.
func (c *tally) indirect(e *flow.Effect, touches bool) {
	if !touches {
		return
	}
	if c.subject.Single && delivers(e) && c.subject.is(e.Target) || c.subject.Hidden && e.Target.Passes(flow.Elem, flow.Key) && (e.Op != flow.Invoke || delivers(e)) {
		c.sends = append(c.sends, e)
		return
	}
	if e.Op == flow.Send && (fromOutside(e.Val) || !c.subject.touchesAny(e.Val)) {
		c.signals = true // with an answer that is waited for it is a question
	}
}

// announces reports whether all that is delivered is made of what goes away: the
// others are told that somebody left.
func (c *tally) announces() bool {
	if len(c.sends) == 0 {
		return false
	}
	gone := map[flow.Identity]bool{}
	for _, e := range c.dels {
		for _, l := range leaves(e.Key) {
			if l.Root.Op == flow.Param || l.Root.Op == flow.Msg {
				gone[l.Root.ID()] = true
			}
		}
	}
	return len(gone) > 0 && c.madeOf(gone)
}

// madeOf reports whether nothing from outside is delivered but what roots lead to.
func (c *tally) madeOf(roots map[flow.Identity]bool) bool {
	for _, e := range c.sends {
		for _, l := range leaves(e.Val) {
			if !roots[l.Root.ID()] && (l.Root.Op == flow.Param || l.Root.Op == flow.Msg) {
				return false
			}
		}
	}
	return true
}

// presents reports whether what is stored names a connection that is given, and all
// that is delivered is made of it: the others are told that somebody joined.
func (c *tally) presents() bool {
	if len(c.sends) == 0 {
		return false
	}
	client, stored := false, map[flow.Identity]bool{}
	for _, e := range c.puts {
		entry := append(e.Key[:len(e.Key):len(e.Key)], e.Val...)
		for _, l := range leaves(entry) {
			stored[l.Root.ID()] = true
		}
		for _, v := range entry {
			v.Leaves(func(x *flow.Value) {
				client = client || x.Lib != "" && (x.Op == flow.Param || x.Op == flow.Elem && c.subject.touches(x))
			})
		}
	}
	return client && c.madeOf(stored)
}

// named reports whether the caller says, by a key or a condition, what is removed.
func (c *tally) named() bool {
	for _, e := range c.dels {
		if fromOutside(e.Key) || fromOutside(e.Guards) || fromOutside(flow.Set{e.Target}) || unclear(e.Key) {
			return true
		}
	}
	return false
}

// unclear reports whether a key may come from anywhere.
func unclear(s flow.Set) bool {
	for _, v := range s {
		if v.Op == flow.Opaque {
			return true
		}
	}
	return false
}

func (c *tally) put(e *flow.Effect) {
	c.puts = append(c.puts, e)
	c.changes = true
	if c.brings(e.Val) || c.brings(e.Key) {
		c.registers = true
	} else if c.subject.registry(e.Target) && (fromOutside(e.Val) || fromOutside(e.Key)) {
		c.stores = true
	}
}

// brings reports whether a connection is stored that the manager does not hold yet.
func (c *tally) brings(s flow.Set) bool {
	for _, v := range s {
		if v.Lib != "" && !c.subject.touches(v) {
			return true
		}
	}
	return false
}

func (c *tally) assign(e *flow.Effect) {
	c.assigns = append(c.assigns, e)
	if carriesConn(e.Val) && fromOutside(e.Val) && !c.subject.is(e.Target) {
		c.registers = true
	}
}

// carriesInput reports whether something that the caller gave is delivered.
func (c *tally) carriesInput() bool {
	for _, e := range c.sends {
		if fromOutside(e.Val) {
			return true
		}
	}
	return false
}

func (c *tally) lifecycle() Verdict {
	v := Verdict{Role: findings.Lifecycle}
	for _, e := range c.assigns {
		if name, ok := c.subject.fieldName(e.Target); ok && fromOutside(e.Val) {
			if keys := leaves(e.Val); len(keys) == 1 {
				v.Sets, v.Keys = name, keys
			}
		}
	}
	return v
}

// keyed is the verdict on a registration or its end, with the key when it can be
// traced.
func (c *tally) keyed(role findings.Role, keys []Leaf) Verdict {
	v := Verdict{Role: role, Keys: keys}
	v.trace()
	v.Role, v.Reason = role, ""
	return v
}

func (c *tally) putKeys() []Leaf {
	for _, e := range c.puts {
		if keys := leaves(e.Key); len(keys) > 0 && !carriesConn(e.Key) {
			return keys
		}
	}
	return nil
}

func (c *tally) delKeys() []Leaf {
	for _, e := range c.dels {
		if keys := leaves(e.Key); len(keys) > 0 && !c.subject.touchesAny(e.Key) {
			return keys
		}
	}
	return nil
}

// touches reports whether v lies in the subject.
func (s *Subject) touches(v *flow.Value) bool { return v.Contains(s.State) }

func (s *Subject) touchesAny(set flow.Set) bool {
	for _, v := range set {
		if s.touches(v) {
			return true
		}
	}
	return false
}

// is reports whether v is the subject itself.
func (s *Subject) is(v *flow.Value) bool { return flow.Same(v, s.State) }

// fieldName is the field when v is a direct field of the subject.
func (s *Subject) fieldName(v *flow.Value) (string, bool) {
	if v.Op == flow.Field && flow.Same(v.X, s.State) {
		return v.Name, true
	}
	return "", false
}

// registry reports whether the container lies in one of the registries.
func (s *Subject) registry(container *flow.Value) bool {
	if s.Registries == nil {
		return true
	}
	return s.Registries[Below(container, s.State)]
}

// Below writes the path from state to the container, without the elements on the
// way: "conns", "rooms", "pool.conns".
func Below(v, state *flow.Value) string {
	path := ""
	for ; v != nil && !flow.Same(v, state); v = v.X {
		if v.Op == flow.Field {
			if path != "" {
				path = "." + path
			}
			path = v.Name + path
		}
	}
	return path
}

func carriesConn(s flow.Set) bool {
	for _, v := range s {
		if v.Lib != "" {
			return true
		}
	}
	return false
}

// fromOutside reports whether a value depends on what the caller gave.
func fromOutside(s flow.Set) bool {
	found := false
	for _, v := range s {
		v.Leaves(func(x *flow.Value) {
			switch x.Op {
			case flow.Param, flow.LitParam, flow.Msg, flow.Accepted:
				found = true
			}
		})
	}
	return found
}
