// Package compat takes runtime/compat out of a program. Its calls become calls on
// emitters of a package that is generated into the program's own module, small
// enough to read in a minute, which delivers through a factory as the layer did:
//
//	compat.GetManager().SendToUser(user, m)  ->  userws.EmitterFor(user).Send(m)
//
// The layer holds the state of the whole process, so it is all of its uses or none.
package compat

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/astutil"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// Layer is the import path of the layer, State what it keeps for the process.
const (
	Layer = bind.RuntimePath + "/compat"
	State = Layer + ".process"
)

// File is one file that mentions the layer, and what becomes of it.
type File struct {
	Path    string
	Edits   []edit.Edit
	Imports []bind.Import // to be added
	Drop    []bind.Import // to be removed
	Kept    []token.Pos   // mentions that stay, since they only serve to watch the layer
}

// Plan is what takes the layer out.
type Plan struct {
	Files []*File
	Needs Needs
}

// Make works out the edits for every file of the program that may be written.
// Target is the import path of the generated package; read returns a file's text.
func Make(program *driver.Program, target string, writable func(path string) bool, read func(path string) ([]byte, error)) (*Plan, error) {
	p := &Plan{Needs: Needs{Old: map[string]bool{}, Manager: map[string]bool{}, Package: map[string]bool{}, Emitter: map[string]bool{}}}
	seen := map[string]bool{}
	for _, pkg := range program.Packages {
		for i, syntax := range pkg.Files {
			path := pkg.FileNames[i]
			if seen[path] || !writable(path) || pkg.Info == nil {
				continue
			}
			seen[path] = true
			src, err := read(path)
			if err != nil {
				return nil, err
			}
			w := &writer{File: &File{Path: path}, plan: p, fset: program.Fset, pkg: pkg, syntax: syntax, src: src, target: target}
			if w.all() {
				p.Files = append(p.Files, w.File)
			}
		}
	}
	return p, nil
}

// Users remembers which packages know the layer: they import it, or something that
// they import does. It looks at each package once.
type Users map[*types.Package]bool

// Know reports whether a package does.
func (u Users) Know(pkg *types.Package) bool {
	if known, seen := u[pkg]; seen {
		return known
	}
	u[pkg] = pkg.Path() == Layer
	for _, imported := range pkg.Imports() {
		if u.Know(imported) {
			u[pkg] = true
		}
	}
	return u[pkg]
}

// writer rewrites one file.
type writer struct {
	*File
	plan   *Plan
	fset   *token.FileSet
	pkg    *driver.Package
	syntax *ast.File
	src    []byte
	target string
	name   string // under which the file imports the generated package, "" as long as it does not
	done   map[*ast.Ident]bool
}

// all rewrites every mention and reports whether there was any.
func (w *writer) all() bool {
	w.done = map[*ast.Ident]bool{}
	found := false
	ast.Inspect(w.syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !w.done[id] {
			if obj := w.pkg.Info.Uses[id]; ofLayer(obj) {
				found = true
				w.mention(id, obj)
			}
		}
		return true
	})
	return w.imports() || found
}

func ofLayer(obj types.Object) bool {
	if obj == nil || obj.Pkg() == nil {
		return false
	}
	_, name := obj.(*types.PkgName)
	return !name && obj.Pkg().Path() == Layer
}

// imports drops the imports of the layer unless something of it stays, and the
// blank ones in any case.
func (w *writer) imports() bool {
	found := false
	for _, spec := range w.syntax.Imports {
		if strings.Trim(spec.Path.Value, "`\"") != Layer {
			continue
		}
		found = true
		name := ""
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if len(w.Kept) == 0 || name == "_" {
			w.Drop = append(w.Drop, bind.Import{Path: Layer, Name: name})
		}
	}
	return found
}

func (w *writer) offset(pos token.Pos) int { return w.fset.Position(pos).Offset }

func (w *writer) edit(from, to token.Pos, text string) {
	w.Edits = append(w.Edits, edit.Edit{Start: w.offset(from), End: w.offset(to), New: text})
	w.unsilence(from)
}

