package sharedpayload

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// change is what happens to handed-over memory.
type change struct {
	node ast.Node
	verb string
}

// names reports whether e is the memory b: the variable or field itself, or a
// slice, pointer or address of it.
func (f *body) names(e ast.Expr, b base) bool {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		return len(b.path) == 0 && f.c.pass.TypesInfo.ObjectOf(x) == b.root
	case *ast.SelectorExpr:
		own, ok := f.path(x)
		return ok && own.root == b.root && samePath(own.path, b.path)
	case *ast.SliceExpr:
		return f.names(x.X, b)
	case *ast.StarExpr:
		return f.names(x.X, b)
	case *ast.UnaryExpr:
		return x.Op == token.AND && f.names(x.X, b)
	}
	return false
}

func samePath(a, b []*types.Var) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// changes reports what the node does to b, literals inside left out.
func (f *body) changes(n ast.Node, b base) *change {
	var found *change
	inspectOwn(n, func(n ast.Node) {
		if found != nil {
			return
		}
		switch n := n.(type) {
		case *ast.AssignStmt:
			found = f.assigned(n, b)
		case *ast.IncDecStmt:
			if f.inside(n.X, b) {
				found = &change{n, "changed"}
			}
		case *ast.CallExpr:
			if verb := f.call(n, b); verb != "" {
				found = &change{n, verb}
			}
		}
	})
	return found
}

func (f *body) assigned(n *ast.AssignStmt, b base) *change {
	for i, lhs := range n.Lhs {
		if f.inside(lhs, b) {
			return &change{n, "changed"}
		}
		if !f.names(lhs, b) {
			continue
		}
		if b.address && n.Tok == token.ASSIGN && !isBuffer(b.typ) {
			return &change{n, "changed"}
		}
		if len(n.Lhs) == len(n.Rhs) && f.refills(n.Rhs[i], b) {
			return &change{n, "filled again"}
		}
	}
	return nil
}

// inside reports whether lhs is a part of b: an element, a field behind a pointer,
// what a pointer points to.
func (f *body) inside(lhs ast.Expr, b base) bool {
	switch x := ast.Unparen(lhs).(type) {
	case *ast.IndexExpr:
		return f.names(x.X, b)
	case *ast.StarExpr:
		return f.names(x.X, b)
	case *ast.SelectorExpr:
		if sel := f.c.pass.TypesInfo.Selections[x]; sel == nil || sel.Kind() != types.FieldVal {
			return false
		}
		return f.names(x.X, b) || f.inside(x.X, b)
	}
	return false
}

// refills recognises b = append(b[:0], ...) and its like: the old memory is
// written over.
func (f *body) refills(rhs ast.Expr, b base) bool {
	call, ok := ast.Unparen(rhs).(*ast.CallExpr)
	if !ok {
		return false
	}
	for _, arg := range call.Args {
		s, ok := ast.Unparen(arg).(*ast.SliceExpr)
		if ok && s.High != nil && s.Low == nil && f.names(s.X, b) && f.c.pass.TypesInfo.Types[s.High].Value != nil {
			return true
		}
	}
	return false
}

// writers are the methods that write into a buffer.
var writers = map[string]string{
	"Reset": "reset", "Truncate": "cut", "Write": "written to", "WriteString": "written to", "WriteByte": "written to",
	"WriteRune": "written to", "ReadFrom": "read into", "Set": "written to", "SetString": "written to",
}

// call is what a call does to b, "" for nothing known.
func (f *body) call(n *ast.CallExpr, b base) string {
	for _, e := range f.c.givenToPool(n) {
		if f.names(e, b) {
			return "put into a pool"
		}
	}
	if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok {
		if _, builtin := f.c.pass.TypesInfo.Uses[id].(*types.Builtin); builtin {
			return f.builtin(id.Name, n, b)
		}
	}
	callee, _ := typeutil.Callee(f.c.pass.TypesInfo, n).(*types.Func)
	if callee == nil || callee.Pkg() == nil {
		return ""
	}
	if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && callee.Signature().Recv() != nil {
		if f.names(sel.X, b) && isBuffer(b.typ) {
			return writers[callee.Name()]
		}
		if f.names(sel.X, b) && f.alters(callee, 0) {
			return "changed"
		}
	}
	for i, arg := range n.Args {
		if f.names(arg, b) {
			if verb := f.passed(callee, i, b); verb != "" {
				return verb
			}
		}
	}
	return ""
}

func (f *body) builtin(name string, n *ast.CallExpr, b base) string {
	if len(n.Args) == 0 || !f.names(n.Args[0], b) {
		return ""
	}
	switch name {
	case "copy":
		return "written over"
	case "clear":
		return "cleared"
	case "delete":
		return "changed"
	}
	return ""
}

