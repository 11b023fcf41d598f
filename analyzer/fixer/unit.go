package fixer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/patch"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// Package is what a driver that sees one package at a time knows of it.
type Package struct {
	Fset     *token.FileSet
	Files    []*ast.File
	Types    *types.Package
	Info     *types.Info
	Module   string // path of the module that may be written, such as "example.com/app"
	Result   *singleton.Result
	ReadFile func(name string) ([]byte, error)
	_        struct{}
}

// Unit binds the sends of one package, without a dependency (as Options.Plain),
// and generates the emitters of the managers that it declares. It returns changed
// and new files by absolute path.
//
// Nothing is type-checked here, since the emitters of other packages come from
// their own units: both sides work out the same names from the same facts. What
// needs a view of the whole program is left alone: managers that keep their
// addressee in a field, and managers declared in another package than their type.
func Unit(p *Package) (map[string][]byte, error) {
	u := &unit{Package: p, files: map[string]*bind.File{}, edits: map[string][]edit.Edit{}, imports: map[string][]bind.Import{}, homes: map[string]*unitHome{}}
	for _, s := range p.Result.Sites {
		if err := u.site(s); err != nil {
			return nil, err
		}
	}
	out, err := u.apply()
	if err != nil {
		return nil, err
	}
	return out, u.generate(out)
}

// Unified is the diff of two contents of a file, in a form that git apply takes.
func Unified(from, to string, before, after []byte) string {
	return patch.Text(from, to, before, after)
}

type unit struct {
	*Package
	files   map[string]*bind.File
	edits   map[string][]edit.Edit
	imports map[string][]bind.Import
	homes   map[string]*unitHome // by import path
}

// unitHome is what the emitters of one package are called.
type unitHome struct {
	pkg      *types.Package
	emitters []*bind.Emitter
	byName   map[string]*bind.Emitter // by the full name of the op
	ops      map[string]*bind.Op
	single   *singleton.Singleton
}

func (u *unit) site(s *singleton.Site) error {
	call, ok := s.Action.(*ast.CallExpr)
	if !ok || s.Callee == nil || s.Callee.Pkg() == nil || s.Singleton.Package != s.Callee.Pkg().Path() || !u.writable(s) {
		return nil
	}
	h := u.home(s.Callee.Pkg())
	name := s.Callee.Origin().FullName()
	op, em := h.ops[name], h.byName[name]
	if op == nil || em == nil || op.Setter != nil {
		return nil
	}
	f, err := u.file(s.File)
	if err != nil {
		return err
	}
	out, err := bind.Call(f, call, em, op)
	if err != nil {
		return nil // it is left, as the finding says
	}
	path := u.Fset.Position(s.File.FileStart).Filename
	for _, mine := range out.Edits {
		if slices.ContainsFunc(u.edits[path], func(other edit.Edit) bool { return edit.Overlap(mine, other) || mine == other }) {
			return nil // the next run finds it again
		}
	}
	u.edits[path] = append(u.edits[path], out.Edits...)
	u.imports[path] = append(u.imports[path], out.Imports...)
	return nil
}

// writable reports whether the site's file and the package of the emitter are both
// part of the module.
func (u *unit) writable(s *singleton.Site) bool {
	_, own := bind.Generated(s.File)
	return within(s.Callee.Pkg().Path(), u.Module) && !own && !importsC(s.File) && !ast.IsGenerated(s.File)
}

func within(path, module string) bool {
	return path == module || strings.HasPrefix(path, module+"/")
}

func (u *unit) file(syntax *ast.File) (*bind.File, error) {
	path := u.Fset.Position(syntax.FileStart).Filename
	if f := u.files[path]; f != nil {
		return f, nil
	}
	src, err := u.ReadFile(path)
	if err != nil {
		return nil, err
	}
	u.files[path] = &bind.File{Fset: u.Fset, Syntax: syntax, Src: src, Info: u.Info, Pkg: u.Types}
	return u.files[path], nil
}

// home works out the emitters of a package from what is known of it everywhere:
// its exported functions and the exported methods of its managers, by name.
func (u *unit) home(pkg *types.Package) *unitHome {
	if h := u.homes[pkg.Path()]; h != nil {
		return h
	}
	h := &unitHome{pkg: pkg, byName: map[string]*bind.Emitter{}, ops: map[string]*bind.Op{}}
	u.homes[pkg.Path()] = h
	for _, id := range slices.Sorted(maps.Keys(u.Result.Known)) {
		s := u.Result.Known[id]
		if s.Package == pkg.Path() && h.single == nil {
			h.single = s
		}
	}
	if h.single == nil {
		return h
	}
	owner, _ := pkg.Scope().Lookup(typeName(h.single.Type)).(*types.TypeName)
	ops := u.ops(pkg, owner)
	h.emitters = bind.Emitters(h.single.ID, pkg, h.accessor(owner), ops)
	bind.Choose(h.emitters, h.taken)
	for _, em := range h.emitters {
		for _, op := range em.Ops {
			h.byName[op.Name()], h.ops[op.Name()] = em, op
		}
	}
	return h
}

