package flow

import (
	"go/ast"
	"go/types"
	"sort"
	"strconv"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// fill adds what is stored into a local struct or container after it was made.
func (p *Package) fill(v *types.Var, s Set) Set {
	sets, stores := p.localSets[v], p.contents[v]
	if len(sets) == 0 && len(stores) == 0 {
		return nil
	}
	var out Set
	for _, x := range s {
		switch {
		case x.Op == Struct && len(sets) > 0:
		case (x.Op == Fresh || x.Op == List) && len(stores) > 0:
		default:
			out = append(out, x)
			continue
		}
		out = append(out, p.filled(x, sets, stores))
	}
	if len(s) == 0 {
		op := Fresh
		if len(sets) > 0 {
			op = Struct
		}
		out = Set{p.filled(&Value{Op: op}, sets, stores)}
	}
	return out
}

func (p *Package) filled(x *Value, sets map[string][]ast.Expr, stores []content) *Value {
	if x.Op == Struct {
		c := x.clone()
		for _, name := range sortedKeys(sets) {
			for _, e := range sets[name] {
				for _, v := range p.Eval(e) {
					c.Names, c.Args = append(c.Names[:len(c.Names):len(c.Names)], name), append(c.Args[:len(c.Args):len(c.Args)], v)
				}
			}
		}
		return one(c)[0]
	}
	c := &Value{Op: List, Lib: x.Lib, Args: x.Args, Keys: x.Keys}
	for _, st := range stores {
		c.Args = Join(c.Args, p.Eval(st.val))
		c.Keys = Join(c.Keys, p.Eval(st.key))
	}
	return one(c)[0]
}

func (p *Package) composite(e *ast.CompositeLit) Set {
	t := p.TypeOf(e)
	if st, ok := under(t).(*types.Struct); ok {
		return p.structLit(e, st)
	}
	l := &Value{Op: List}
	for _, elt := range e.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			l.Keys = Join(l.Keys, p.Eval(kv.Key))
			elt = kv.Value
		}
		l.Args = Join(l.Args, p.Eval(elt))
	}
	if l.Args == nil && l.Keys == nil {
		return Set{{Op: Fresh}}
	}
	return one(l)
}

func (p *Package) structLit(e *ast.CompositeLit, st *types.Struct) Set {
	s := &Value{Op: Struct}
	for i, elt := range e.Elts {
		name := ""
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if id, ok := kv.Key.(*ast.Ident); ok {
				name = id.Name
			}
			elt = kv.Value
		} else if i < st.NumFields() {
			name = st.Field(i).Name()
		}
		for _, v := range p.Eval(elt) {
			s.Names, s.Args = append(s.Names, name), append(s.Args, v)
		}
	}
	return one(s)
}

func (p *Package) selector(e *ast.SelectorExpr) Set {
	sel := p.Info.Selections[e]
	if sel == nil {
		return p.qualified(e)
	}
	switch sel.Kind() {
	case types.FieldVal:
		return p.fieldSelection(e, sel)
	case types.MethodVal:
		f, ok := sel.Obj().(*types.Func)
		if !ok {
			return unknown
		}
		var out []Set
		for _, x := range p.Receiver(e, sel) {
			out = append(out, one(&Value{Op: FuncRef, Name: FuncName(f), X: x}))
		}
		return Join(out...)
	case types.MethodExpr:
		if f, ok := sel.Obj().(*types.Func); ok {
			return Set{{Op: FuncRef, Name: FuncName(f)}}
		}
	}
	return unknown
}

func (p *Package) qualified(e *ast.SelectorExpr) Set {
	switch obj := p.Info.Uses[e.Sel].(type) {
	case *types.Const:
		return Set{{Op: Const}}
	case *types.Func:
		return Set{{Op: FuncRef, Name: FuncName(obj)}}
	case *types.Var:
		return p.global(obj)
	}
	return unknown
}

