package fixer

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// lookup is an expression that takes a connection out of a registry: m[k],
// m.Load(k), or a call of the manager's own look-up.
type lookup struct {
	access ast.Expr // all of it
	base   ast.Expr // what names the registry
	key    ast.Expr
	form   bind.Access // 0 for calls of the manager
}

// assignLookup finds the op behind a site that looks a connection up and writes to
// it: binding the look-up binds what is written. Inside the functions of the
// manager's own package that send on behalf of their callers it is theirs to bind.
func (e *engine) assignLookup(w *work, s *site) bool {
	if s.Addressee == nil || len(s.Addressee.Keys) != 1 || s.Addressee.Keys[0].Index != 0 || s.Addressee.Expr == nil {
		return false
	}
	if w.plumbing(s) && !s.CrossPackage {
		return false
	}
	kind, _ := bind.KindOf(s.Role)
	found := lookupAt(s)
	if found == nil {
		return false
	}
	if found.form == 0 {
		return e.assignGetter(w, s, found, kind)
	}
	registry, owner := e.registryOf(s, found.base)
	if registry == nil {
		return false
	}
	op := bind.ElementOp(registry, owner, found.form, s.Addressee.Keys[0].Type, kind)
	if op == nil {
		return false
	}
	s.taken = found
	w.assignOp(e, s, op)
	return true
}

// lookupAt climbs from what names the manager to the expression that picks by the
// addressee.
func lookupAt(s *site) *lookup {
	path, _ := astutil.PathEnclosingInterval(s.File, s.Node.Pos(), s.Node.End())
	for i, n := range path {
		switch n := n.(type) {
		case *ast.IndexExpr:
			if n.Index != s.Addressee.Expr {
				return nil
			}
			form := bind.Get
			if i+1 < len(path) && commaOK(path[i+1], n) {
				form = bind.Lookup
			}
			return &lookup{access: n, base: n.X, key: n.Index, form: form}
		case *ast.CallExpr:
			sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
			if !ok || len(n.Args) == 0 || n.Args[0] != s.Addressee.Expr {
				continue
			}
			found := &lookup{access: n, base: sel.X, key: n.Args[0]}
			if fn, ok := s.pkg.Info.Uses[sel.Sel].(*types.Func); ok && fn.FullName() == "(*sync.Map).Load" {
				found.form = bind.Load
			}
			return found
		case ast.Stmt:
			return nil
		}
	}
	return nil
}

// commaOK reports whether an index expression is asked whether there was anything.
func commaOK(parent ast.Node, index ast.Expr) bool {
	switch parent := parent.(type) {
	case *ast.AssignStmt:
		return len(parent.Lhs) == 2 && len(parent.Rhs) == 1 && parent.Rhs[0] == index
	case *ast.ValueSpec:
		return len(parent.Names) == 2 && len(parent.Values) == 1
	}
	return false
}

// assignGetter is for a method or function of the manager's own that returns the
// connection.
func (e *engine) assignGetter(w *work, s *site, found *lookup, kind bind.Kind) bool {
	call, ok := found.access.(*ast.CallExpr)
	if !ok || s.Callee == nil || s.Callee.Pkg() == nil || s.Action != ast.Node(call) {
		return false
	}
	fn := s.Callee.Origin()
	for _, pkg := range e.program.ByPath(fn.Pkg().Path()) {
		if pkg.ForTest != "" || pkg.Types == nil {
			continue
		}
		if own := sameFunc(pkg.Types, fn); own != nil {
			onlyLooks := own.Signature().Params().Len() == 1 && own.Signature().Results().Len() > 0
			w.assignOp(e, s, &bind.Op{Func: own, Kind: kind, Key: []bind.KeyPart{{Param: 0}}, Lookup: onlyLooks})
			return true
		}
	}
	return false
}

// registryOf is the variable or field that an expression names, in the types of the
// package that declares it, and the manager's type for a field.
func (e *engine) registryOf(s *site, base ast.Expr) (*types.Var, types.Type) {
	switch base := ast.Unparen(base).(type) {
	case *ast.Ident:
		if v, ok := s.pkg.Info.Uses[base].(*types.Var); ok {
			return e.ownVariable(v), nil
		}
	case *ast.SelectorExpr:
		v, ok := s.pkg.Info.Uses[base.Sel].(*types.Var)
		if !ok {
			return nil, nil
		}
		if !v.IsField() {
			return e.ownVariable(v), nil
		}
		return e.ownField(v, s.pkg.Info.TypeOf(base.X))
	}
	return nil, nil
}

// rewriteLookup works out the edits for a look-up.
func (e *engine) rewriteLookup(w *work, s *site) error {
	f, err := e.file(w, s)
	if err != nil {
		return err
	}
	out, err := bind.Take(f, s.taken.access, s.taken.base, s.taken.key, s.home.emitterOf(s.op), s.op)
	if err != nil {
		s.leave(ledger.Left, ledger.UnsupportedShape, err.Error())
		return nil
	}
	w.carry(e, s, out)
	return nil
}
