package roles

import "github.com/wsmig/wsmig/analyzer/passes/internal/flow"

// picked reads a delivery elsewhere as one to the element of the subject that picks
// who receives it: the connection that was found here is looked up in a second
// table, or goes into a queue together with what it is to be sent.
func (s *Subject) picked(e *flow.Effect) *flow.Effect {
	if s.touches(e.Target) {
		return e
	}
	switch e.Op {
	case flow.Write, flow.Send:
		if el := s.keyOf(e.Target); el != nil {
			return toElement(e, el, e.Val)
		}
	}
	if e.Op != flow.Send || e.Name == "" {
		return e
	}
	for _, v := range e.Val {
		if el, rest := s.entry(v); el != nil {
			return toElement(e, el, rest)
		}
	}
	return e
}

// Picks reports whether the receiver of a delivery elsewhere was found in the
// subject.
func (s *Subject) Picks(e *flow.Effect) bool { return s.picked(e) != e }

func toElement(e *flow.Effect, el *flow.Value, payload flow.Set) *flow.Effect {
	c := *e
	c.Op, c.Target, c.Val, c.Name = flow.Write, el, payload, ""
	return c.Renew()
}

// keyOf is the connection of the subject under which the target was found in a
// container of somebody else.
func (s *Subject) keyOf(target *flow.Value) *flow.Value {
	for v := target; v != nil; v = v.X {
		for _, k := range v.Keys {
			if k.Lib != "" && s.touches(k) && k.Passes(flow.Elem, flow.Key) {
				return k
			}
		}
	}
	return nil
}

// entry takes an entry of a queue apart: a connection of the subject, and what it
// is to be sent.
func (s *Subject) entry(v *flow.Value) (el *flow.Value, rest flow.Set) {
	if v.Op != flow.Struct {
		return nil, nil
	}
	for _, a := range v.Args {
		if a.Lib != "" && s.touches(a) && a.Passes(flow.Elem, flow.Key) {
			el = a
		} else {
			rest = append(rest, a)
		}
	}
	if el == nil || !fromOutside(rest) {
		return nil, nil
	}
	return el, rest
}
