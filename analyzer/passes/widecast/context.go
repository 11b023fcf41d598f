package widecast

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// relays reports whether the site passes on what a client sends, or tells of its
// coming and going: it is in a function of one connection. What a user says to
// everyone is meant for everyone.
func (c *checker) relays(site *singleton.Site) bool {
	if site.Decl == nil {
		return false
	}
	f, ok := c.pass.TypesInfo.Defs[site.Decl.Name].(*types.Func)
	if !ok {
		return false
	}
	if c.personal(f.Signature()) {
		return true
	}
	if site.Lit != nil {
		if sig, ok := c.p.TypeOf(site.Lit).(*types.Signature); ok && c.personal(sig) {
			return true
		}
	}
	reads := false
	ast.Inspect(site.Decl.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		reads = reads || ok && c.reads(call)
		return !reads
	})
	return reads
}

// personal reports whether a function is given a connection, or an object that
// carries one.
func (c *checker) personal(sig *types.Signature) bool {
	bears := func(v *types.Var) bool {
		return v != nil && c.p.Catalog.Bears(v.Type()) != ""
	}
	if bears(sig.Recv()) {
		return true
	}
	for v := range sig.Params().Variables() {
		if bears(v) {
			return true
		}
	}
	return false
}

// reads reports whether a call reads a message from a connection, or accepts one.
func (c *checker) reads(call *ast.CallExpr) bool {
	f, ok := c.p.ObjectOf(call.Fun).(*types.Func)
	if !ok || f.Pkg() == nil || !conns.Known(f.Pkg().Path()) {
		return false
	}
	switch f.Name() {
	case "ReadMessage", "ReadJSON", "NextReader", "Read", "Reader", "Receive", "ReadClientData", "ReadClientText", "NextFrame":
		return true
	}
	return conns.Accepts(f.Pkg().Path(), f.Name())
}

// routes reports whether the function sends to the user whom the payload names, if
// it names one, and to everyone otherwise: a condition over the addressee decides
// which of the two happens.
func (c *checker) routes(site *singleton.Site, m *mix) bool {
	if site.Decl == nil {
		return false
	}
	for _, other := range c.keys.sites() {
		if other == site || other.Decl != site.Decl || other.Addressee == nil || other.Role != findings.UserSend && other.Role != findings.RoomSend {
			continue
		}
		for _, arg := range other.Addressee.Args {
			if arg == nil || !m.keys[types.ExprString(arg)] && (m.root == nil || c.root(arg) != m.root) {
				continue
			}
			if decides(site.Decl.Body, types.ExprString(arg), site.Action, other.Action) {
				return true
			}
		}
		if c.samePayload(site, other) && !c.about(m, other) && apart(site.Decl.Body, site.Action, other.Action) {
			return true // who wrote it chose the audience of this very message, and it is not about them
		}
	}
	return false
}

// samePayload reports whether two sites deliver one and the same variable.
func (c *checker) samePayload(a, b *singleton.Site) bool {
	return c.variable(a) != nil && c.variable(a) == c.variable(b)
}

func (c *checker) variable(site *singleton.Site) *types.Var {
	payload := c.payload(site)
	if len(payload) != 1 {
		return nil
	}
	id, ok := ast.Unparen(payload[0]).(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := c.pass.TypesInfo.ObjectOf(id).(*types.Var)
	return v
}

// about reports whether the payload names whom the other site addresses.
func (c *checker) about(m *mix, other *singleton.Site) bool {
	for _, arg := range other.Addressee.Args {
		if arg != nil && (m.keys[types.ExprString(arg)] || m.root != nil && c.root(arg) == m.root) {
			return true
		}
	}
	return false
}

// apart reports whether one of two nodes happens instead of the other: in another
// branch of a condition, or where the one's branch has returned.
func apart(body *ast.BlockStmt, a, b ast.Node) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			in, out := contains(n.Body, a), contains(n.Body, b)
			found = found || in != out && (n.Else != nil && (contains(n.Else, a) || contains(n.Else, b)) || returns(n.Body))
		case *ast.CaseClause:
			in, out := contains(n, a), contains(n, b)
			found = found || in != out && (in || out) && withinSwitch(body, n, a, b)
		}
		return !found
	})
	return found
}

func returns(body *ast.BlockStmt) bool {
	if len(body.List) == 0 {
		return false
	}
	_, ok := body.List[len(body.List)-1].(*ast.ReturnStmt)
	return ok
}

