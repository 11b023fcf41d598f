package fixer

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// home is where the emitters of one singleton are declared: the package of the
// methods and functions that send.
type home struct {
	single   *singleton.Singleton // the first of those below that stands in the same package
	singles  []*singleton.Singleton
	in       string          // import path of the package
	owner    string          // name of the manager's type, else the singleton's
	pkg      *driver.Package // the variant without tests; nil when it is not read from source
	ops      []*bind.Op
	emitters []*bind.Emitter
	path     string          // the generated file
	others   map[string]bool // names and files that other homes of the package claim
	earlier  []byte          // what it holds already
	declared map[string]bool // the names in that
}

// homeOf finds or makes the home for the op of a site. Several singletons of one
// type share it.
func (w *work) homeOf(e *engine, s *site) *home {
	in, owner := s.op.Func.Pkg().Path(), e.ownerName(s)
	for _, h := range w.homes {
		if h.in == in && h.owner == owner {
			h.take(e, s.Singleton)
			return h
		}
	}
	h := &home{in: in, owner: owner}
	for _, pkg := range e.program.ByPath(in) {
		if pkg.ForTest == "" && pkg.Types != nil && sameFunc(pkg.Types, s.op.Func) == s.op.Func {
			h.pkg = pkg
		}
	}
	h.take(e, s.Singleton)
	w.homes = append(w.homes, h)
	return h
}

// ownerName is the type whose sends the home holds, or the singleton's name when
// there is none.
func (e *engine) ownerName(s *site) string {
	if recv := s.op.Func.Signature().Recv(); recv != nil {
		if named, ok := types.Unalias(deref(recv.Type())).(*types.Named); ok {
			return named.Obj().Name()
		}
	}
	if named := e.declared(s.Singleton).Named; named != nil && named.Obj().Pkg().Path() == s.op.Func.Pkg().Path() {
		return named.Obj().Name()
	}
	return s.Singleton.ID
}

// declared is the singleton as its own package knows it, with its object.
func (e *engine) declared(s *singleton.Singleton) *singleton.Singleton {
	for _, pkg := range e.program.ByPath(s.Package) {
		if pkg.Result == nil || pkg.ForTest != "" {
			continue
		}
		for _, own := range pkg.Result.Singletons {
			if own.ID == s.ID {
				return own
			}
		}
	}
	return s
}

