package fixer

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/check"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// judge type-checks a draft and returns the keys of the groups to blame, with the
// compiler's words. Where only a generated method that no group calls is at fault,
// it is dropped, and the draft is to be made anew.
func (e *engine) judge(d *draft, checker *check.Checker) (guilty map[string]string, retry bool) {
	overlay := map[string][]byte{}
	for path, text := range d.files {
		overlay[path] = text
	}
	guilty = map[string]string{}
	for _, p := range checker.Check(overlay) {
		if op := d.opAt(p); op != "" && !e.badOps[op] && len(d.callers(op)) == 0 {
			e.badOps[op] = true
			d.drop(op)
			return nil, true
		}
		for _, g := range d.blame(p) {
			if _, known := guilty[g.key]; !known {
				guilty[g.key] = p.Message
			}
		}
	}
	return guilty, false
}

// callers are the groups that bind calls of an op.
func (d *draft) callers(op string) []*group {
	return d.where(func(g *group) bool { return g.op != nil && g.op.Name() == op })
}

// drop takes an op out of all emitters.
func (d *draft) drop(op string) {
	for _, h := range homes(d.groups) {
		for _, em := range h.emitters {
			em.Ops = slices.DeleteFunc(em.Ops, func(o *bind.Op) bool { return o.Name() == op })
		}
	}
}

// blame finds the groups that a problem can come from, the nearest ones only: on
// its line, else in its function, else in its file, else in its folder, else all.
func (d *draft) blame(p check.Problem) []*group {
	path := p.Position.Filename
	text := d.files[path]
	if op := d.opAt(p); op != "" {
		if found := d.callers(op); len(found) > 0 {
			return found
		}
	}
	line := func(s span) bool {
		from, to := lineStart(text, p.Position.Offset), lineStop(text, p.Position.Offset)
		return s.start <= to && s.end >= from
	}
	function := func(span) bool { return false }
	if from, to, ok := declaration(text, p.Position.Offset); ok {
		function = func(s span) bool { return s.start <= to && s.end >= from }
	}
	for _, near := range []func(span) bool{line, function, func(span) bool { return true }} {
		var found []*group
		for _, s := range d.spans[path] {
			if near(s) && !slices.Contains(found, s.group) {
				found = append(found, s.group)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	if found := d.where(func(g *group) bool { return filepath.Dir(g.file) == filepath.Dir(path) }); len(found) > 0 {
		return found
	}
	return d.groups
}

func (d *draft) where(match func(*group) bool) []*group {
	var found []*group
	for _, g := range d.groups {
		if match(g) {
			found = append(found, g)
		}
	}
	return found
}

// opAt is the op whose generated method holds the problem, "" elsewhere.
func (d *draft) opAt(p check.Problem) string {
	for _, h := range homes(d.groups) {
		if h.path != p.Position.Filename {
			continue
		}
		name := methodAt(d.files[h.path], p.Position.Offset)
		for _, em := range h.emitters {
			for _, op := range em.Ops {
				if name == em.Type+"."+em.Method(op) || name == em.ListType()+"."+em.Method(op) {
					return op.Name()
				}
			}
		}
	}
	return ""
}

func methodAt(text []byte, offset int) string {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
	if err != nil {
		return ""
	}
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Recv == nil || fset.Position(fn.Pos()).Offset > offset || fset.Position(fn.End()).Offset < offset {
			continue
		}
		if ident, ok := fn.Recv.List[0].Type.(*ast.Ident); ok {
			return ident.Name + "." + fn.Name.Name
		}
	}
	return ""
}

func declaration(text []byte, offset int) (from, to int, ok bool) {
	fset := token.NewFileSet()
	file, _ := parser.ParseFile(fset, "", text, parser.SkipObjectResolution)
	if file == nil {
		return 0, 0, false
	}
	for _, decl := range file.Decls {
		from, to = fset.Position(decl.Pos()).Offset, fset.Position(decl.End()).Offset
		if from <= offset && offset <= to {
			return from, to, true
		}
	}
	return 0, 0, false
}

func lineStart(text []byte, at int) int {
	at = min(at, len(text))
	for at > 0 && text[at-1] != '\n' {
		at--
	}
	return at
}

func lineStop(text []byte, at int) int {
	for at < len(text) && text[at] != '\n' {
		at++
	}
	return at
}

// homes lists the homes of groups, each once.
func homes(groups []*group) []*home {
	var all []*home
	for _, g := range groups {
		if g.home != nil && !slices.Contains(all, g.home) {
			all = append(all, g.home)
		}
	}
	return all
}

// generate writes the emitters of a home, without the ops that were found not to
// compile.
func (e *engine) generate(h *home, live []*group) ([]byte, error) {
	fresh, err := bind.Generate(h.emitters, bind.Mode{Plain: e.Plain, Wraps: h.wraps(live), Taken: h.others, Own: h.declared})
	if err != nil {
		return nil, err
	}
	if h.earlier == nil || string(h.earlier) == e.anchorFile(h) {
		return fresh, nil
	}
	return bind.Merge(h.earlier, fresh)
}

// wraps tells which ops need no gate of their own: what they do is itself sent
// through an emitter from now on.
func (h *home) wraps(live []*group) func(*bind.Op) bool {
	inside := map[string]bool{}
	for _, g := range live {
		for _, s := range g.sites {
			if s.Decl != nil {
				if fn, ok := s.pkg.Info.Defs[s.Decl.Name].(interface{ FullName() string }); ok {
					inside[fn.FullName()] = true
				}
			}
		}
	}
	return func(op *bind.Op) bool { return inside[op.Name()] }
}

// accessorFile is the file that declares what the emitters replace, "" when there
// is nothing to mark as deprecated.
func (h *home) accessorFile(fset *token.FileSet) string {
	if obj, _ := h.accessorObject(); obj != nil {
		return fset.Position(obj.Pos()).Filename
	}
	return ""
}

// deprecations marks the accessors that are declared in a file.
func (e *engine) deprecations(w *work, live []*group, path string) []edit.Edit {
	var edits []edit.Edit
	for _, h := range homes(live) {
		obj, replacement := h.accessorObject()
		if obj == nil || e.program.Fset.Position(obj.Pos()).Filename != path || e.place.module(path) == "" {
			continue
		}
		syntax, _ := declaringFile(h.pkg, e.program.Fset, obj.Pos())
		if syntax == nil || ast.IsGenerated(syntax) {
			continue
		}
		f, err := e.sourceFile(w, h.pkg, syntax, path)
		if err == nil {
			edits = append(edits, bind.Deprecate(f, obj, replacement)...)
		}
	}
	return edits
}

// objectName cuts the call off an accessor expression.
func objectName(accessor string) string { return strings.TrimSuffix(accessor, "()") }