// withinSwitch reports whether the statement that the clause is part of has both nodes.
func withinSwitch(body *ast.BlockStmt, clause *ast.CaseClause, a, b ast.Node) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		var list *ast.BlockStmt
		switch n := n.(type) {
		case *ast.SwitchStmt:
			list = n.Body
		case *ast.TypeSwitchStmt:
			list = n.Body
		}
		if list != nil && contains(list, clause) && contains(list, a) && contains(list, b) {
			for _, one := range list.List {
				found = found || one == ast.Stmt(clause)
			}
		}
		return !found
	})
	return found
}

// envelope reports whether an object is what the manager's own send to one user takes
// as its message, declared beside it: the field says where a message goes, and is
// empty in one for everybody.
func (c *checker) envelope(send *types.Func, object ast.Expr) bool {
	if send == nil {
		return false
	}
	named := conns.Named(c.p.TypeOf(object))
	what := c.known.Func(send)
	if named == nil || what == nil || named.Obj().Pkg() != send.Pkg() {
		return false
	}
	for _, i := range what.Payload {
		if i > 0 && i <= send.Signature().Params().Len() && conns.Named(send.Signature().Params().At(i-1).Type()) == named {
			return true
		}
	}
	return false
}

// decides reports whether some condition that mentions the key has one of the two
// nodes in a branch of its own.
func decides(body *ast.BlockStmt, key string, a, b ast.Node) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		branch, ok := n.(*ast.IfStmt)
		if !ok || found {
			return !found
		}
		if contains(branch.Body, a) != contains(branch.Body, b) {
			found = mentions(branch.Cond, key)
		}
		return !found
	})
	return found
}

func mentions(e ast.Expr, text string) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if x, ok := n.(ast.Expr); ok {
			found = found || types.ExprString(x) == text
		}
		return !found
	})
	return found
}

func contains(outer, inner ast.Node) bool {
	return outer.Pos() <= inner.Pos() && inner.End() <= outer.End()
}

// alternative is the user send that the site's manager offers: the one with the
// fewest parameters, so that the plainest is named.
func (c *checker) alternative(site *singleton.Site) *types.Func {
	var best *types.Func
	consider := func(f *types.Func) {
		if f == nil || !f.Exported() && f.Pkg() != c.pass.Pkg {
			return
		}
		what := c.known.Func(f)
		if what == nil || what.Role != findings.UserSend || len(what.Keys) == 0 {
			return
		}
		if best == nil || f.Signature().Params().Len() < best.Signature().Params().Len() {
			best = f
		}
	}
	if site.Callee != nil && runtimeMethod(site.Callee) != "" {
		obj, _, _ := types.LookupFieldOrMethod(site.Callee.Signature().Recv().Type(), true, site.Callee.Pkg(), "Emitter")
		f, _ := obj.(*types.Func)
		return f
	}
	if site.Callee != nil && site.Callee.Signature().Recv() != nil {
		if named := conns.Named(site.Callee.Signature().Recv().Type()); named != nil {
			for m := range types.NewMethodSet(types.NewPointer(named)).Methods() {
				f, _ := m.Obj().(*types.Func)
				consider(f)
			}
		}
	}
	if best == nil {
		if home := c.home(site.Singleton.Package); home != nil {
			for _, name := range site.Singleton.Funcs {
				f, _ := home.Scope().Lookup(name).(*types.Func)
				consider(f)
			}
		}
	}
	return best
}

// factories looks at broadcasts of wsruntime's factory in the same way.
func (c *checker) factories() {
	manager := &singleton.Singleton{Name: "factory", Severity: findings.Warning}
	for _, file := range c.pass.Files {
		test := strings.HasSuffix(c.pass.Fset.Position(file.Pos()).Filename, "_test.go")
		for _, decl := range file.Decls {
			fn, _ := decl.(*ast.FuncDecl)
			ast.Inspect(decl, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				f, ok := c.p.ObjectOf(call.Fun).(*types.Func)
				if ok && runtimeMethod(f) == "Broadcast" && len(call.Args) == 2 {
					c.site(&singleton.Site{Singleton: manager, Role: findings.Broadcast, Node: call, Action: call, Decl: fn, File: file, Callee: f, Test: test})
				}
				return true
			})
		}
	}
}

// home is the declaring package of a manager, when it is this one or imported.
func (c *checker) home(path string) *types.Package {
	if conns.CleanPath(c.pass.Pkg.Path()) == path {
		return c.pass.Pkg
	}
	for _, imported := range c.pass.Pkg.Imports() {
		if conns.CleanPath(imported.Path()) == path {
			return imported
		}
	}
	return nil
}
