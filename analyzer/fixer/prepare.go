package fixer

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/footprint"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// prepare makes the runtime part of every module that will hold generated code.
// It reports whether the program was loaded anew for that.
func (e *engine) prepare(w *work) (bool, error) {
	modules := map[string][]*home{}
	var order []string
	for _, h := range homes(w.groups) {
		dir := e.place.module(h.path)
		if modules[dir] == nil {
			order = append(order, dir)
		}
		modules[dir] = append(modules[dir], h)
	}
	if len(order) == 0 {
		return false, nil
	}
	before := e.program
	err := e.requireAll(order, modules, before)
	var broken *brokenError
	if errors.As(err, &broken) {
		// Versions rose that the runtime has no need of: once more without those.
		e.hold = true
		if again := e.requireAll(order, modules, before); again == nil || !errors.As(again, &broken) {
			err = again
		}
	}
	return true, err
}

// requireAll adds the runtime to modules, and everything that generated code may
// import to the packages that will have some.
func (e *engine) requireAll(order []string, modules map[string][]*home, before *driver.Program) error {
	e.prints = nil
	for _, dir := range order {
		if err := e.require(dir); err != nil {
			return err
		}
		for _, h := range modules[dir] {
			if h.earlier == nil && !slices.Contains(e.anchors, h.path) {
				e.overlay[h.path] = []byte(e.anchorFile(h))
				e.anchors = append(e.anchors, h.path)
				if path := connectionsFile(h.path); e.moves() && h.single.Package == h.in && e.absent(path) {
					e.addMoveAnchor(path, h.pkg.Name)
				}
			}
		}
	}
	for _, dir := range e.dependents(order) {
		if err := e.resolve(dir, true); err != nil {
			return err
		}
	}
	err := e.load()
	var nothing *driver.InputError
	if errors.As(err, &nothing) {
		return &brokenError{e.rel(order[0]), nothing.Message} // the go command lists nothing under such a go.mod
	}
	if err != nil {
		return err
	}
	return e.compareBuilds(before)
}

// dependents are the modules of a workspace that require one of those given. Their
// own go.mod must know the runtime too, or they build in the workspace alone.
func (e *engine) dependents(of []string) []string {
	paths := map[string]bool{}
	for _, dir := range of {
		if mod := e.moduleFile(dir); mod != nil {
			paths[mod.Module.Mod.Path] = true
		}
	}
	var found []string
	for _, dir := range e.place.modules {
		mod := e.moduleFile(dir)
		if mod == nil || slices.Contains(of, dir) || e.Plain {
			continue
		}
		if slices.ContainsFunc(mod.Require, func(r *modfile.Require) bool { return paths[r.Mod.Path] }) {
			found = append(found, dir)
		}
	}
	return found
}

// moduleFile is the go.mod of a main module, nil when it can't be read.
func (e *engine) moduleFile(dir string) *modfile.File {
	path := filepath.Join(dir, "go.mod")
	data, err := e.read(path)
	if err != nil || data == nil {
		return nil
	}
	mod, err := modfile.ParseLax(path, data, nil)
	if err != nil || mod.Module == nil {
		return nil
	}
	return mod
}

// brokenError says that a package does not build with the runtime required.
type brokenError struct{ pkg, problem string }

func (b *brokenError) Error() string {
	return fmt.Sprintf("with the runtime required, %s does not build: %s; --plain needs no requirement", b.pkg, b.problem)
}

// absent reports whether there is no such file.
func (e *engine) absent(path string) bool {
	have, err := e.read(path)
	return err == nil && have == nil
}

// compareBuilds refuses module files under which something stops building.
func (e *engine) compareBuilds(before *driver.Program) error {
	if len(e.program.Failed) > len(before.Failed) {
		for _, failed := range e.program.Failed {
			if e.broken[failed.Package] == "" {
				return &brokenError{failed.Package, failed.Error}
			}
		}
	}
	return nil
}

// require resolves the footprint of one module and puts it into the overlay.
func (e *engine) require(dir string) error {
	if e.Plain {
		return nil
	}
	e.required[dir] = true
	return e.resolve(dir, false)
}

// resolve does the same for a module that imports the runtime itself, or only what
// does.
func (e *engine) resolve(dir string, indirect bool) error {
	local, err := e.localCopy(dir)
	if err != nil {
		return err
	}
	env := e.Env
	if env == nil {
		env = environ()
	}
	request := &footprint.Request{Dir: dir, Version: e.Version, Replace: local, Env: env, Hold: e.hold, Indirect: indirect}
	if indirect {
		request.Overlay = e.overlay
	}
	fp, err := footprint.Resolve(e.ctx, request)
	if err != nil {
		return err
	}
	if len(fp.Files) == 0 {
		return nil
	}
	for _, f := range fp.Files {
		e.overlay[f.Path], e.disk[f.Path] = f.New, f.Old
	}
	print := Footprint{Module: e.rel(dir), GoBefore: fp.GoBefore, GoAfter: fp.GoAfter, Require: fp.Require, Replace: fp.Replace, Toolchain: fp.Toolchain, Godebug: fp.Godebug, Held: fp.Held}
	if fp.GoBefore != fp.GoAfter {
		print.Loops = e.loops(dir, fp.GoBefore)
	}
	e.prints = append(e.prints, print)
	return nil
}

// localCopy spells --runtime as a module's go.mod needs it: relative to the module
// when it was given relative.
func (e *engine) localCopy(dir string) (string, error) {
	if e.Runtime == "" || filepath.IsAbs(e.Runtime) {
		return e.Runtime, nil
	}
	rel, err := filepath.Rel(dir, filepath.Join(e.place.dir, e.Runtime))
	if err != nil {
		return "", err
	}
	rel = filepath.ToSlash(rel)
	if !strings.HasPrefix(rel, "../") {
		rel = "./" + rel
	}
	return rel, nil
}

// ask lets the user choose among the groups.
func (e *engine) ask(w *work) error {
	if e.Ask == nil {
		return nil
	}
	refused := map[*group]bool{}
	for _, g := range w.groups {
		yes, err := e.askGroup(w, g)
		if err != nil {
			return err
		}
		if refused[g] = !yes; !yes {
			e.banned[g.key] = ban{ledger.Kept, ledger.NotSelected, "you said no"}
			for _, s := range g.sites {
				s.leave(ledger.Kept, ledger.NotSelected, "you said no")
			}
		}
	}
	e.record(w)
	w.groups = slices.DeleteFunc(w.groups, func(g *group) bool { return refused[g] })
	return nil
}
