package fixer

import (
	"fmt"
	"go/ast"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// group is a set of edits that stands or falls together: those of one call, or of
// a stateful pair.
type group struct {
	key     string // the same in every round
	file    string
	edits   []edit.Edit
	imports []bind.Import
	sites   []*site
	home    *home
	op      *bind.Op
}

// leave settles a site without edits.
func (s *site) leave(status ledger.Status, reason ledger.Reason, hint string) {
	s.status, s.reason, s.hint = status, reason, hint
}

// rewrite works out the edits for one site, or why there are none.
func (e *engine) rewrite(w *work, s *site) error {
	if done, err := e.rewriteValue(w, s); done || err != nil {
		return err
	}
	if reason, kept := rolesKept[s.Role]; kept {
		s.leave(ledger.Kept, reason, s.Reason)
		return nil
	}
	if status, reason, hint := e.outOfReach(s); status != "" {
		s.leave(status, reason, hint)
		return nil
	}
	call, isCall := s.Action.(*ast.CallExpr)
	switch {
	case e.inner(w, s):
		s.leave(ledger.Kept, ledger.Internal, "")
		return nil
	case s.op == nil && s.Addressee == nil:
		s.leave(ledger.Left, addresseeReason(s), "say who receives it, for example with a role in .wsmig.yaml, or rewrite it by hand")
		return nil
	case s.op != nil && s.home.emitterOf(s.op) != nil && s.op.Channel != nil:
		return e.rewriteSend(w, s)
	case s.op != nil && s.home.emitterOf(s.op) != nil && s.taken != nil:
		return e.rewriteLookup(w, s)
	case s.op == nil || !isCall || s.Node == s.Action && s.Via != "func":
		s.leave(ledger.Left, ledger.UnsupportedShape, "there is no call to rewrite here: send through an emitter by hand")
		return nil
	case s.op.Unsupported() != "":
		s.leave(ledger.Left, ledger.UnsupportedShape, s.op.Unsupported())
		return nil
	case e.badOps[s.op.Name()]:
		s.leave(ledger.Left, ledger.WouldNotCompile, "the emitter's method for it does not compile")
		return nil
	case len(s.home.emitters) == 0:
		s.leave(ledger.Left, ledger.OtherModule, s.op.Func.Pkg().Path()+" is not part of the modules at hand")
		return nil
	case s.op.Setter != nil:
		return nil // rewritten in pairs, all of them together
	}
	f, err := e.file(w, s)
	if err != nil {
		return err
	}
	out, err := bind.Call(f, call, s.home.emitterOf(s.op), s.op)
	if err != nil {
		s.leave(ledger.Left, ledger.UnsupportedShape, err.Error())
		return nil
	}
	w.carry(e, s, out)
	return nil
}

// carry makes a group of the edits for one site.
func (w *work) carry(e *engine, s *site, out *bind.Rewrite) {
	w.add(e, &group{key: s.key(e), file: s.at.Filename, edits: out.Edits, imports: out.Imports, sites: []*site{s}, home: s.home, op: s.op})
}

// inner reports whether another site is the one that counts: the function that is
// called holds it, or held it before that was bound, and has no emitter of its own, or
// the site is part of a send.
func (e *engine) inner(w *work, s *site) bool {
	switch {
	case s.op != nil:
		return false
	case s.Wrapper || w.plumbing(s):
		return true
	}
	fn := s.called()
	return fn != nil && (w.holdsSites(fn.Origin().FullName()) || e.callsEmitter(fn.Origin()))
}

// called is the function that acts at the site, which is one of the manager's parts
// where it is no method of the manager.
func (s *site) called() *types.Func {
	call, ok := s.Action.(*ast.CallExpr)
	if s.Callee != nil || !ok {
		return s.Callee
	}
	fn, _ := typeutil.Callee(s.pkg.Info, call).(*types.Func)
	return fn
}

// privateWrapper reports whether the site calls a function of its own package whose
// body holds the site that counts, or held it before that was bound: that one is
// enough.
func (e *engine) privateWrapper(w *work, s *site) bool {
	if !s.Wrapper || s.Callee.Exported() || s.Callee.Signature().Recv() != nil {
		return false
	}
	return w.holdsSites(s.Callee.Origin().FullName()) || e.callsEmitter(s.Callee.Origin())
}

// callsEmitter reports whether the body of a function calls what was generated: the
// sends in it are bound.
func (e *engine) callsEmitter(fn *types.Func) bool {
	if fn.Pkg() == nil {
		return false
	}
	for _, pkg := range e.program.ByPath(fn.Pkg().Path()) {
		if decl := declarationOf(pkg, fn); decl != nil {
			return e.namesGenerated(pkg, decl.Body)
		}
	}
	return false
}

// declarationOf is where a package from source declares a function, with a body.
func declarationOf(pkg *driver.Package, fn *types.Func) *ast.FuncDecl {
	for _, file := range pkg.Files {
		for _, decl := range file.Decls {
			decl, ok := decl.(*ast.FuncDecl)
			if !ok || decl.Body == nil || decl.Name.Name != fn.Name() {
				continue
			}
			if own, ok := pkg.Info.Defs[decl.Name].(*types.Func); ok && own.FullName() == fn.FullName() {
				return decl
			}
		}
	}
	return nil
}

func (e *engine) namesGenerated(pkg *driver.Package, body ast.Node) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok && !found {
			called, ok := pkg.Info.Uses[ident].(*types.Func)
			found = ok && e.generatedFunc(called)
		}
		return !found
	})
	return found
}

