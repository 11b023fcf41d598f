package fixer

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/compat"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/check"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/patch"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// noteLayer makes the entries of what goes through runtime/compat, as lint finds
// them in the program as it was.
func (e *engine) noteLayer() {
	for _, pkg := range e.program.Packages {
		if pkg.Module != nil && pkg.Module.Path == wsmigModule {
			continue // the layer's own module is not migrated off it
		}
		for _, d := range pkg.Diagnostics {
			at := e.program.Fset.Position(d.Pos)
			key := spot{at.Filename, at.Offset}
			if d.Analyzer.Name != "compat" || e.layer[key] != nil {
				continue
			}
			text, role, _ := strings.Cut(d.Message, " (compat, ")
			name, _, _ := strings.Cut(text, " still goes")
			have := &entry{singleton: compat.State}
			have.File, have.Line, have.Column = e.rel(at.Filename), at.Line, at.Column
			have.Symbol, have.Role = name, findings.Role(strings.TrimSuffix(role, ")"))
			e.layer[key] = have
		}
	}
}

const wsmigModule = "github.com/wsmig/wsmig"

// leaveLayer settles all its entries that are to be migrated in the same way.
func (e *engine) leaveLayer(reason ledger.Reason, format string, args ...any) {
	for at, have := range e.layer {
		if e.wantsLayer(at, have) {
			have.Status, have.Reason, have.Message = ledger.Left, reason, fmt.Sprintf(format, args...)
		} else {
			have.Status, have.Reason = ledger.Kept, ledger.NotSelected
		}
	}
}

func (e *engine) wantsLayer(at spot, have *entry) bool {
	if !e.selected[filepath.Dir(at.file)] {
		return false
	}
	return len(e.Only) == 0 || slices.ContainsFunc(e.Only, func(only string) bool {
		return only == "compat" || strings.TrimSuffix(have.Symbol, "()") == only || only == "compat.GetManager" || e.below(at.file, only)
	})
}

// takeOutLayer migrates all uses of runtime/compat, or none: it holds the
// connections of the whole process, and half of a program would not reach those of
// the other half.
func (e *engine) takeOutLayer() error {
	if len(e.layer) == 0 {
		return nil
	}
	if reason, message := e.layerObstacle(); reason != "" {
		e.leaveLayer(reason, "%s", message)
		return nil
	}
	dir, path, err := e.layerHome()
	if err != nil {
		return err
	}
	if dir == "" {
		e.leaveLayer(ledger.OtherModule, "several modules use it, and none of them is required by all the others")
		return nil
	}
	before := maps.Clone(e.overlay)
	problem, err := e.replaceLayer(dir, path)
	if err != nil {
		return err
	}
	switch problem {
	case "":
		return nil
	case notWanted:
		for _, have := range e.layer {
			have.Status, have.Reason = ledger.Kept, ledger.NotSelected
		}
	default:
		e.leaveLayer(ledger.WouldNotCompile, "%s", problem)
	}
	e.overlay = before
	return e.load()
}

// notWanted is the problem that the user has with it.
const notWanted = "not wanted"

// layerObstacle says what keeps part of the program on the layer, and with it all.
func (e *engine) layerObstacle() (ledger.Reason, string) {
	wanted := 0
	for _, at := range slices.SortedFunc(maps.Keys(e.layer), compareSpots) {
		if e.wantsLayer(at, e.layer[at]) {
			wanted++
		}
		if e.place.module(at.file) == "" {
			return ledger.OtherModule, at.file + " belongs to another module"
		}
	}
	if wanted < len(e.layer) {
		return ledger.Conflict, "the rest of the program still goes through compat, which is migrated as a whole: name all packages, ./..."
	}
	users := compat.Users{}
	for _, pkg := range e.program.Packages {
		if pkg.Types == nil || !users.Know(pkg.Types) {
			continue
		}
		if why := e.broken[pkg.Path]; why != "" {
			return ledger.WouldNotCompile, pkg.Path + " does not build as it is: " + why
		}
		if other := e.foreignUser(pkg.Types); other != "" {
			return ledger.OtherModule, other + " goes through compat too, and is not part of the modules at hand"
		}
		for i, file := range pkg.Files {
			switch uses := importsPath(file, compat.Layer); {
			case uses && ast.IsGenerated(file):
				return ledger.Generated, e.rel(pkg.FileNames[i]) + " is generated: change the generator"
			case uses && importsC(file):
				return ledger.Cgo, e.rel(pkg.FileNames[i]) + " uses cgo"
			}
		}
	}
	return e.skippedUser()
}