// ops lists what the package sends with, in an order that everyone agrees on.
func (u *unit) ops(pkg *types.Package, owner *types.TypeName) []*bind.Op {
	var fns []*types.Func
	for _, name := range pkg.Scope().Names() {
		if fn, ok := pkg.Scope().Lookup(name).(*types.Func); ok {
			fns = append(fns, fn)
		}
	}
	if owner != nil {
		if named, ok := types.Unalias(owner.Type()).(*types.Named); ok {
			for m := range named.Methods() {
				fns = append(fns, m)
			}
		}
	}
	var ops []*bind.Op
	for _, fn := range fns {
		f := u.Result.Func(fn)
		if !fn.Exported() || f == nil {
			continue
		}
		if kind, ok := bind.KindOf(f.Role); ok {
			op := &bind.Op{Func: bind.General(fn), Kind: kind, Key: keyParts(f.Keys)}
			if len(op.Key) > 0 && op.Unsupported() == "" {
				ops = append(ops, op)
			}
		}
	}
	bind.InOrder(ops)
	return ops
}

// typeName is the last word of a type as it is written: "Hub" for "*ws.Hub" and for
// "*ws.Hub[string]".
func typeName(text string) string {
	text, _, _ = strings.Cut(text, "[")
	return text[strings.LastIndexAny(text, ".*")+1:]
}

// accessor is how the package's own EmitterFor gets hold of the manager.
func (h *unitHome) accessor(owner *types.TypeName) string {
	if owner == nil {
		return ""
	}
	if named, ok := types.Unalias(owner.Type()).(*types.Named); ok && named.TypeParams().Len() > 0 {
		return "" // the emitters are those of the type, whatever it is made with
	}
	for _, name := range h.single.Accessors {
		if fn, ok := h.pkg.Scope().Lookup(name).(*types.Func); ok && fn.Signature().Params().Len() == 0 && fn.Signature().Results().Len() == 1 && fn.Signature().TypeParams().Len() == 0 {
			return name + "()"
		}
	}
	if len(h.single.Path) > 0 || strings.Contains(h.single.Name, ".") {
		return ""
	}
	return h.single.Name
}

// taken reports a name that the package has for something other than emitters.
func (h *unitHome) taken(name string) bool {
	obj := h.pkg.Scope().Lookup(name)
	if obj == nil {
		return false
	}
	made := obj.Type()
	if fn, ok := obj.(*types.Func); ok && fn.Signature().Results().Len() == 1 {
		made = fn.Signature().Results().At(0).Type()
	}
	named, ok := made.(*types.Named)
	ours := func(word string) bool { return strings.HasSuffix(named.Obj().Name(), word) }
	return !ok || !ours("Emitter") && !ours("Emitters") && !ours("Recipient") || named.Obj().Pkg() != h.pkg
}

// apply makes the edits, formatted.
func (u *unit) apply() (map[string][]byte, error) {
	out := map[string][]byte{}
	for path, edits := range u.edits {
		src, err := u.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, imported := range u.imports[path] {
			add, err := edit.AddImport(src, imported.Path, imported.Name)
			if err != nil {
				return nil, err
			}
			edits = append(edits, add...)
		}
		after, err := edit.Apply(src, edits)
		if err != nil {
			return nil, err
		}
		out[path] = edit.Format(src, after)
	}
	return out, nil
}

// generate adds the file with the emitters of the package's own managers, or the
// methods that an earlier one lacks.
func (u *unit) generate(out map[string][]byte) error {
	h := u.home(u.Types)
	if len(h.emitters) == 0 || h.single.Object == nil || strings.HasSuffix(u.Types.Name(), "_test") || !within(u.Types.Path(), u.Module) {
		return nil
	}
	text, err := bind.Generate(h.emitters, bind.Mode{Plain: true})
	if err != nil {
		return err
	}
	for _, file := range u.Files {
		if name, ok := bind.Generated(file); ok && name == h.single.ID {
			path := u.Fset.Position(file.FileStart).Filename
			earlier, err := u.ReadFile(path)
			if err != nil {
				return err
			}
			if text, err = bind.Merge(earlier, text); err == nil && string(text) != string(earlier) {
				out[path] = text
			}
			return err
		}
	}
	base := strings.TrimSuffix(u.Fset.Position(h.single.Object.Pos()).Filename, ".go")
	if strings.HasSuffix(base, "_test") {
		return nil
	}
	path := base + "_emitter.go"
	for n := 2; u.has(path); n++ {
		path = fmt.Sprint(base, "_emitter", n, ".go")
	}
	out[filepath.Clean(path)] = text
	return nil
}

func (u *unit) has(path string) bool {
	return slices.ContainsFunc(u.Files, func(file *ast.File) bool { return u.Fset.Position(file.FileStart).Filename == path })
}