// fieldSelection follows x.f, embedded fields on the way included.
func (p *Package) fieldSelection(e *ast.SelectorExpr, sel *types.Selection) Set {
	if transparent(sel.Recv(), sel.Obj().Name()) {
		return p.Eval(e.X)
	}
	return p.walkFields(p.Eval(e.X), sel.Recv(), sel.Index(), true)
}

// walkFields takes the fields numbered index from s on. With copies, a field that
// holds package-level state is that state as well.
func (p *Package) walkFields(s Set, t types.Type, index []int, copies bool) Set {
	for _, i := range index {
		st, ok := under(t).(*types.Struct)
		if !ok {
			return unknown
		}
		f := st.Field(i)
		s = ownField(s, f.Name(), p.FieldName(f), p.Catalog.Bears(f.Type()))
		if copies {
			s = Join(s, p.heldBy(f))
		}
		t = f.Type()
	}
	return s
}

// transparent fields are no step of their own: the value of a list element.
func transparent(t types.Type, name string) bool {
	named := conns.Named(t)
	if named == nil || named.Obj().Pkg() == nil {
		return false
	}
	switch named.Obj().Pkg().Path() {
	case "container/list", "container/ring":
		return name == "Value"
	}
	return false
}

// Receiver is the value that a method is called on, embedded fields included.
func (p *Package) Receiver(e *ast.SelectorExpr, sel *types.Selection) Set {
	index := sel.Index()
	return p.walkFields(p.Eval(e.X), sel.Recv(), index[:max(len(index)-1, 0)], true)
}

// heldBy returns the package-level state that a field is known to be a copy of.
func (p *Package) heldBy(f *types.Var) Set {
	if !canHold(f.Type()) {
		return nil
	}
	f = f.Origin()
	if f.Pkg() != p.Types {
		if f.Pkg() == nil {
			return nil
		}
		if info := p.World.Field(conns.CleanPath(f.Pkg().Path()), p.fieldKey(f)); info != nil {
			return info.Holds
		}
		return nil
	}
	var out []Set
	for _, e := range p.fields[f] {
		for _, v := range p.Eval(e) {
			if v.isState() {
				out = append(out, Set{v})
			}
		}
	}
	return Join(out...)
}

// canHold tells the types of fields that may be a copy of a manager.
func canHold(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Pointer:
		_, named := types.Unalias(t.Elem()).(*types.Named)
		return named
	case *types.Interface:
		return true
	}
	return false
}

// isState reports whether v is a package variable or a field of one.
func (v *Value) isState() bool {
	for v.Op == Field {
		v = v.X
	}
	return v.Op == Global
}

// global is a package variable, or what it is a copy of as well.
func (p *Package) global(v *types.Var) Set {
	self := &Value{Op: Global, Name: VarName(v), Lib: p.Catalog.Bears(v.Type())}
	if v.Pkg() != p.Types {
		if info := p.World.Global(conns.CleanPath(v.Pkg().Path()), self.Name); info != nil && len(info.Alias) > 0 {
			return info.Alias
		}
		return Set{self}
	}
	if alias := p.Alias(v); len(alias) > 0 {
		return alias
	}
	return Set{self}
}

// Alias returns the other package-level state that v is a copy of.
func (p *Package) Alias(v *types.Var) Set {
	if !canHold(v.Type()) {
		return nil
	}
	self := VarName(v)
	var out []Set
	for _, d := range p.defs[v] {
		if d.kind != defExpr {
			continue
		}
		for _, x := range p.def(d) {
			if x.isState() && x.Root().Name != self {
				out = append(out, Set{x})
			}
		}
	}
	return Join(out...)
}

func (p *Package) index(e *ast.IndexExpr) Set {
	if _, ok := p.ObjectOf(e.X).(*types.Func); ok {
		return p.Eval(e.X)
	}
	t := under(p.TypeOf(e.X))
	base, keys := p.Eval(e.X), p.Eval(e.Index)
	var lib string
	switch u := t.(type) {
	case *types.Map:
		lib = p.Catalog.Bears(u.Elem())
	case *types.Slice:
		lib = p.Catalog.Bears(u.Elem())
	case *types.Basic:
		return Set{made(Derived, base)}
	}
	return elem(base, anyIfOwn(base, keys), lib, e)
}

