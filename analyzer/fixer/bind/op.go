// Package bind turns sends that name their addressee among the arguments into
// calls on emitters that were made for it: hub.Send(user, msg) becomes
// hub.EmitterFor(user).Send(msg), and hub.Push(msg, users...) becomes
// hub.EmittersFor(users...).Push(msg). It looks at one package at a time, so that a
// driver which sees no more than that can use it too, and returns edits; whether
// they compile is for its caller to check.
package bind

import (
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// Kind is what an emitter is bound to.
type Kind uint8

// The kinds, in the order in which a file declares their emitters.
const (
	User Kind = iota
	Conn
	Room
)

// KindOf returns the kind of emitter that a role asks for; false for roles that
// address nobody in particular.
func KindOf(role findings.Role) (Kind, bool) {
	switch role {
	case findings.UserSend:
		return User, true
	case findings.ConnSend:
		return Conn, true
	case findings.RoomSend:
		return Room, true
	}
	return 0, false
}

// prefix is what the kind puts before "Emitter".
func (k Kind) prefix() string { return [...]string{"", "Conn", "Room"}[k] }

// noun is the kind in the words of a comment.
func (k Kind) noun() string { return [...]string{"user", "connection", "room"}[k] }

// KeyPart is one of the values that name an addressee: a parameter, counted from
// 0 without the receiver, or a field below it.
type KeyPart struct {
	Param int
	Path  string // "Owner.ID", or "" for the parameter itself
}

// Op is a function, a method or a channel that reaches one addressee.
type Op struct {
	Func    *types.Func // of a channel what a method that sends on it would be
	Channel *types.Var  // what the op sends on, nil for functions and methods
	Case    bool        // the op makes what a case of a select statement sends on the channel
	Element *Element    // what the op looks into, nil for functions and methods
	Kind    Kind
	Key     []KeyPart
	Setter  *types.Func // the addressee is state of the manager, set by this method before
	// Ungated ops don't wait for a turn: they may come back to an emitter, or wait for
	// a goroutine that does.
	Ungated bool
	// Lookup ops return what is registered for the addressee and send nothing
	// themselves: they take no turn.
	Lookup bool
}

// Name is equal for the same op seen from different packages.
func (o *Op) Name() string {
	if o.Element != nil {
		return o.Func.FullName() + " " + o.Element.Registry.Name() + " " + types.TypeString(o.Func.Signature().Params().At(0).Type(), nil)
	}
	return o.Func.Origin().FullName()
}

// Signature is that of the generic declaration for methods of generic types.
func (o *Op) signature() *types.Signature { return o.Func.Signature() }

// receiver is the type of the manager whose method this is, or nil.
func (o *Op) receiver() types.Type {
	if recv := o.signature().Recv(); recv != nil {
		return recv.Type()
	}
	return nil
}

// whole reports whether the parameter does nothing but name the addressee: then
// it vanishes from the emitter's method.
func (o *Op) whole(param int) bool {
	for _, part := range o.Key {
		if part.Param == param && part.Path == "" {
			return true
		}
	}
	return false
}

// keyVar returns the parameter or field that holds one part of the key, or nil
// when the path leads nowhere.
func (o *Op) keyVar(part KeyPart) *types.Var {
	params := o.signature().Params()
	if part.Param >= params.Len() {
		return nil
	}
	v := params.At(part.Param)
	if part.Path == "" {
		return v
	}
	for name := range strings.SplitSeq(part.Path, ".") {
		obj, _, _ := types.LookupFieldOrMethod(v.Type(), true, v.Pkg(), name)
		field, ok := obj.(*types.Var)
		if !ok {
			return nil
		}
		v = field
	}
	return v
}

// Unsupported says why no emitter can have this op, or "".
func (o *Op) Unsupported() string {
	sig := o.signature()
	switch {
	case sig.TypeParams().Len() > 0:
		return "a method can't have type parameters of its own"
	case typeParams(o.receiver()) != nil && (len(o.Key) != 1 || o.Channel != nil || o.Element != nil):
		return "the manager's type is generic"
	case len(o.Key) == 0 && o.Setter == nil:
		return "nothing in its signature names the addressee"
	}
	for _, part := range o.Key {
		v := o.keyVar(part)
		if v == nil {
			return "the addressee is no parameter of it"
		}
		if list := listOf(v); list != nil && (len(o.Key) > 1 || part.Path != "" || listOf(types.NewVar(v.Pos(), v.Pkg(), "", list.Elem())) != nil) {
			return "it takes a list of addressees"
		}
	}
	return ""
}

// General is a method of a generic type in the terms of the type's own parameters,
// which all its methods have in common then. Other functions it returns as they are.
func General(fn *types.Func) *types.Func {
	recv := fn.Signature().Recv()
	if recv == nil {
		return fn
	}
	named, ok := types.Unalias(deref(recv.Type())).(*types.Named)
	if !ok || named.TypeArgs().Len() == 0 && named.TypeParams().Len() == 0 {
		return fn
	}
	var own []types.Type
	for p := range named.Origin().TypeParams().TypeParams() {
		own = append(own, p)
	}
	instance, err := types.Instantiate(nil, named.Origin(), own, false)
	if err != nil {
		return fn
	}
	obj, _, _ := types.LookupFieldOrMethod(types.NewPointer(instance), true, fn.Pkg(), fn.Name())
	if method, ok := obj.(*types.Func); ok {
		return method
	}
	return fn
}

// typeParams are the parameters of a generic type that is written in terms of them,
// nil for other types.
func typeParams(t types.Type) []*types.TypeParam {
	named, ok := types.Unalias(deref(orNil(t))).(*types.Named)
	if !ok {
		return nil
	}
	var all []*types.TypeParam
	for arg := range named.TypeArgs().Types() {
		p, ok := arg.(*types.TypeParam)
		if !ok {
			return nil
		}
		all = append(all, p)
	}
	return all
}
