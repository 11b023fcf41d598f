package bind

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode"
)

// Emitter is a type to be generated beside a manager.
type Emitter struct {
	Singleton string // package path and variable
	Kind      Kind
	Type      string // Emitter
	For       string // EmitterFor, the function and the method of that name
	Recipient string // the struct that holds a key of several parts
	Pkg       *types.Package
	Owner     types.Type // the manager's type as its methods have it; nil when all ops are functions
	Accessor  string     // expression that yields the manager within Pkg, "" when there is none
	Key       []Field
	Ops       []*Op
	names     map[*Op]string
}

// Field is one part of the addressee.
type Field struct {
	Name string
	Type types.Type
}

// group says which ops share an emitter: those of one kind with the same key on
// the same manager, functions of its package included.
func (e *Emitter) takes(o *Op) bool {
	if e.Kind != o.Kind || e.Pkg.Path() != o.Func.Pkg().Path() {
		return false
	}
	if e.Accessor == "" && (o.receiver() == nil) != (e.Owner == nil) {
		return false // a function has no manager to make an emitter with
	}
	if recv := o.receiver(); recv != nil && e.Owner != nil && !types.Identical(deref(recv), deref(e.Owner)) {
		return false
	}
	return slices.EqualFunc(e.Key, o.fields(), func(a, b Field) bool { return types.Identical(a.Type, b.Type) })
}

// fields are the parts of the op's key, named as its parameters are.
func (o *Op) fields() []Field {
	if o.Setter != nil {
		p := o.Setter.Signature().Params().At(0)
		return []Field{{fieldName(p.Name(), o.Kind), p.Type()}}
	}
	var all []Field
	for _, part := range o.Key {
		v := o.keyVar(part)
		name := v.Name()
		if part.Path != "" {
			name = strings.ReplaceAll(part.Path, ".", "")
		}
		name = fieldName(name, o.Kind)
		for slices.ContainsFunc(all, func(f Field) bool { return f.Name == name }) {
			name += "2"
		}
		typ := v.Type()
		if list := listOf(v); list != nil {
			name, typ = fieldName("", o.Kind), list.Elem()
		}
		all = append(all, Field{name, typ})
	}
	return all
}

// fieldName makes a field's name out of a parameter's.
func fieldName(name string, kind Kind) string {
	if name == "" || name == "_" {
		return kind.noun()
	}
	runes := []rune(name)
	for i := range runes {
		if !unicode.IsUpper(runes[i]) || i > 0 && i+1 < len(runes) && !unicode.IsUpper(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(runes[i])
	}
	if name = string(runes); token.IsKeyword(name) {
		return kind.noun()
	}
	return name
}

// Emitters sorts the ops of one singleton that live in one package into the
// emitters that they need, and keeps their order within each. Accessor is an
// expression of that package which yields the manager, or "".
func Emitters(singleton string, pkg *types.Package, accessor string, ops []*Op) []*Emitter {
	ops = slices.Clone(ops)
	slices.SortStableFunc(ops, func(a, b *Op) int { return cmp.Compare(a.Kind, b.Kind) })
	var all []*Emitter
	for _, o := range ops {
		i := slices.IndexFunc(all, func(e *Emitter) bool { return e.takes(o) })
		if i < 0 {
			i = len(all)
			all = append(all, &Emitter{Singleton: singleton, Kind: o.Kind, Pkg: pkg, Accessor: accessor, Key: o.fields()})
		}
		all[i].Ops = append(all[i].Ops, o)
		if recv := o.receiver(); recv != nil {
			all[i].own(recv)
		}
	}
	for _, e := range all {
		e.nameOps()
	}
	return all
}

// own notes the type of the manager. A pointer wins over a value: what is called
// through both is kept by reference.
func (e *Emitter) own(recv types.Type) {
	if _, pointer := recv.(*types.Pointer); e.Owner == nil || pointer {
		e.Owner = recv
	}
}

// nameOps gives each op a method name. Functions that are called like a method
// of the manager get a number behind their name.
func (e *Emitter) nameOps() {
	e.names = map[*Op]string{}
	taken := map[string]bool{}
	byMethod := slices.Clone(e.Ops)
	slices.SortStableFunc(byMethod, func(a, b *Op) int { return boolInt(a.receiver() == nil) - boolInt(b.receiver() == nil) })
	for _, o := range byMethod {
		name := o.Func.Name()
		for n := 2; taken[name]; n++ {
			name = fmt.Sprint(o.Func.Name(), n)
		}
		taken[name] = true
		e.names[o] = name
	}
}

// Method is the name under which the emitter has the op.
func (e *Emitter) Method(o *Op) string { return e.names[o] }

// compound reports whether it takes several values to name an addressee.
func (e *Emitter) compound() bool { return len(e.Key) > 1 }

// keyName is the emitter's field for its addressee.
func (e *Emitter) keyName() string {
	if e.compound() {
		return "to"
	}
	return e.Key[0].Name
}

// keyPart is one part of the addressee, within a method whose receiver is recv.
func (e *Emitter) keyPart(recv string, i int) string {
	if e.compound() {
		return recv + ".to." + exported(e.Key[i].Name)
	}
	return recv + "." + e.Key[0].Name
}

// byInterface reports whether the manager is reached through an interface: then
// there is no type to declare a method on.
func (e *Emitter) byInterface() bool { return e.Owner != nil && types.IsInterface(e.Owner) }

func deref(t types.Type) types.Type {
	if p, ok := t.(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
