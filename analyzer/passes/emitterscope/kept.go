package emitterscope

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/lastwriter"
)

// packageState reports package variables that hold something of one user, by
// their type or by what is stored into them.
func (c *checker) packageState() {
	for _, file := range c.pass.Files {
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.VAR {
				for _, spec := range gen.Specs {
					c.variables(spec.(*ast.ValueSpec))
				}
			}
		}
	}
	for cursor := range c.root.Preorder((*ast.CallExpr)(nil), (*ast.AssignStmt)(nil)) {
		switch n := cursor.Node().(type) {
		case *ast.CallExpr:
			c.stored(n)
		case *ast.AssignStmt:
			c.assigned(n)
		}
	}
}

func (c *checker) variables(spec *ast.ValueSpec) {
	for _, name := range spec.Names {
		v, ok := c.pass.TypesInfo.Defs[name].(*types.Var)
		if !ok || name.Name == "_" {
			continue
		}
		what := c.scope.within(v.Type())
		switch {
		case what == "":
		case c.scope.of(v.Type()) != "":
			c.report(name, findings.Escape, name.Name+" keeps a wsruntime."+what+" in package state: all of the program then speaks to the one user it was made for; "+remedy[what])
		default:
			c.report(name, findings.Escape, name.Name+" keeps wsruntime."+what+" values in package state, which is the shared registry again; "+remedy[what])
		}
	}
}

var remedy = map[string]string{
	"Emitter":     "ask the factory for an emitter where one is needed, handles are cheap",
	"UserContext": "reach it through an emitter of the user, made where it is needed",
}

// sharedObjects reports stores of a handler into fields of what serves everybody.
func (c *checker) sharedObjects(shared *lastwriter.Result) {
	if shared == nil {
		return
	}
	for _, store := range shared.Stores {
		if store.Var == nil || !store.Var.IsField() {
			continue
		}
		if what := c.scope.within(store.Type); what != "" {
			c.report(store.Node, findings.Escape, store.Name+" is there for all users and becomes the wsruntime."+what+" of whoever came last; "+remedy[what])
		}
	}
}

// containers are the methods that store their arguments in the receiver.
var containers = map[string]map[string]bool{
	"sync.Map":            {"Store": true, "LoadOrStore": true, "Swap": true, "CompareAndSwap": true},
	"sync.Pool":           {"Put": true},
	"sync/atomic.Value":   {"Store": true, "Swap": true, "CompareAndSwap": true},
	"container/list.List": {"PushBack": true, "PushFront": true, "InsertBefore": true, "InsertAfter": true},
}

// stored reports calls that put something of one user into a package variable
// whose type does not tell what it holds. A sync.Pool is shared wherever it is.
func (c *checker) stored(call *ast.CallExpr) {
	f, ok := typeutil.Callee(c.pass.TypesInfo, call).(*types.Func)
	if !ok || f.Pkg() == nil || f.Signature().Recv() == nil {
		return
	}
	named, ok := deref(f.Signature().Recv().Type()).(*types.Named)
	if !ok {
		return
	}
	kind := f.Pkg().Path() + "." + named.Obj().Name()
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || !containers[kind][f.Name()] {
		return
	}
	base := c.packageVar(sel.X)
	if base == nil && kind != "sync.Pool" {
		return
	}
	for _, arg := range call.Args {
		what := c.scope.within(c.typeOf(arg))
		switch {
		case what == "":
		case base == nil:
			c.report(call, findings.Escape, "a pool hands this wsruntime."+what+" to whoever comes next, who is another user; "+remedy[what])
		default:
			c.report(call, findings.Escape, base.Name()+" keeps wsruntime."+what+" values in package state, which is the shared registry again; "+remedy[what])
		}
	}
}

// assigned reports the same of assignments, for variables and maps of interface
// types.
func (c *checker) assigned(n *ast.AssignStmt) {
	if len(n.Lhs) != len(n.Rhs) {
		return
	}
	for i, lhs := range n.Lhs {
		base := c.packageVar(lhs)
		if base == nil || c.scope.within(base.Type()) != "" || !types.IsInterface(c.typeOf(lhs)) {
			continue
		}
		if what := c.scope.within(c.typeOf(n.Rhs[i])); what != "" {
			c.report(n, findings.Escape, base.Name()+" keeps a wsruntime."+what+" in package state: all of the program then speaks to the one user it was made for; "+remedy[what])
		}
	}
}

// packageVar is the package variable that the path e starts at, or nil.
func (c *checker) packageVar(e ast.Expr) *types.Var {
	for {
		var id *ast.Ident
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			id = x
		case *ast.SelectorExpr:
			id = x.Sel
			if c.pass.TypesInfo.Selections[x] != nil {
				e = x.X
				continue
			}
		case *ast.IndexExpr:
			e = x.X
			continue
		case *ast.StarExpr:
			e = x.X
			continue
		default:
			return nil
		}
		v, ok := c.pass.TypesInfo.ObjectOf(id).(*types.Var)
		if ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
			return v
		}
		return nil
	}
}

func (c *checker) typeOf(e ast.Expr) types.Type {
	if t := c.pass.TypesInfo.TypeOf(e); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}

func deref(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	return types.Unalias(t)
}
