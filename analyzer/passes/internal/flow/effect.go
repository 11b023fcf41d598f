package flow

import (
	"go/ast"
	"sort"
)

// EffectOp says what a function does to something that outlives it.
type EffectOp uint8

// The effects.
const (
	Write   EffectOp = iota + 1 // Val is delivered to the connection Target
	Send                        // Val is sent on the channel Target, whose key is Name
	Recv                        // a value is received from the channel Target
	Put                         // Val is stored in the container Target, under Key when it has keys
	Del                         // the element under Key leaves the container Target; all when Key is nil
	Assign                      // the field or variable Target becomes Val
	Close                       // Target, a connection or channel, is closed
	Holds                       // Target is known to be a connection, from a type assertion
	Invoke                      // method Name of an interface is called on Target with Val
	Call                        // the function value Target is called with Args
	Upgrade                     // a connection is accepted from a request
)

// Effect is one thing that a function does, in terms of its parameters and of
// package variables. Guards are conditions that hold where it happens.
type Effect struct {
	Op     EffectOp
	Name   string
	Target *Value
	Key    Set
	Val    Set
	Args   []Set
	Guards Set

	node ast.Node
	key  Identity
}

// Node returns the syntax of the function at hand that causes the effect.
func (e *Effect) Node() ast.Node { return e.node }

// Values calls visit for every value that the effect mentions.
func (e *Effect) Values(visit func(*Value)) {
	e.Target.Leaves(visit)
	for _, s := range append([]Set{e.Key, e.Val, e.Guards}, e.Args...) {
		for _, v := range s {
			v.Leaves(visit)
		}
	}
}

// Summary is what callers need to know of a function. Results and effects are in
// terms of Param, Global and what was received from channels.
type Summary struct {
	Results []Set
	Effects []*Effect
	Reads   []string // package variables that an answer may depend on although no value shows it
	Small   bool     // short enough to be part of a package's surface
	Thin    bool     // little more than one call
	Runs    bool     // works on, or starts something that does, for as long as the program runs
}

const maxEffects = 60

// Dedupe drops repeated effects and cuts the list to a length that is still worth
// reading. Deliveries come first: they decide what a function is for.
func Dedupe(effects []*Effect) []*Effect {
	seen := map[Identity]bool{}
	var out []*Effect
	for _, e := range effects {
		if id := e.ID(); !seen[id] {
			seen[id] = true
			out = append(out, e)
		}
	}
	if len(out) > maxEffects {
		sort.SliceStable(out, func(i, j int) bool { return rank(out[i].Op) < rank(out[j].Op) })
		out = out[:maxEffects]
	}
	return out
}

func rank(op EffectOp) int {
	switch op {
	case Write, Send, Put, Del, Holds:
		return 0
	case Upgrade, Call, Invoke:
		return 1
	}
	return 2
}

// Renew returns a copy whose identity is computed anew, after a change.
func (e Effect) Renew() *Effect {
	e.key = Identity{}
	return &e
}
