package flow

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// A service locator of another module is a pair of generic functions: one is told
// how to make a T, the other gives the T of the whole process. Their bodies are not
// read; the type is the name of what they share.

// instance is the one type argument of a generic call, when it is a type of the
// code being read, perhaps behind a pointer.
func (p *Package) instance(call *ast.CallExpr) (*types.Named, *types.Signature) {
	fun := ast.Unparen(call.Fun)
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = ast.Unparen(x.X)
	case *ast.IndexListExpr:
		fun = ast.Unparen(x.X)
	}
	id, ok := fun.(*ast.Ident)
	if sel, isSel := fun.(*ast.SelectorExpr); isSel {
		id, ok = sel.Sel, true
	}
	if !ok {
		return nil, nil
	}
	inst, ok := p.Info.Instances[id]
	if !ok || inst.TypeArgs.Len() != 1 {
		return nil, nil
	}
	named := conns.Named(inst.TypeArgs.At(0))
	sig, isFunc := inst.Type.(*types.Signature)
	if !isFunc || named == nil || named.Obj().Pkg() == nil || !p.Catalog.FirstParty(named.Obj().Pkg().Path()) {
		return nil, nil
	}
	return named, sig
}

// located notes a call that tells a locator how to make a manager.
func (p *Package) located(call *ast.CallExpr) {
	named, sig := p.instance(call)
	if named == nil || sig.Params().Len() < 2 || !p.keeps(named) || shortLived(call) {
		return
	}
	if n := sig.Results().Len(); n > 1 || n == 1 && conns.Named(sig.Results().At(0).Type()) == named {
		return
	}
	if fn, ok := p.ObjectOf(call.Fun).(*types.Func); ok && (fn.Pkg() == nil || fn.Pkg() == p.Types || conns.Std(fn.Pkg().Path())) {
		return
	}
	for v := range sig.Params().Variables() {
		maker, ok := v.Type().Underlying().(*types.Signature)
		if ok && maker.Results().Len() > 0 && conns.Named(maker.Results().At(0).Type()) == named {
			p.locators[typeName(named)] = call
		}
	}
}

// shortLived reports whether an argument says, in the words that such containers
// agree on, that every question gets a new value.
func shortLived(call *ast.CallExpr) bool {
	for _, arg := range call.Args {
		name := ""
		switch x := ast.Unparen(arg).(type) {
		case *ast.Ident:
			name = x.Name
		case *ast.SelectorExpr:
			name = x.Sel.Name
		}
		name = strings.ToLower(name)
		if strings.Contains(name, "transient") || strings.Contains(name, "scoped") || strings.Contains(name, "prototype") {
			return true
		}
	}
	return false
}

func typeName(named *types.Named) string {
	return conns.CleanPath(named.Obj().Pkg().Path()) + "." + named.Obj().Name()
}

// shared is the value that a call asks a locator for, or nil.
func (p *Package) shared(call *ast.CallExpr) *Value {
	named, sig := p.instance(call)
	if named == nil || sig.Params().Len() == 0 || sig.Results().Len() == 0 || conns.Named(sig.Results().At(0).Type()) != named {
		return nil
	}
	name := typeName(named)
	if p.locators[name] == nil && !p.World.locates[name] {
		return nil
	}
	return &Value{Op: Global, Name: name}
}

// Located lists the types, "path.Name", whose one value of the process comes from a
// service locator, with the call in this package that says how to make it.
func (p *Package) Located() map[string]*ast.CallExpr {
	out := map[string]*ast.CallExpr{}
	for name := range p.World.locates {
		out[name] = nil
	}
	for name, call := range p.locators {
		out[name] = call
	}
	return out
}

// TypeNamed finds a type of this package or of an import, "path.Name".
func (p *Package) TypeNamed(path, name string) *types.Named {
	pkg := p.reachable(path)
	if pkg == nil {
		return nil
	}
	tn, ok := pkg.Scope().Lookup(name).(*types.TypeName)
	if !ok {
		return nil
	}
	named, _ := tn.Type().(*types.Named)
	return named
}