// foreignUser is a package below pkg that imports the layer and is not ours.
func (e *engine) foreignUser(pkg *types.Package) string {
	seen, ours := map[*types.Package]bool{}, map[*types.Package]bool{}
	for _, own := range e.program.All() {
		ours[own.Types] = true
	}
	var visit func(p *types.Package) string
	visit = func(p *types.Package) string {
		if seen[p] || p.Path() == compat.Layer || strings.HasPrefix(p.Path(), wsmigModule+"/") {
			return ""
		}
		seen[p] = true
		for _, imported := range p.Imports() {
			if imported.Path() == compat.Layer && !ours[p] {
				return p.Path()
			}
			if found := visit(imported); found != "" {
				return found
			}
		}
		return ""
	}
	return visit(pkg)
}

// skippedUser looks for the layer in files that this build leaves out.
func (e *engine) skippedUser() (ledger.Reason, string) {
	for _, skipped := range e.program.Skipped {
		text, err := e.read(filepath.Join(e.place.dir, filepath.FromSlash(skipped.File)))
		if err == nil && skipped.Reason == "build-tag" && strings.Contains(string(text), `"`+compat.Layer+`"`) && !strings.Contains(string(text), "//go:build ignore") {
			return ledger.BuildTag, skipped.File + " goes through compat too, and is not part of this build: give --tags or GOOS"
		}
	}
	return "", ""
}

func importsPath(file *ast.File, path string) bool {
	return slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool { return strings.Trim(spec.Path.Value, "`\"") == path })
}

// layerHome finds the module that the generated package goes into, and its import
// path there. With several modules it must be one that all others require.
func (e *engine) layerHome() (dir, path string, err error) {
	users := map[string]bool{}
	for at := range e.layer {
		users[e.place.module(at.file)] = true
	}
	modules := map[string]*modfile.File{}
	for dir := range users {
		data, err := e.read(filepath.Join(dir, "go.mod"))
		if err != nil {
			return "", "", err
		}
		if modules[dir], err = modfile.Parse(filepath.Join(dir, "go.mod"), data, nil); err != nil {
			return "", "", err
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(modules)) {
		own := modules[dir].Module.Mod.Path
		needed := true
		for other, mod := range modules {
			needed = needed && (other == dir || slices.ContainsFunc(mod.Require, func(r *modfile.Require) bool { return r.Mod.Path == own }))
		}
		if needed {
			return e.layerFolder(dir, own, len(modules) > 1)
		}
	}
	return "", "", nil
}

// layerFolder is where an earlier run put the package, else a folder that does not
// exist.
func (e *engine) layerFolder(module, path string, shared bool) (string, string, error) {
	base := "internal/userws"
	if shared {
		base = "userws"
	}
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name += fmt.Sprint(n)
		}
		dir := filepath.Join(module, filepath.FromSlash(name))
		text, err := e.read(filepath.Join(dir, filepath.Base(name)+".go"))
		if err != nil {
			return "", "", err
		}
		_, statErr := os.Stat(dir)
		if strings.HasPrefix(string(text), bind.Marker+compat.State) || errors.Is(statErr, os.ErrNotExist) {
			return dir, path + "/" + name, nil
		}
	}
}

