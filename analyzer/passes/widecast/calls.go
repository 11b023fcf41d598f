package widecast

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// sites are the uses of process-wide managers, and besides them the calls of
// managers that are passed around: those leak to everyone just as well.
func (k *keys) sites() []*singleton.Site {
	if k.all != nil {
		return k.all
	}
	k.all = append([]*singleton.Site{}, k.known.Sites...)
	seen := map[ast.Node]bool{}
	for _, site := range k.known.Sites {
		seen[site.Action] = true
	}
	for _, file := range k.pass.Files {
		test := strings.HasSuffix(k.pass.Fset.Position(file.Pos()).Filename, "_test.go")
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || seen[call] {
					return true
				}
				if site := k.passed(call, fn); site != nil {
					site.File, site.Test = file, test
					k.all = append(k.all, site)
				}
				return true
			})
		}
	}
	return k.all
}

// passed is the site of a call of a manager that is no package state, nil when
// the call does not send or register.
func (k *keys) passed(call *ast.CallExpr, decl *ast.FuncDecl) *singleton.Site {
	f, ok := k.p.ObjectOf(call.Fun).(*types.Func)
	if !ok || f.Pkg() == nil || f.Signature().Recv() == nil || !k.p.Catalog.FirstParty(f.Pkg().Path()) {
		return nil
	}
	manager := conns.Named(f.Signature().Recv().Type())
	if manager == nil || types.IsInterface(manager) || k.ownMethod(decl, manager) || !k.delivers(f) {
		return nil
	}
	what := k.known.Func(f)
	if what == nil {
		return nil
	}
	site := &singleton.Site{
		Singleton: &singleton.Singleton{Name: manager.Obj().Name(), Severity: findings.Warning},
		Role:      what.Role, Node: call, Action: call, Decl: decl, Callee: f,
	}
	a := &singleton.Addressee{Keys: what.Keys}
	for _, key := range what.Keys {
		if key.Index < 1 || key.Index > len(call.Args) || key.Variadic || key.List {
			return site
		}
		a.Args = append(a.Args, call.Args[key.Index-1])
	}
	if len(a.Args) > 0 {
		site.Addressee = a
	}
	return site
}

// ownMethod reports whether the function belongs to the manager itself.
func (k *keys) ownMethod(decl *ast.FuncDecl, manager *types.Named) bool {
	f, ok := k.pass.TypesInfo.Defs[decl.Name].(*types.Func)
	if !ok || f.Signature().Recv() == nil {
		return false
	}
	named := conns.Named(f.Signature().Recv().Type())
	return named != nil && named.Origin() == manager.Origin()
}

// delivers reports whether a method writes to, or stores, known connections of which
// its receiver has several: what goes to the one of a client goes to one user.
func (k *keys) delivers(f *types.Func) bool {
	f = f.Origin()
	if known, ok := k.reach[f]; ok {
		return known
	}
	found := false
	if sum := k.p.FuncSummary(f); sum != nil {
		for _, e := range k.p.Expand(sum.Effects) {
			switch e.Op {
			case flow.Write:
				found = found || e.Target.Lib != "" && e.Target.Passes(flow.Elem, flow.Key)
			case flow.Put:
				for _, v := range e.Val {
					found = found || v.Lib != ""
				}
			}
		}
	}
	k.reach[f] = found
	return found
}