// take notes that the home serves a singleton too.
func (h *home) take(e *engine, s *singleton.Singleton) {
	if slices.ContainsFunc(h.singles, func(have *singleton.Singleton) bool { return have.ID == s.ID }) {
		return
	}
	h.singles = append(h.singles, e.declared(s))
	slices.SortFunc(h.singles, func(a, b *singleton.Singleton) int {
		if here := a.Package == h.in; here != (b.Package == h.in) {
			if here {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.ID, b.ID)
	})
	h.single = h.singles[0]
}

func (h *home) add(op *bind.Op) {
	if !slices.Contains(h.ops, op) {
		h.ops = append(h.ops, op)
	}
}

// addMethods adds the sends of the manager that nobody calls yet: whoever writes
// the next call should find them.
func (h *home) addMethods(catalog map[string]*bind.Op) {
	var owners []*types.Func
	for _, op := range h.ops {
		owners = append(owners, op.Func)
	}
	for _, op := range catalog {
		if !op.Func.Exported() || op.Func.Pkg().Path() != h.in {
			continue
		}
		if slices.ContainsFunc(owners, func(own *types.Func) bool { return sameReceiver(own, op.Func) }) {
			h.add(op)
		}
	}
}

// settleHomes decides on the emitters of each home, their names and their file.
func (e *engine) settleHomes(w *work) error {
	claimed := map[string]map[string]bool{}
	for _, h := range w.homes {
		if claimed[h.in] == nil {
			claimed[h.in] = map[string]bool{}
		}
		h.others = maps.Clone(claimed[h.in])
		if h.pkg == nil {
			continue
		}
		var ops []*bind.Op
		for _, op := range h.ops {
			if op.Unsupported() == "" && !e.badOps[op.Name()] {
				ops = append(ops, op)
			}
		}
		if len(ops) == 0 {
			continue
		}
		e.order(h, ops)
		h.emitters = bind.Emitters(h.single.ID, h.pkg.Types, h.accessor(ops), ops)
		if err := e.shelter(h, w.catalog); err != nil {
			return err
		}
		h.claim(claimed[h.in])
	}
	return nil
}

// order puts methods before functions and what stands in the manager's own file
// first, as a reader would look for it.
func (e *engine) order(h *home, ops []*bind.Op) {
	own := e.program.Fset.Position(h.anchorOf(ops)).Filename
	rank := func(op *bind.Op) (kind, file int, at token.Position) {
		at = e.program.Fset.Position(op.Func.Pos())
		if op.Func.Signature().Recv() == nil {
			kind = 1
		}
		if at.Filename != own {
			file = 1
		}
		return kind, file, at
	}
	slices.SortFunc(ops, func(a, b *bind.Op) int {
		ak, af, ap := rank(a)
		bk, bf, bp := rank(b)
		return cmp.Or(ak-bk, af-bf, cmp.Compare(ap.Filename, bp.Filename), ap.Offset-bp.Offset)
	})
}

// shelter finds the file of a home and names its emitters.
func (e *engine) shelter(h *home, catalog map[string]*bind.Op) error {
	declared, all := map[string]bool{}, h.exported(catalog)
	h.path = ""
	for i, file := range h.pkg.Files {
		name, ok := bind.Generated(file)
		emitters := strings.Contains(filepath.Base(h.pkg.FileNames[i]), "_emitter")
		if ok && emitters && slices.ContainsFunc(h.singles, func(s *singleton.Singleton) bool { return s.ID == name }) {
			h.path = h.pkg.FileNames[i]
			declared = bind.Adopt(h.emitters, h.pkg.Types, file)
			bind.Adopt(all, h.pkg.Types, file)
		}
	}
	var err error
	if h.path == "" {
		if h.path, err = e.freeFile(h); err != nil {
			return err
		}
	} else if h.earlier, err = e.read(h.path); err != nil {
		return err
	}
	h.declared = declared
	scope := bind.ScopeTaken(h.pkg.Types, e.dotImporters(h.pkg.Types)...)
	taken := func(name string) bool { return h.others[name] || !declared[name] && scope(name) }
	bind.Choose(all, taken)
	bind.NameLike(h.emitters, all)
	bind.Choose(h.emitters, taken)
	return nil
}

// exported are the emitters of all that a package may be asked to send, called or
// not: their names are those that [Unit] finds, which sees one package at a time.
func (h *home) exported(catalog map[string]*bind.Op) []*bind.Emitter {
	var ops []*bind.Op
	for _, op := range catalog {
		if op.Func.Pkg().Path() != h.in || !op.Func.Exported() || op.Channel != nil || op.Lookup || op.Setter != nil || op.Unsupported() != "" {
			continue
		}
		if op.Func.Signature().Recv() == nil || slices.ContainsFunc(h.ops, func(own *bind.Op) bool { return sameReceiver(own.Func, op.Func) }) {
			ops = append(ops, op)
		}
	}
	bind.InOrder(ops)
	return bind.Emitters(h.single.ID, h.pkg.Types, h.accessor(ops), ops)
}

// claim notes the names and the file that other homes of the package can't have.
func (h *home) claim(names map[string]bool) {
	names[h.path] = true
	for _, em := range h.emitters {
		for _, name := range em.Names() {
			names[name] = true
		}
	}
	for _, helper := range bind.Helpers() {
		for n := 2; names[helper]; n++ {
			helper = fmt.Sprint(helper, n)
		}
		names[helper] = true
	}
}

// freeFile is a name beside the manager's file that nothing has.
func (e *engine) freeFile(h *home) (string, error) {
	base := strings.TrimSuffix(e.program.Fset.Position(h.anchorOf(h.ops)).Filename, ".go")
	for n := 1; ; n++ {
		path := base + "_emitter.go"
		if n > 1 {
			path = fmt.Sprint(base, "_emitter", n, ".go")
		}
		have, err := e.read(path)
		if err != nil {
			return "", err
		}
		if !h.others[path] && (have == nil || string(have) == e.anchorFile(h)) {
			return path, nil
		}
	}
}

// anchorOf is the declaration that the generated file belongs beside: that of the
// manager's type, else its variable, else the first function.
func (h *home) anchorOf(ops []*bind.Op) token.Pos {
	for _, op := range ops {
		recv := op.Func.Signature().Recv()
		if recv == nil {
			continue
		}
		if named, ok := types.Unalias(deref(recv.Type())).(*types.Named); ok && named.Obj().Pkg() == h.pkg.Types {
			return named.Obj().Pos()
		}
	}
	if h.single.Object != nil && h.single.Object.Pkg() == h.pkg.Types {
		return h.single.Object.Pos()
	}
	return ops[0].Func.Pos()
}

// accessor is an expression that yields the manager within the home's package.
func (h *home) accessor(ops []*bind.Op) string {
	var owner types.Type
	for _, op := range ops {
		if recv := op.Func.Signature().Recv(); recv != nil {
			owner = recv.Type()
		}
	}
	if owner == nil || h.single.Package != h.pkg.Path {
		return ""
	}
	fits := func(t types.Type) bool {
		return types.Identical(t, owner) || types.Identical(deref(t), deref(owner)) && !types.IsInterface(deref(owner))
	}
	for _, name := range h.single.Accessors {
		fn, ok := h.pkg.Types.Scope().Lookup(name).(*types.Func)
		if !ok {
			continue
		}
		if sig := fn.Signature(); sig.Params().Len() == 0 && sig.TypeParams().Len() == 0 && sig.Results().Len() == 1 && fits(sig.Results().At(0).Type()) {
			return name + "()"
		}
	}
	if v := h.single.Object; v != nil && len(h.single.Path) == 0 && fits(v.Type()) {
		return v.Name()
	}
	return ""
}

// dotImporters are the packages that see the names of pkg as their own.
func (e *engine) dotImporters(pkg *types.Package) []*types.Package {
	var found []*types.Package
	for _, other := range e.program.Packages {
		for _, file := range other.Files {
			for _, spec := range file.Imports {
				if spec.Name != nil && spec.Name.Name == "." && strings.Trim(spec.Path.Value, `"`) == pkg.Path() && other.Types != nil {
					found = append(found, other.Types)
				}
			}
		}
	}
	return found
}

// anchorFile is what stands in for a generated file until it is written: it makes
// all that generated code may import part of the program.
func (e *engine) anchorFile(h *home) string {
	return blankImports(h.pkg.Name, bind.Dependencies(e.Plain))
}

func blankImports(pkg string, paths []string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "package %s\n\nimport (\n", pkg)
	for _, path := range paths {
		fmt.Fprintf(&text, "\t_ %q\n", path)
	}
	text.WriteString(")\n")
	return text.String()
}

// declaringFile is the file of the package that holds a position.
func declaringFile(pkg *driver.Package, fset *token.FileSet, pos token.Pos) (*ast.File, string) {
	name := fset.Position(pos).Filename
	for i, file := range pkg.Files {
		if pkg.FileNames[i] == name {
			return file, name
		}
	}
	return nil, filepath.Clean(name)
}

// accessorObject is the exported function or variable through which others reach
// the manager, and what they are to use instead.
func (h *home) accessorObject() (types.Object, string) {
	for _, em := range h.emitters {
		if em.Accessor == "" {
			continue
		}
		obj := h.pkg.Types.Scope().Lookup(objectName(em.Accessor))
		if obj != nil && obj.Exported() {
			return obj, em.For
		}
	}
	return nil, ""
}

// noteUngated tells in the ledger which managers have sends without a gate.
func (h *home) noteUngated(e *engine) {
	for _, em := range h.emitters {
		for _, op := range em.Ops {
			if op.Ungated && !op.Lookup && !e.Plain {
				e.note(h.single.ID).reentrant = true
			}
		}
	}
}