// passed is what a function does to argument i when that is b.
func (f *body) passed(callee *types.Func, i int, b base) string {
	path, name := callee.Pkg().Path(), callee.Name()
	switch {
	case name == "Read" || path == "io" && strings.HasPrefix(name, "Read") && i > 0:
		switch b.typ.Underlying().(type) {
		case *types.Slice, *types.Array:
			return "read into"
		}
	case path == "encoding/json" && name == "Unmarshal" && i == 1, name == "Decode" && path == "encoding/json":
		return "decoded into"
	case path == "encoding/binary" && strings.HasPrefix(name, "Put"):
		return "written over"
	case path == "maps" && name == "Copy" && i == 0:
		return "changed"
	case isBuffer(b.typ) && (path == "fmt" && strings.HasPrefix(name, "Fprint") || path == "encoding/json" && name == "NewEncoder"):
		return "written to"
	case f.alters(callee, i+1):
		return "changed"
	}
	return ""
}

// alters reports whether a function of the code being read changes what its
// parameter points to; 0 is the receiver.
func (f *body) alters(callee *types.Func, index int) bool {
	sum := f.c.p.FuncSummary(callee)
	if sum == nil {
		return false
	}
	for _, e := range sum.Effects {
		switch e.Op {
		case flow.Assign, flow.Put, flow.Del:
			if root := e.Target.Root(); root.Op == flow.Param && root.Index == index && (e.Op != flow.Assign || e.Target.Op == flow.Field) {
				return true
			}
		}
	}
	return false
}

// renews reports whether the node gives the variable or field behind b memory of
// its own, so that what follows no longer touches what was handed over.
func (f *body) renews(n ast.Node, b base) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for i, lhs := range n.Lhs {
			if f.isRoot(lhs, b) || !b.address && f.names(lhs, b) && !isSliceOf(lhs) {
				if n.Tok == token.DEFINE || len(n.Lhs) != len(n.Rhs) || !f.derived(n.Rhs[i], b) {
					return true
				}
			}
		}
	case *ast.DeclStmt:
		return f.declares(n, b)
	case *ast.ValueSpec:
		for _, name := range n.Names {
			if f.c.pass.TypesInfo.Defs[name] == b.root {
				return true
			}
		}
	case *ast.Ident:
		return f.c.pass.TypesInfo.Defs[n] == b.root
	}
	return f.waits(n, b)
}

func (f *body) declares(n *ast.DeclStmt, b base) bool {
	gen, ok := n.Decl.(*ast.GenDecl)
	if !ok {
		return false
	}
	for _, spec := range gen.Specs {
		if f.renews(spec, b) {
			return true
		}
	}
	return false
}

func isSliceOf(e ast.Expr) bool {
	_, ok := ast.Unparen(e).(*ast.SliceExpr)
	return ok
}

// isRoot reports whether lhs declares, or replaces, the variable that a field path
// starts at.
func (f *body) isRoot(lhs ast.Expr, b base) bool {
	id, ok := ast.Unparen(lhs).(*ast.Ident)
	if !ok {
		return false
	}
	return f.c.pass.TypesInfo.Defs[id] == b.root || len(b.path) > 0 && f.c.pass.TypesInfo.Uses[id] == b.root
}

// derived reports whether the new value still shares the old memory: b[:0] and
// append(b, ...) do, what comes behind b[n:] does not.
func (f *body) derived(rhs ast.Expr, b base) bool {
	if s, ok := ast.Unparen(rhs).(*ast.SliceExpr); ok && s.Low != nil {
		return false
	}
	for _, other := range f.bases(rhs, 0) {
		if other.root == b.root && samePath(other.path, b.path) {
			return true
		}
	}
	call, ok := ast.Unparen(rhs).(*ast.CallExpr)
	if !ok {
		return false
	}
	for _, arg := range call.Args {
		if f.names(arg, b) {
			return true
		}
	}
	return false
}

// waits recognises a wait for the receiver: a receive from a channel that is local
// or part of what was handed over, or a call of Wait.
func (f *body) waits(n ast.Node, b base) bool {
	found := false
	inspectOwn(n, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW && f.localChannel(n.X, b)
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			found = found || ok && sel.Sel.Name == "Wait" && len(n.Args) == 0
		}
	})
	return found
}

func (f *body) localChannel(e ast.Expr, b base) bool {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := f.c.pass.TypesInfo.Uses[x].(*types.Var)
		return ok && !flow.IsPackageVar(v)
	case *ast.SelectorExpr:
		return f.names(x.X, b)
	}
	return false
}
