package flow

import (
	"go/types"
	"slices"
	"sort"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// Consumers returns what this package does with the values received from each
// channel that it names.
func (p *Package) Consumers() map[string][]*Effect {
	if p.consumers != nil {
		return p.consumers
	}
	p.consumers = map[string][]*Effect{}
	for _, f := range p.order {
		if !f.traces.receives || !p.worthReading(f) {
			continue
		}
		p.summarize(f)
		for _, e := range p.bodyOf(f) {
			p.consumer(p.ofReceiver(f, e))
		}
	}
	for key, effects := range p.consumers {
		p.consumers[key] = Dedupe(effects)
	}
	return p.consumers
}

// ofReceiver writes an effect of a method that takes from a channel of the package
// variable of its own type as if it took from its receiver's: the loop of a hub that
// names the hub is the loop of whatever hub the value was sent to.
func (p *Package) ofReceiver(f *fn, e *Effect) *Effect {
	if f.sig == nil || f.sig.Recv() == nil {
		return e
	}
	var global *Value
	e.Values(func(v *Value) {
		if v.Op == Msg && v.X.Op == Field && v.X.X.Op == Global && p.holds(v.X.X, f.sig.Recv().Type()) {
			global = v.X.X
		}
	})
	if global == nil {
		return e
	}
	return e.replace(global, &Value{Op: Param})
}

// holds reports whether a package variable of this package is of the type, or a
// pointer to it.
func (p *Package) holds(global *Value, t types.Type) bool {
	path := conns.CleanPath(p.Types.Path()) + "."
	if !strings.HasPrefix(global.Name, path) {
		return false
	}
	v, ok := p.Types.Scope().Lookup(global.Name[len(path):]).(*types.Var)
	if !ok {
		return false
	}
	a, b := conns.Named(v.Type()), conns.Named(t)
	return a != nil && a == b
}

// consumer files an effect under the channels whose values it handles.
func (p *Package) consumer(e *Effect) {
	var keys []string
	e.Values(func(v *Value) {
		if v.Op == Msg && v.Name != "" {
			keys = append(keys, v.Name)
		}
	})
	if len(keys) == 0 {
		return
	}
	x := exportEffect(e)
	if x == nil && e.Op == Write {
		x = &Effect{Op: Write, Target: exportValue(e.Target), Val: exportEach(e.Val), Guards: exportEach(e.Guards)}
	}
	if x == nil {
		return
	}
	sort.Strings(keys)
	for i, key := range keys {
		if i == 0 || keys[i-1] != key {
			p.consumers[key] = append(p.consumers[key], x)
		}
	}
}

// Expand replaces sends on channels by what their receivers do, as far as that is
// known; a send that nobody is seen to receive stays.
func (p *Package) Expand(effects []*Effect) []*Effect {
	return Dedupe(p.expand(effects, map[string]bool{}))
}

// Received is what becomes of the values sent on a channel, as far as this package
// and those below it tell. The list is the caller's.
func (p *Package) Received(channel string) []*Effect {
	return slices.Concat(p.Consumers()[channel], p.World.Consumers(channel))
}

func (p *Package) expand(effects []*Effect, busy map[string]bool) []*Effect {
	var out []*Effect
	for _, e := range effects {
		if e.Op != Send || e.Name == "" || busy[e.Name] || len(busy) > 4 {
			out = append(out, e)
			continue
		}
		var inner []*Effect
		for _, c := range p.Received(e.Name) {
			inner = append(inner, received(e, c)...)
		}
		if len(inner) == 0 {
			p.open[e.Name] = true
			out = append(out, e)
			continue
		}
		busy[e.Name] = true
		out = append(out, p.expand(inner, busy)...)
		delete(busy, e.Name)
	}
	return out
}

// received is what a consumer does to the value of one send.
func received(e, consumer *Effect) []*Effect {
	b := &binding{msgs: map[string]Set{e.Name: e.Val}}
	owner := (*Value)(nil)
	if e.Target.Op == Field {
		owner = e.Target.X
	}
	consumer.Values(func(v *Value) {
		if v.Op == Msg && v.Name == e.Name && v.X.Op == Field && v.X.X.Op == Param && owner != nil {
			for len(b.params) <= v.X.X.Index {
				b.params = append(b.params, nil)
			}
			b.params[v.X.X.Index] = Set{owner}
		}
	})
	var out []*Effect
	for _, c := range b.effect(consumer) {
		c.node = e.node
		c.Guards = Join(c.Guards, e.Guards)
		if root := c.Target.Root().Op; c.Op == Write && root != Param && root != Global && root != Msg {
			c.Target = withLib(Set{e.Target}, c.Target.Lib)[0]
		}
		out = append(out, c)
	}
	return out
}
