package fixer

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/fixer/remove"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// removable is a manager that may be deleted.
type removable struct {
	single *singleton.Singleton
	pkg    *driver.Package
}

// removeAll deletes the managers that nothing needs any more. Without being asked
// for it, only those that were migrated, and only what no other module can know.
func (e *engine) removeAll() error {
	if e.Plain || e.Stage == ledger.Bind || e.Stage == ledger.Move {
		return nil
	}
	done := map[string]bool{}
	for {
		all := e.removables()
		next := slices.IndexFunc(all, func(r *removable) bool { return !done[r.single.ID] })
		if next < 0 {
			return nil
		}
		done[all[next].single.ID] = true
		if err := e.removeOne(all[next]); err != nil {
			return err
		}
	}
}

// removables lists the managers whose emitters were generated. Those whose
// connections have moved are no singletons any more, so the generated files tell
// which they are; if removal was asked for, whatever lint still reports joins them.
func (e *engine) removables() []*removable {
	var all []*removable
	seen := map[string]bool{}
	add := func(pkg *driver.Package, s *singleton.Singleton) {
		if s == nil || s.Object == nil || seen[s.ID] {
			return
		}
		seen[s.ID] = true
		declared := e.program.Fset.Position(s.Object.Pos()).Filename
		if e.place.module(declared) != "" && e.selected[filepath.Dir(declared)] && e.wantsWhole(s) {
			all = append(all, &removable{s, pkg})
		}
	}
	for _, pkg := range e.program.Packages {
		if pkg.Result == nil || pkg.ForTest != "" {
			continue
		}
		for _, file := range pkg.Files {
			if id, ok := bind.Generated(file); ok {
				add(pkg, declaredAs(pkg, id))
			}
		}
		for _, s := range pkg.Result.Singletons {
			if s.Severity != findings.Info && e.Stage == ledger.Remove {
				add(pkg, s)
			}
		}
	}
	return all
}

// declaredAs is the manager of that name, with the functions that hand it out.
func declaredAs(pkg *driver.Package, id string) *singleton.Singleton {
	name, ok := strings.CutPrefix(id, pkg.Path+".")
	v, isVar := pkg.Types.Scope().Lookup(name).(*types.Var)
	if !ok || !isVar {
		return nil
	}
	s := &singleton.Singleton{ID: id, Package: pkg.Path, Name: name, Object: v}
	for _, file := range pkg.Files {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Body == nil {
				continue
			}
			obj, ok := pkg.Info.Defs[fn.Name].(*types.Func)
			if !ok || obj.Signature().Params().Len() > 0 || obj.Signature().Results().Len() != 1 || !types.Identical(deref(obj.Signature().Results().At(0).Type()), deref(v.Type())) {
				continue
			}
			if mentions(pkg.Info, fn.Body, v) {
				s.Accessors = append(s.Accessors, fn.Name.Name)
			}
		}
	}
	return s
}

func mentions(info *types.Info, n ast.Node, v *types.Var) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && info.Uses[id] == v
		return !found
	})
	return found
}

// wantsWhole reports whether --only lets a whole manager through.
func (e *engine) wantsWhole(s *singleton.Singleton) bool {
	one := &site{Site: &singleton.Site{Singleton: s, Node: ast.NewIdent(s.Name)}}
	one.at = e.program.Fset.Position(s.Object.Pos())
	return e.wanted(one)
}

func (e *engine) removeOne(r *removable) error {
	result, obstacles, err := remove.Plan(&remove.Input{
		Program: e.program, Package: r.pkg, Singleton: r.single, Read: e.read,
		Writable: func(path string) bool { return e.place.module(path) != "" && e.selected[filepath.Dir(path)] },
	})
	if err != nil {
		return err
	}
	n := e.note(r.single.ID)
	switch {
	case n.skipped:
		n.held[ledger.BuildTag] = true
		return nil
	case len(obstacles) > 0:
		e.keepWhole(r, obstacles)
		return nil
	case result.Exported && importable(r.pkg) && e.Stage != ledger.Remove:
		n.held[ledger.Exported] = true
		return nil
	}
	files := map[string][]byte{}
	for path, edits := range result.Edits {
		src, err := e.read(path)
		if err != nil {
			return err
		}
		if files[path], err = edit.Apply(src, edits); err != nil {
			return err
		}
	}
	if problem := e.repair(files); problem != nil {
		e.keepWhole(r, []remove.Obstacle{{Pos: problem.Position, What: "without it this does not compile: " + problem.Message}})
		return nil
	}
	return e.removed(r, files)
}

// importable reports whether other modules could import a package.
func importable(pkg *driver.Package) bool {
	return pkg.Name != "main" && !slices.Contains(strings.Split(pkg.Path, "/"), "internal")
}

// keepWhole says what holds a manager that was to be removed.
func (e *engine) keepWhole(r *removable, obstacles []remove.Obstacle) {
	if e.Stage != ledger.Remove {
		return
	}
	e.note(r.single.ID).held[ledger.InUse] = true
	first := obstacles[0]
	message := "to remove it, first: " + first.What
	if first.Pos.IsValid() {
		message = fmt.Sprintf("to remove it, first: %s:%d: %s", e.rel(first.Pos.Filename), first.Pos.Line, first.What)
	}
	if more := len(obstacles) - 1; more > 0 {
		message += fmt.Sprintf("; and %d more", more)
	}
	for _, at := range slices.SortedFunc(maps.Keys(e.entries), compareSpots) {
		if have := e.entries[at]; have.singleton == r.single.ID && have.Status == ledger.Kept && have.Message == "" {
			have.Message = message
			return
		}
	}
}

func (e *engine) removed(r *removable, files map[string][]byte) error {
	for path, text := range files {
		before, err := e.read(path)
		if err != nil {
			return err
		}
		files[path] = edit.Format(before, text)
	}
	yes, err := e.askFiles(r.single.ID, files)
	if err != nil || !yes {
		return err
	}
	maps.Copy(e.overlay, files)
	e.note(r.single.ID).stage = ledger.Remove
	e.rounds++
	if err := e.load(); err != nil {
		return err
	}
	return e.stillBuilds()
}