// mention rewrites one name of the layer.
func (w *writer) mention(id *ast.Ident, obj types.Object) {
	path, _ := astutil.PathEnclosingInterval(w.syntax, id.Pos(), id.End())
	switch obj := obj.(type) {
	case *types.TypeName:
		if obj.Name() == "Manager" || obj.Name() == "Emitter" {
			w.rename(path, obj.Name())
			w.plan.Needs.Types = true
			return
		}
	case *types.Func:
		if recv := obj.Signature().Recv(); recv != nil {
			w.method(path, obj)
			return
		}
		switch obj.Name() {
		case "GetManager":
			w.accessor(path)
			return
		case "Use":
			w.rename(path, "UseFactory")
			w.plan.Needs.Package["UseFactory"] = true
			return
		}
	}
	w.watch(path)
}

// whole is the expression that names something of the layer with its package, and
// its parent.
func whole(path []ast.Node) (expr ast.Expr, parents []ast.Node) {
	expr, parents = path[0].(ast.Expr), path[1:]
	if sel, ok := parents[0].(*ast.SelectorExpr); ok && sel.Sel == expr {
		expr, parents = sel, parents[1:]
	}
	return expr, parents
}

func (w *writer) rename(path []ast.Node, name string) {
	expr, _ := whole(path)
	w.edit(expr.Pos(), expr.End(), w.qualified(name))
}

// qualified is a name of the generated package as the file writes it.
func (w *writer) qualified(name string) string {
	if w.name == "" {
		w.importTarget()
	}
	return w.name + "." + name
}

// importTarget picks a name that nothing in the file or its package has.
func (w *writer) importTarget() {
	base := w.target[strings.LastIndexByte(w.target, '/')+1:]
	taken := map[string]bool{}
	for _, name := range w.pkg.Types.Scope().Names() {
		taken[name] = true
	}
	ast.Inspect(w.syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			taken[id.Name] = true
		}
		return true
	})
	for _, spec := range w.syntax.Imports {
		if strings.Trim(spec.Path.Value, "`\"") == w.target && (spec.Name == nil || spec.Name.Name != "_" && spec.Name.Name != ".") {
			w.name = base
			if spec.Name != nil {
				w.name = spec.Name.Name
			}
			return
		}
	}
	w.name = base
	for n := '2'; taken[w.name]; n++ {
		w.name = base + string(n)
	}
	imported := bind.Import{Path: w.target}
	if w.name != base {
		imported.Name = w.name
	}
	w.Imports = append(w.Imports, imported)
}

// accessor rewrites GetManager, unless it is the head of a chain: then the method
// that follows takes its place.
func (w *writer) accessor(path []ast.Node) {
	expr, parents := whole(path)
	if call, ok := parents[0].(*ast.CallExpr); ok && call.Fun == expr && len(parents) > 2 {
		sel, selected := parents[1].(*ast.SelectorExpr)
		outer, called := parents[2].(*ast.CallExpr)
		if selected && called && sel.X == call && outer.Fun == sel {
			if fn, ok := w.pkg.Info.Uses[sel.Sel].(*types.Func); ok && ofLayer(fn) && w.callable(outer, fn.Name()) {
				w.done[sel.Sel] = true
				w.call(outer, sel, fn.Name(), true)
				return
			}
		}
	}
	w.edit(expr.Pos(), expr.End(), w.qualified("Default"))
	w.plan.Needs.Package["Default"] = true
}

// method rewrites the selection of a method of the layer's types.
func (w *writer) method(path []ast.Node, fn *types.Func) {
	name := fn.Name()
	if !strings.HasSuffix(types.TypeString(fn.Signature().Recv().Type(), nil), ".Manager") {
		w.plan.Needs.Emitter[name] = true
		return
	}
	sel, ok := path[1].(*ast.SelectorExpr)
	if ok && len(path) > 2 {
		if call, called := path[2].(*ast.CallExpr); called && call.Fun == sel && w.callable(call, name) && w.isValue(sel.X) {
			w.call(call, sel, name, false)
			return
		}
	}
	w.plan.Needs.keep(name)
}

func (w *writer) isValue(expr ast.Expr) bool { return w.pkg.Info.Types[expr].IsValue() }