// anyIfOwn drops keys that were taken from the container itself: indexing with
// one of its own keys is a loop over it.
func anyIfOwn(base, keys Set) Set {
	for _, k := range keys {
		for _, b := range base {
			if k.Op == Key && k.X.bare() == b.bare() {
				return nil
			}
		}
	}
	return keys
}

func (p *Package) litName(lit *ast.FuncLit) string { return strconv.Itoa(int(lit.Pos())) }

// ChannelKey names a channel by the field or variable that it is kept in, "" for
// a local one.
func (p *Package) ChannelKey(e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.SelectorExpr:
		if v, ok := p.ObjectOf(e).(*types.Var); ok {
			if IsPackageVar(v) {
				return VarName(v)
			}
			return p.selectedField(e, v)
		}
	case *ast.Ident:
		if v, ok := p.ObjectOf(e).(*types.Var); ok && IsPackageVar(v) {
			return VarName(v)
		} else if ok {
			return p.localChannel(v)
		}
	case *ast.TypeAssertExpr:
		return p.ChannelKey(e.X)
	case *ast.IndexExpr:
		return elements(p.ChannelKey(e.X))
	}
	return ""
}

func elements(key string) string {
	if key == "" {
		return ""
	}
	return key + "[]"
}

// localChannel names a channel variable after what it was taken from, or else after
// where it was put for others to find.
func (p *Package) localChannel(v *types.Var) string {
	for _, d := range p.defs[v] {
		key := ""
		switch d.kind {
		case defExpr:
			if _, call := ast.Unparen(d.expr).(*ast.CallExpr); !call {
				key = p.ChannelKey(d.expr)
			}
		case defRangeVal:
			key = elements(p.ChannelKey(d.expr))
		}
		if key != "" {
			return key
		}
	}
	switch k := p.kept[v]; {
	case k.field != nil:
		return p.FieldName(k.field)
	case k.in != nil:
		return elements(p.ChannelKey(k.in.X))
	}
	return ""
}

// selectedField names a field after the struct type that declares it.
func (p *Package) selectedField(e *ast.SelectorExpr, f *types.Var) string {
	if name, ok := p.owners[f.Origin()]; ok {
		return name
	}
	sel := p.Info.Selections[e]
	if sel == nil {
		return ""
	}
	t := sel.Recv()
	index := sel.Index()
	for _, i := range index[:len(index)-1] {
		st, ok := under(t).(*types.Struct)
		if !ok {
			return ""
		}
		t = st.Field(i).Type()
	}
	if named := conns.Named(t); named != nil && named.Obj().Pkg() != nil {
		return conns.CleanPath(named.Obj().Pkg().Path()) + "." + named.Obj().Name() + "." + f.Name()
	}
	return ""
}

// FieldName is the name of a struct field across packages, "path.Type.field".
func (p *Package) FieldName(f *types.Var) string {
	f = f.Origin()
	if name, ok := p.owners[f]; ok {
		return name
	}
	if f.Pkg() == nil || f.Pkg() == p.Types {
		return ""
	}
	return p.fieldKey(f)
}

// fieldKey names a field of another package by searching its types once.
func (p *Package) fieldKey(f *types.Var) string {
	if name, ok := p.owners[f]; ok {
		return name
	}
	path := conns.CleanPath(f.Pkg().Path())
	scope := f.Pkg().Scope()
	for _, name := range scope.Names() {
		tn, ok := scope.Lookup(name).(*types.TypeName)
		if !ok {
			continue
		}
		if st, ok := tn.Type().Underlying().(*types.Struct); ok {
			for own := range st.Fields() {
				if _, seen := p.owners[own]; !seen {
					p.owners[own] = path + "." + name + "." + own.Name()
				}
			}
		}
	}
	if _, ok := p.owners[f]; !ok {
		p.owners[f] = path + ".?." + f.Name()
	}
	return p.owners[f]
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