// holdsSites reports whether a function's body has sites of its own.
func (w *work) holdsSites(name string) bool {
	if w.inside == nil {
		w.inside = map[string]bool{}
		for _, s := range w.sites {
			if s.Decl == nil {
				continue
			}
			if own, ok := s.pkg.Info.Defs[s.Decl.Name].(*types.Func); ok {
				w.inside[own.Origin().FullName()] = true
			}
		}
	}
	return w.inside[name]
}

// plumbing reports whether the site is the inside of a send: what calls it gets an
// emitter, it stays.
func (w *work) plumbing(s *site) bool {
	if s.Decl == nil {
		return false
	}
	fn, ok := s.pkg.Info.Defs[s.Decl.Name].(*types.Func)
	return ok && w.catalog[fn.Origin().FullName()] != nil
}

// rewriteValue handles a send that is used as a value. Other escapes are kept.
func (e *engine) rewriteValue(w *work, s *site) (bool, error) {
	expr, op := w.valueAt(s)
	if op == nil || s.home == nil || len(s.home.emitters) == 0 || s.home.emitterOf(op) == nil {
		return false, nil
	}
	if status, reason, hint := e.outOfReach(s); status != "" {
		s.leave(status, reason, hint)
		return true, nil
	}
	f, err := e.file(w, s)
	if err != nil {
		return false, err
	}
	out, err := bind.Value(f, expr, s.home.emitterOf(op), op)
	if err != nil {
		s.leave(ledger.Kept, ledger.Escape, err.Error())
		return true, nil
	}
	w.carry(e, s, out)
	return true, nil
}

// valueAt is the op that an escaping site uses as a value, and the expression that
// names it.
func (w *work) valueAt(s *site) (ast.Expr, *bind.Op) {
	if s.Role != "escape" {
		return nil, nil
	}
	var expr ast.Expr
	switch node := s.Node.(type) {
	case *ast.Ident, *ast.SelectorExpr:
		expr = node
	}
	if fn, ok := w.used(s, expr); ok {
		return expr, w.catalog[fn.Origin().FullName()]
	}
	path, _ := astutil.PathEnclosingInterval(s.File, s.Node.Pos(), s.Node.End())
	for _, outer := range path {
		if sel, ok := outer.(*ast.SelectorExpr); ok && sel.X == s.Node {
			if fn, ok := w.used(s, sel); ok {
				return sel, w.catalog[fn.Origin().FullName()]
			}
		}
	}
	return nil, nil
}

// used is the function that an expression names.
func (w *work) used(s *site, expr ast.Expr) (*types.Func, bool) {
	var ident *ast.Ident
	switch expr := expr.(type) {
	case *ast.Ident:
		ident = expr
	case *ast.SelectorExpr:
		ident = expr.Sel
	default:
		return nil, false
	}
	fn, ok := s.pkg.Info.Uses[ident].(*types.Func)
	return fn, ok
}

func addresseeReason(s *site) ledger.Reason {
	if s.Role == "routed-send" {
		return ledger.InsideMessage
	}
	return ledger.AddresseeUnknown
}