// replaceLayer makes all edits and checks them. The generated package grows by the
// methods that interfaces of the program turn out to ask for.
func (e *engine) replaceLayer(dir, path string) (problem string, err error) {
	plan, err := compat.Make(e.program, path, func(path string) bool { return e.place.module(path) != "" }, e.read)
	if err != nil {
		return "", err
	}
	files := map[string][]byte{}
	for _, f := range plan.Files {
		if files[f.Path], err = e.layerFile(f); err != nil {
			return "", err
		}
	}
	generated := filepath.Join(dir, filepath.Base(dir)+".go")
	earlier, err := e.read(generated)
	if err != nil {
		return "", err
	}
	for {
		text, err := compat.Generate(filepath.Base(dir), &plan.Needs)
		if err == nil && earlier != nil {
			text, err = bind.Merge(earlier, text)
		}
		if err != nil {
			return "", err
		}
		e.overlay[generated] = text
		if err := e.load(); err != nil {
			return "", err
		}
		problems := check.New(e.program).Check(files)
		if len(problems) == 0 {
			break
		}
		if !slices.ContainsFunc(problems, func(p check.Problem) bool { return plan.Needs.Missing(p.Message) }) {
			return fmt.Sprintf("%s:%d: %s", e.rel(problems[0].Position.Filename), problems[0].Position.Line, problems[0].Message), nil
		}
	}
	yes, err := e.askFiles(compat.State, files)
	if err != nil || !yes {
		return notWanted, err
	}
	return "", e.layerDone(plan, files)
}

// layerFile carries out the plan for one file.
func (e *engine) layerFile(f *compat.File) ([]byte, error) {
	src, err := e.read(f.Path)
	if err != nil {
		return nil, err
	}
	text, err := edit.Apply(src, edit.WithoutNested(f.Edits))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.rel(f.Path), err)
	}
	step := func(edits []edit.Edit, err error) error {
		if err == nil {
			text, err = edit.Apply(text, edits)
		}
		return err
	}
	if len(f.Drop) == 1 && len(f.Imports) > 0 {
		old, now := f.Drop[0], f.Imports[0]
		if err := step(edit.SwapImport(text, old.Path, old.Name, now.Path, now.Name)); err != nil {
			return nil, err
		}
	}
	for _, imported := range f.Imports {
		if err := step(edit.AddImport(text, imported.Path, imported.Name)); err != nil {
			return nil, err
		}
	}
	for _, dropped := range f.Drop {
		if err := step(edit.RemoveImport(text, dropped.Path, dropped.Name)); err != nil {
			return nil, err
		}
	}
	return edit.Format(src, text), nil
}

// layerDone takes the edits over and tells the ledger.
func (e *engine) layerDone(plan *compat.Plan, files map[string][]byte) error {
	for _, have := range e.layer {
		have.Status, have.Stage = ledger.Fixed, ledger.Move
	}
	for _, f := range plan.Files {
		for _, pos := range f.Kept {
			at := e.program.Fset.Position(pos)
			have := &entry{singleton: compat.State, Site: ledger.Site{
				File: e.rel(at.Filename), Line: at.Line, Column: at.Column, Symbol: "compat", Role: findings.Other,
				Status: ledger.Kept, Reason: ledger.Internal, Message: "nothing goes through compat any more: delete what only watches it",
			}}
			e.layer[spot{at.Filename, at.Offset}] = have
		}
	}
	maps.Copy(e.overlay, files)
	e.note(compat.State).stage = ledger.Move
	e.rounds++
	if err := e.load(); err != nil {
		return err
	}
	return e.stillBuilds()
}

// askFiles puts a change of several files to the user as one.
func (e *engine) askFiles(singleton string, files map[string][]byte) (bool, error) {
	if e.Ask == nil {
		return true, nil
	}
	paths := slices.Sorted(maps.Keys(files))
	changes := make([]patch.File, len(paths))
	for i, path := range paths {
		before, err := e.read(path)
		if err != nil {
			return false, err
		}
		changes[i] = patch.File{Path: path, Before: before, After: files[path]}
	}
	var diff strings.Builder
	if err := patch.Write(&diff, e.place.dir, changes); err != nil {
		return false, err
	}
	return e.Ask(Question{Singleton: singleton, Diff: diff.String()})
}
