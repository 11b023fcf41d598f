package bind

import (
	"go/ast"
	"go/types"
)

// Access is how callers take an element out of a registry.
type Access uint8

// The ways: m[k], v, ok := m[k], and m.Load(k) of a sync.Map.
const (
	Get Access = iota + 1
	Lookup
	Load
)

// Element is a registry that callers look into themselves.
type Element struct {
	Registry *types.Var // a field of the manager, or a package variable
	Access   Access
}

// ElementOp is the op of taking what a registry holds under one key: a field of
// owner, or a package variable when owner is nil. Key is the type of the addressee,
// which a sync.Map does not tell. It is nil where the registry has no such op.
func ElementOp(registry *types.Var, owner types.Type, access Access, key types.Type, kind Kind) *Op {
	var elem types.Type
	switch t := registry.Type().Underlying().(type) {
	case *types.Map:
		key, elem = t.Key(), t.Elem()
	default:
		if access != Load {
			return nil
		}
		elem = types.Universe.Lookup("any").Type()
		if named, ok := types.Unalias(key).(*types.Named); ok && named.Obj().Pkg() != registry.Pkg() || key == nil {
			key = elem
		}
	}
	if owner != nil {
		if named, ok := types.Unalias(deref(owner)).(*types.Named); !ok || named.TypeParams().Len() > 0 {
			return nil
		}
	}
	pkg, pos := registry.Pkg(), registry.Pos()
	results := []*types.Var{types.NewParam(pos, pkg, "", elem)}
	if access != Get {
		results = append(results, types.NewParam(pos, pkg, "", types.Typ[types.Bool]))
	}
	var recv *types.Var
	if owner != nil {
		recv = types.NewParam(pos, pkg, "", owner)
	}
	params := types.NewTuple(types.NewParam(pos, pkg, kind.noun(), types.Default(key)))
	sig := types.NewSignatureType(recv, nil, nil, params, types.NewTuple(results...), false)
	name := [...]string{Get: "Get", Lookup: "Lookup", Load: "Load"}[access]
	return &Op{
		Func: types.NewFunc(pos, pkg, name, sig), Element: &Element{registry, access}, Kind: kind,
		Key: []KeyPart{{Param: 0}}, Lookup: true,
	}
}

// Take rewrites an expression that takes an element out of the registry of an op:
// base is what names the registry, key the addressee. The error is a [Refusal].
func Take(f *File, access, base, key ast.Expr, e *Emitter, o *Op) (*Rewrite, error) {
	c := &caller{File: f, emitter: e, op: o, out: &Rewrite{}}
	c.call = &ast.CallExpr{Fun: base, Args: []ast.Expr{key}, Lparen: base.End(), Rparen: access.End() - 1}
	if reason := o.Unsupported(); reason != "" {
		return nil, Refusal(reason)
	}
	if err := c.insertEmitter(); err != nil {
		return nil, err
	}
	c.edit(f.offset(base.End()), f.offset(access.End()), "()")
	return c.out, nil
}

// element writes the method that takes an element for the emitter's addressee.
func (w *writer) element(o *Op, name string) {
	base, key := o.Element.Registry.Name(), w.e.keyPart(w.recv, 0)
	if o.receiver() != nil {
		base = w.recv + "." + w.e.managerField() + "." + base
	}
	what := o.Element.Registry.Name()
	if recv, ok := types.Unalias(deref(orNil(o.receiver()))).(*types.Named); ok {
		what = recv.Obj().Name() + "." + what
	}
	w.comment("%s returns what [%s] holds for the emitter's %s.", name, what, w.e.Kind.noun())
	w.printf("func (%s %s) %s() %s {\n", w.recv, w.typ(), name, w.plainResults(o))
	switch o.Element.Access {
	case Get:
		w.printf("return %s[%s]\n", base, key)
	case Lookup:
		w.printf("value, ok := %s[%s]\nreturn value, ok\n", base, key)
	case Load:
		w.printf("return %s.Load(%s)\n", base, key)
	}
	w.printf("}\n\n")
}
