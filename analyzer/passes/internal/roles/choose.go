package roles

import (
	"go/ast"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// choice is how one delivery picks its receivers.
type choice struct {
	role  findings.Role
	keys  flow.Set
	state string
	group bool // picked as one of several under the same key
	list  bool // picked by being a member of something
	at    ast.Node
	el    *flow.Value // the element that was picked
}

// send names the role of the deliveries of one function.
func (s *Subject) send(c *tally) Verdict {
	var picked []choice
	var payload []int
	for _, e := range s.relevant(c.sends) {
		ch := s.choose(e)
		if ch.at == nil && s.inside(ch, e) {
			ch.role, ch.keys = findings.RoutedSend, nil
		}
		picked = append(picked, ch)
		payload = append(payload, params(e.Val)...)
	}
	v := s.settle(picked)
	v.Payload = unique(payload)
	return v
}

// relevant leaves out the pings and goodbyes of a function that also delivers what
// it was given.
func (s *Subject) relevant(sends []*flow.Effect) []*flow.Effect {
	var input []*flow.Effect
	for _, e := range sends {
		if fromOutside(e.Val) {
			input = append(input, e)
		}
	}
	if len(input) > 0 {
		return input
	}
	return sends
}

// settle makes one verdict of the choices of all deliveries.
func (s *Subject) settle(picked []choice) Verdict {
	byRole := map[findings.Role][]choice{}
	for _, ch := range picked {
		byRole[ch.role] = append(byRole[ch.role], ch)
	}
	if len(byRole[findings.RoutedSend]) > 0 {
		return Verdict{Role: findings.RoutedSend, Reason: "the addressee is inside the message"}
	}
	for _, role := range []findings.Role{findings.RoomSend, findings.UserSend, findings.ConnSend} {
		if len(byRole[role]) == 0 {
			continue
		}
		v := s.addressed(role, byRole[role])
		v.Everyone = len(byRole[findings.Broadcast]) > 0
		return v
	}
	if len(byRole[findings.Broadcast]) > 0 {
		return Verdict{Role: findings.Broadcast}
	}
	return Verdict{Role: findings.Other, Reason: "what picks the receivers is not known"}
}

// addressed merges choices that agree; when they differ no addressee is named.
func (s *Subject) addressed(role findings.Role, list []choice) Verdict {
	v := Verdict{Role: role}
	for i, ch := range list {
		keys := leaves(ch.keys)
		switch {
		case i == 0:
			v.Keys, v.State, v.At = keys, ch.state, ch.at
		case ch.state != v.State || !slices.EqualFunc(keys, v.Keys, Leaf.same):
			return Verdict{Role: role, Reason: "the deliveries of one call have different addressees"}
		}
	}
	v.trace()
	switch {
	case v.Reason != "":
	case v.State != "":
		v.Reason = "the addressee is " + v.State + ", a field of the manager"
	case len(v.Keys) == 0:
		v.Reason = "where the addressee comes from is not known"
	}
	return v
}

// trace drops keys that are not the addressee itself but lead to it by code that
// is not followed. A list that was looked up is a room by another name.
func (v *Verdict) trace() {
	for _, k := range v.Keys {
		if k.Looked && k.List && len(v.Keys) == 1 && !k.Parsed {
			v.Role = findings.RoomSend
			return
		}
		if k.Looked || k.Parsed || k.Decoded {
			v.Keys, v.Reason = nil, "the addressee is looked up or cut out of something by code that is not followed"
			return
		}
	}
}

// choose judges how a delivery picks its receivers: along the path from the
// manager to the connection, by the keys of lookups and by the conditions that
// elements of loops must meet.
func (s *Subject) choose(e *flow.Effect) choice {
	if !s.touches(e.Target) {
		return choice{role: findings.ConnSend, keys: flow.Set{carrier(e.Target)}}
	}
	picked := choice{role: findings.Broadcast}
	steps := s.steps(e.Target)
	for i, step := range steps {
		ch, ok := s.step(step, e.Guards)
		if !ok {
			continue
		}
		ch.group, ch.at, ch.el = i < len(steps)-1, step.At(), step
		if picked.role == findings.Broadcast || ch.role != findings.RoomSend {
			picked = ch
		}
		if !ch.group {
			break
		}
	}
	if picked.group && picked.role == findings.UserSend {
		picked.role = s.manyUnder(picked, e)
	}
	if len(steps) == 0 {
		return choice{role: findings.Broadcast} // one connection for all
	}
	return picked
}

// carrier is what the caller knows a connection by: the client that it is a field
// of.
func carrier(v *flow.Value) *flow.Value {
	for v.Op == flow.Field && v.X.Lib != "" {
		v = v.X
	}
	return v
}

// sameEntry reports whether v tells about the entry of a container that el is the
// key or the value of.
func sameEntry(v, el *flow.Value) bool {
	if v.Contains(el) {
		return true
	}
	for ; v != nil; v = v.X {
		if (v.Op == flow.Elem || v.Op == flow.Key) && len(v.Keys) == 0 && flow.Same(v.X, el.X) {
			return true
		}
	}
	return false
}

// steps lists the containers' elements on the way to v, from the manager outward.
func (s *Subject) steps(v *flow.Value) []*flow.Value {
	var out []*flow.Value
	for ; v != nil && !flow.Same(v, s.State); v = v.X {
		if v.Op == flow.Elem || v.Op == flow.Key {
			out = append([]*flow.Value{v}, out...)
		}
	}
	return out
}

// step judges one element: picked by a key, by a condition, or any.
func (s *Subject) step(el *flow.Value, guards flow.Set) (choice, bool) {
	if el.Op == flow.Elem && len(el.Keys) > 0 {
		return s.keyed(el.Keys)
	}
	var all []choice
	for _, g := range guards {
		if ch, ok := s.guarded(el, g); ok {
			all = append(all, ch)
		}
	}
	return narrowest(all)
}

// narrowest joins the conditions on one element: those on a user and on what the
// user belongs to make a compound key.
func narrowest(all []choice) (choice, bool) {
	if len(all) == 0 {
		return choice{}, false
	}
	out := all[0]
	for _, ch := range all[1:] {
		switch {
		case ch.list || out.list || out.role == findings.ConnSend:
		case ch.role == findings.ConnSend:
			out = ch
		case ch.role == findings.RoomSend:
			out.keys = flow.Join(ch.keys, out.keys) // the narrowest last
		default:
			out.keys, out.role = flow.Join(out.keys, ch.keys), ch.role
		}
	}
	return out, true
}

// keyed judges the key of a lookup: it may come from outside, from another table
// of the manager, or be a field of it.
func (s *Subject) keyed(keys flow.Set) (choice, bool) {
	var outside flow.Set
	for _, k := range keys {
		switch {
		case k.Op == flow.Const:
		case s.touches(k):
			if name, ok := s.fieldName(k); ok {
				return choice{role: findings.UserSend, state: name}, true
			}
			return s.member(k)
		default:
			outside = append(outside, k)
		}
	}
	if len(outside) == 0 {
		return choice{}, false
	}
	return choice{role: s.kind(outside), keys: outside}, true
}

// member judges a key that was itself found in a table of the manager: the
// members of a room.
func (s *Subject) member(k *flow.Value) (choice, bool) {
	for v := k; v != nil && !flow.Same(v, s.State); v = v.X {
		if v.Op == flow.Elem && len(v.Keys) > 0 {
			ch, ok := s.keyed(v.Keys)
			if ok && ch.role != findings.ConnSend {
				ch.role = findings.RoomSend
				if k.Op == flow.Elem && v == k {
					ch.role = findings.UserSend // one id leads to another
				}
			}
			return ch, ok
		}
	}
	return choice{}, false
}

// kind tells users from connections by the values that serve as keys.
func (s *Subject) kind(keys flow.Set) findings.Role {
	for _, k := range keys {
		if k.Lib != "" {
			return findings.ConnSend
		}
	}
	return findings.UserSend
}

// guarded judges a condition on an element of a loop. That an element differs
// from a value leaves one out and addresses nobody.
func (s *Subject) guarded(el, g *flow.Value) (choice, bool) {
	switch g.Op {
	case flow.Eq:
		a, b := g.Args[0], g.Args[1]
		if sameEntry(b, el) {
			a, b = b, a
		}
		if !sameEntry(a, el) || sameEntry(b, el) || b.Op == flow.Const || b.Op == flow.Fresh {
			return choice{}, false
		}
		return choice{role: s.compared(el, a, b), keys: flow.Set{b}}, true
	case flow.In:
		switch {
		case sameEntry(g.X, el) && !sameEntry(g.Args[0], el) && g.Args[0].Op != flow.Const:
			return choice{role: findings.RoomSend, keys: g.Args, list: true}, true
		case !sameEntry(g.X, el) && !s.touches(g.X) && g.X.Root().Op != flow.Global && sameEntry(g.Args[0], el):
			return choice{role: findings.UserSend, keys: flow.Set{{Op: flow.Elem, X: g.X}}, list: true}, true
		}
	}
	return choice{}, false
}

// compared tells what kind of identity a field of an element is.
func (s *Subject) compared(el, a, b *flow.Value) findings.Role {
	switch {
	case b.Lib != "" || flow.Same(a, el) && a.Lib != "":
		return findings.ConnSend
	case a.Op == flow.Field && s.Made != nil && s.Made(a.Owner):
		return findings.ConnSend
	case s.roomWord(a.Name):
		return findings.RoomSend
	}
	return findings.UserSend
}

// manyUnder tells a user with several connections from a room. Both are a group
// under one key. How its members got there tells, or that one of them is left out by
// its own key; otherwise only words break the tie.
func (s *Subject) manyUnder(ch choice, e *flow.Effect) findings.Role {
	if s.Groups != nil && s.Groups(ch.el.X) || s.leavesOneOut(ch.el, e.Guards) {
		return findings.RoomSend
	}
	for v := e.Target; v != nil; v = v.X {
		if v.Op == flow.Field && s.roomWord(v.Name) || v.Op == flow.Elem && v.X.Op == flow.Global && s.roomWord(v.X.Name[strings.LastIndex(v.X.Name, ".")+1:]) {
			return findings.RoomSend
		}
	}
	for _, k := range ch.keys {
		if s.roomWord(k.Name) {
			return findings.RoomSend
		}
	}
	return findings.UserSend
}

// leavesOneOut reports whether members of the group el must differ from an identity
// that the program does not make up: they are several users.
func (s *Subject) leavesOneOut(el *flow.Value, guards flow.Set) bool {
	for _, g := range guards {
		if g.Op != flow.Not || g.X.Op != flow.Eq {
			continue
		}
		for i, a := range g.X.Args {
			other := g.X.Args[1-i]
			if a.Op == flow.Field && a.Lib == "" && a.X.Contains(el) && !other.Contains(el) && other.Op != flow.Const && (s.Made == nil || !s.Made(a.Owner)) {
				return true
			}
		}
	}
	return false
}

// roomWord reports whether one of the words is a part of the name, or begins one of
// the words of the name when it is as short as "app".
func (s *Subject) roomWord(name string) bool {
	lower := strings.ToLower(name)
	for _, w := range s.Rooms {
		if name == "" {
			return false
		}
		if len(w) > 3 && strings.Contains(lower, w) || len(w) <= 3 && beginsWord(name, w) {
			return true
		}
	}
	return false
}

func beginsWord(name, w string) bool {
	lower := strings.ToLower(name)
	for i := 0; i+len(w) <= len(name); i++ {
		starts := i == 0 || name[i] >= 'A' && name[i] <= 'Z' || name[i-1] == '_'
		if starts && strings.HasPrefix(lower[i:], w) {
			return true
		}
	}
	return false
}

// inside reports whether the receiver is picked by a part of the message that is
// delivered whole.
func (s *Subject) inside(ch choice, e *flow.Effect) bool {
	if ch.role == findings.Broadcast || ch.role == findings.ConnSend {
		return false
	}
	whole := map[flow.Identity]bool{}
	for _, l := range leaves(e.Val) {
		if len(l.Path) == 0 {
			whole[l.Root.ID()] = true
		}
	}
	for _, k := range leaves(ch.keys) {
		if whole[k.Root.ID()] && (k.Decoded || len(k.Path) > 0) && !k.List {
			return true
		}
	}
	return false
}

// params lists the parameters that a payload is made of.
func params(s flow.Set) []int {
	var out []int
	for _, l := range leaves(s) {
		if l.Root.Op == flow.Param {
			out = append(out, l.Root.Index)
		}
	}
	return out
}

func unique(list []int) []int {
	seen := map[int]bool{}
	var out []int
	for _, i := range list {
		if !seen[i] {
			seen[i] = true
			out = append(out, i)
		}
	}
	return out
}

// delivers tells by the name of an interface's method whether it hands something
// on. It only decides what is worth an informational finding.
func delivers(e *flow.Effect) bool {
	if len(e.Val) == 0 {
		return false
	}
	name := strings.ToLower(e.Name[strings.LastIndex(e.Name, ".")+1:])
	for _, verb := range []string{"write", "send", "emit", "push", "deliver", "notify", "publish", "post"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}
