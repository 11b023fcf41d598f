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

// Taken tells whether a name is used already in the scope of a package or of one
// that dot-imports it.
type Taken func(name string) bool

// Choose gives each emitter its names, unless it has them from an earlier run: the
// plain ones where they are free, else with the type of the key or of the manager,
// else with a number.
func Choose(emitters []*Emitter, taken Taken) {
	used := map[string]bool{}
	claim := func(e *Emitter) {
		for _, name := range e.Names() {
			used[name] = true
		}
	}
	for _, e := range emitters {
		claim(e)
	}
	for _, e := range emitters {
		if e.Type != "" {
			continue
		}
		for _, base := range e.candidates(used) {
			e.Type, e.For, e.Recipient = base+"Emitter", base+"EmitterFor", base+"Recipient"
			if e.free(taken, used) {
				break
			}
			e.Type, e.For = "", ""
		}
		base := e.Kind.prefix()
		for n := 2; e.Type == ""; n++ {
			e.Type, e.For, e.Recipient = fmt.Sprint(base, "Emitter", n), fmt.Sprint(base, "EmitterFor", n), fmt.Sprint(base, "Recipient", n)
			if !e.free(taken, used) {
				e.Type = ""
			}
		}
		claim(e)
	}
}

// Names are all that the emitter declares, or would if it had more sends.
func (e *Emitter) Names() []string {
	return []string{e.Type, e.For, e.Recipient, e.ListType(), e.ListFor()}
}

// NameLike gives emitters without names those that others have for the same kind of
// addressee with the same key.
func NameLike(emitters, others []*Emitter) {
	for _, e := range emitters {
		for _, other := range others {
			if e.Type == "" && e.Kind == other.Kind && (e.Owner == nil) == (other.Owner == nil) && e.keyed(other) {
				e.Type, e.For, e.Recipient = other.Type, other.For, other.Recipient
			}
		}
	}
}

func (e *Emitter) keyed(other *Emitter) bool {
	return slices.EqualFunc(e.Key, other.Key, func(a, b Field) bool { return types.Identical(a.Type, b.Type) })
}

// InOrder sorts ops so that names don't depend on where they stand: methods first.
func InOrder(ops []*Op) {
	slices.SortFunc(ops, func(a, b *Op) int {
		return cmp.Or(boolInt(a.receiver() == nil)-boolInt(b.receiver() == nil), cmp.Compare(a.Name(), b.Name()))
	})
}

// candidates are what may stand before "Emitter", best first. Beside an emitter of
// the same kind the type of the key tells them apart, else that of the manager.
func (e *Emitter) candidates(used map[string]bool) []string {
	prefix := e.Kind.prefix()
	var byKey, byOwner strings.Builder
	for _, f := range e.Key {
		byKey.WriteString(exported(typeWord(f.Type)))
	}
	if named, ok := types.Unalias(deref(orNil(e.Owner))).(*types.Named); ok {
		byOwner.WriteString(exported(named.Obj().Name()))
	}
	own := exported(e.Singleton[strings.LastIndexByte(e.Singleton, '.')+1:]) + prefix
	if used[prefix+"Emitter"] {
		return []string{prefix, prefix + byKey.String(), byOwner.String() + prefix, own}
	}
	return []string{prefix, byOwner.String() + prefix, prefix + byKey.String(), own}
}

func (e *Emitter) free(taken Taken, used map[string]bool) bool {
	names, makers := []string{e.Type, e.For}, []string{e.For}
	if e.compound() {
		names = append(names, e.Recipient)
	}
	if e.Lists() {
		names, makers = append(names, e.ListType(), e.ListFor()), append(makers, e.ListFor())
	}
	if slices.ContainsFunc(names, func(name string) bool { return used[name] || taken(name) }) {
		return false
	}
	if e.Owner == nil {
		return true
	}
	return !slices.ContainsFunc(makers, func(name string) bool {
		obj, _, _ := types.LookupFieldOrMethod(e.Owner, true, e.Pkg, name)
		return obj != nil && !e.makes(obj)
	})
}

// makes reports whether a method is the one that an earlier run gave the manager.
func (e *Emitter) makes(method types.Object) bool {
	fn, ok := method.(*types.Func)
	if !ok || fn.Signature().Results().Len() != 1 {
		return false
	}
	named, ok := fn.Signature().Results().At(0).Type().(*types.Named)
	return ok && (named.Obj().Name() == e.Type || named.Obj().Name() == e.ListType()) && named.Obj().Pkg() == e.Pkg
}

// ScopeTaken is the Taken of a package scope and of the packages that see it
// through a dot import.
func ScopeTaken(pkg *types.Package, dotImporters ...*types.Package) Taken {
	return func(name string) bool {
		if pkg.Scope().Lookup(name) != nil {
			return true
		}
		for _, other := range dotImporters {
			if other.Scope().Lookup(name) != nil {
				return true
			}
		}
		return types.Universe.Lookup(name) != nil
	}
}

// typeWord is one word for a type, for use in a name.
func typeWord(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return t.Obj().Name()
	case *types.Basic:
		return t.Name()
	case *types.Pointer:
		return typeWord(t.Elem())
	case *types.Array:
		return typeWord(t.Elem())
	}
	return "Value"
}

func exported(name string) string {
	runes := []rune(name)
	if len(runes) == 0 {
		return ""
	}
	runes[0] = unicode.ToUpper(runes[0])
	return string(runes)
}

func orNil(t types.Type) types.Type {
	if t == nil {
		return types.Typ[types.Invalid]
	}
	return t
}

// fresh returns a name like want that avoid has not got, and adds it there.
func fresh(want string, avoid map[string]bool) string {
	name := want
	for n := 2; avoid[name] || token.IsKeyword(name); n++ {
		name = fmt.Sprint(want, n)
	}
	avoid[name] = true
	return name
}