// outOfReach names the reason why a site's file can't be edited.
func (e *engine) outOfReach(s *site) (ledger.Status, ledger.Reason, string) {
	path := s.at.Filename
	switch {
	case !strings.HasSuffix(path, ".go"):
		return ledger.Left, ledger.Cgo, "the file is made by cgo"
	case e.place.module(path) == "":
		return ledger.Left, ledger.OtherModule, "the file belongs to another module"
	case importsC(s.File):
		return ledger.Left, ledger.Cgo, "the file uses cgo"
	case ast.IsGenerated(s.File):
		return ledger.Left, ledger.Generated, "change the generator"
	case s.inGenerated() || e.bound(s):
		s.already = true
		return ledger.Kept, ledger.Internal, ""
	case !e.selected[filepath.Dir(path)] || !e.wanted(s):
		return ledger.Kept, ledger.NotSelected, ""
	case e.Settings.For(path).Excludes(path):
		return ledger.Kept, ledger.NotSelected, "left out by .wsmig.yaml"
	case e.silenced(s):
		return ledger.Kept, ledger.NotSelected, "silenced by a comment"
	case e.broken[s.pkg.Path] != "" && len(s.pkg.Errors) > 0: // a file to embed may be missing all the same
		return ledger.Left, ledger.WouldNotCompile, "the package does not build as it is: " + e.broken[s.pkg.Path]
	case s.home != nil && s.home.pkg == nil && strings.HasSuffix(e.program.Fset.Position(s.op.Func.Pos()).Filename, "_test.go"):
		return ledger.Left, ledger.TestDouble, "the manager exists in tests only"
	}
	return "", "", ""
}

func (s *site) inGenerated() bool {
	_, ok := bind.Generated(s.File)
	return ok
}

// bound reports whether the site is on its way to an emitter already: what it calls
// on the manager was generated.
func (e *engine) bound(s *site) bool {
	path, _ := astutil.PathEnclosingInterval(s.File, s.Node.Pos(), s.Node.End())
	for _, outer := range path {
		if send, ok := outer.(*ast.SendStmt); ok && e.madeBound(s, send.Value) {
			return true
		}
		sel, ok := outer.(*ast.SelectorExpr)
		if !ok || sel.X != s.Node {
			continue
		}
		fn, ok := s.pkg.Info.Uses[sel.Sel].(*types.Func)
		return ok && e.generatedFunc(fn)
	}
	return s.Callee != nil && e.generatedFunc(s.Callee)
}

// madeBound reports whether an emitter made the value: it is a call of a generated
// method.
func (e *engine) madeBound(s *site, value ast.Expr) bool {
	call, ok := ast.Unparen(value).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := s.pkg.Info.Uses[sel.Sel].(*types.Func)
	return ok && e.generatedFunc(fn)
}

func (e *engine) generatedFunc(fn *types.Func) bool {
	if fn.Pkg() == nil {
		return false
	}
	name := e.program.Fset.Position(fn.Pos()).Filename
	for _, pkg := range e.program.ByPath(fn.Pkg().Path()) {
		for i, file := range pkg.Files {
			if pkg.FileNames[i] == name {
				_, ok := bind.Generated(file)
				return ok
			}
		}
	}
	return false
}

func importsC(file *ast.File) bool {
	for _, spec := range file.Imports {
		if spec.Path.Value == `"C"` {
			return true
		}
	}
	return false
}

// key names the site's group in a way that survives edits elsewhere in the file.
func (s *site) key(e *engine) string {
	origin := e.origin(s.at.Filename, s.at.Offset)
	return fmt.Sprintf("%s:%d", s.at.Filename, origin)
}

// add takes a group unless it was banned in an earlier round.
func (w *work) add(e *engine, g *group) {
	if b, banned := e.banned[g.key]; banned {
		for _, s := range g.sites {
			s.leave(b.status, b.reason, b.message)
		}
		return
	}
	for _, s := range g.sites {
		s.group = g
	}
	w.groups = append(w.groups, g)
}

func (h *home) emitterOf(op *bind.Op) *bind.Emitter {
	for _, em := range h.emitters {
		for _, have := range em.Ops {
			if have == op {
				return em
			}
		}
	}
	return nil
}

// file returns the source behind a site for the binder.
func (e *engine) file(w *work, s *site) (*bind.File, error) {
	return e.sourceFile(w, s.pkg, s.File, s.at.Filename)
}

func (e *engine) sourceFile(w *work, pkg *driver.Package, syntax *ast.File, path string) (*bind.File, error) {
	key := pkg.ID + " " + path
	if f := w.files[key]; f != nil {
		return f, nil
	}
	src, err := e.read(path)
	if err != nil {
		return nil, err
	}
	f := &bind.File{Fset: e.program.Fset, Syntax: syntax, Src: src, Info: pkg.Info, Pkg: pkg.Types}
	w.files[key] = f
	return f, nil
}
