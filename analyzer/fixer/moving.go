package fixer

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/check"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/fixer/move"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// candidate is a manager whose sends are bound, so that its connections may move.
type candidate struct {
	single  *singleton.Singleton
	pkg     *driver.Package
	emitter string // the generated file that binds its sends
	path    string // the file that the move generates
}

// moveAll moves the connections of every manager that can be moved.
func (e *engine) moveAll() error {
	all := e.candidates()
	if !e.moves() {
		for _, c := range all {
			e.note(c.single.ID).held[ledger.StageLimit] = true
		}
		return nil
	}
	moved := map[string]bool{}
	for {
		next := slices.IndexFunc(all, func(c *candidate) bool { return !moved[c.single.ID] })
		if next < 0 {
			e.noteApart(moved)
			return nil
		}
		c := all[next]
		moved[c.single.ID] = true
		if err := e.moveOne(c); err != nil {
			return err
		}
		all = e.candidates()
	}
}

// noteApart says why managers stay bound that were no candidates: their emitters
// stand in another package than they do, or belong to another manager of their type.
func (e *engine) noteApart(tried map[string]bool) {
	for _, at := range slices.SortedFunc(maps.Keys(e.entries), compareSpots) {
		have := e.entries[at]
		n := e.note(have.singleton)
		if have.Stage != ledger.Bind || tried[have.singleton] || n.held[ledger.RegistryShape] {
			continue
		}
		n.held[ledger.RegistryShape] = true
		e.writePlan(have.singleton, "give the manager emitters of its own: they stand in another package, or are those of another manager of its type")
	}
}

// candidates lists the managers that have a generated emitter, in the program as
// it is now.
func (e *engine) candidates() []*candidate {
	var all []*candidate
	for _, pkg := range e.program.Packages {
		if pkg.Result == nil || pkg.ForTest != "" {
			continue
		}
		for _, single := range pkg.Result.Singletons {
			c := &candidate{single: single, pkg: pkg}
			for i, file := range pkg.Files {
				if name, ok := bind.Generated(file); ok && name == single.ID && strings.Contains(filepath.Base(pkg.FileNames[i]), "_emitter") {
					c.emitter = pkg.FileNames[i]
				}
			}
			if c.emitter != "" && single.Severity != findings.Info && e.place.module(c.emitter) != "" {
				c.path = connectionsFile(c.emitter)
				all = append(all, c)
			}
		}
	}
	slices.SortFunc(all, func(a, b *candidate) int { return cmp.Compare(a.single.ID, b.single.ID) })
	return all
}

// anchorMove makes what the move may import part of the program, if the first
// round has not done so already.
func (e *engine) anchorMove(c *candidate) error {
	if slices.Contains(e.anchors, c.path) {
		return nil
	}
	if dir := e.place.module(c.emitter); !e.required[dir] {
		if err := e.require(dir); err != nil {
			return err
		}
	}
	e.addMoveAnchor(c.path, c.pkg.Name)
	return e.load()
}

func (e *engine) addMoveAnchor(path, pkg string) {
	e.overlay[path] = []byte(blankImports(pkg, append(move.Dependencies(), bind.RuntimePath)))
	e.anchors = append(e.anchors, path)
}

// connectionsFile is the file of a move, beside that of the emitters.
func connectionsFile(emitter string) string {
	return strings.Replace(emitter, "_emitter", "_connections", 1)
}

// moves reports whether this run moves connections.
func (e *engine) moves() bool { return !e.Plain && e.Stage != ledger.Bind }

// moveOne moves one manager, or notes what stands in the way. Its edits are all
// made or none.
func (e *engine) moveOne(c *candidate) error {
	if e.note(c.single.ID).skipped {
		e.note(c.single.ID).held[ledger.BuildTag] = true
		return nil
	}
	back := e.snapshot()
	if err := e.anchorMove(c); err != nil {
		return err
	}
	obstacles, files, result, err := e.draftMove(e.again(c))
	if err != nil {
		return err
	}
	if len(obstacles) > 0 {
		back()
		e.holdBack(c, obstacles)
		return nil
	}
	yes, err := e.askFiles(c.single.ID, files)
	if err != nil {
		return err
	}
	if !yes {
		back()
		e.note(c.single.ID).held[ledger.NotSelected] = true
		return nil
	}
	e.movedTo(c, result)
	maps.Copy(e.overlay, files)
	e.rounds++
	before := e.singletonsOf(c.pkg.Path)
	if err := e.load(); err != nil {
		return err
	}
	for _, gone := range before {
		if !slices.Contains(e.singletonsOf(c.pkg.Path), gone) {
			e.note(gone).stage = ledger.Move // what held the connections beside it
		}
	}
	return e.stillBuilds()
}

// singletonsOf names the managers that a package declares.
func (e *engine) singletonsOf(path string) (names []string) {
	for _, pkg := range e.program.ByPath(path) {
		if pkg.Result == nil {
			continue
		}
		for _, single := range pkg.Result.Singletons {
			names = append(names, single.ID)
		}
	}
	return names
}

// snapshot returns a function that goes back to the program as it is now, without
// the requirement that was added meanwhile.
func (e *engine) snapshot() (back func()) {
	overlay, program, prints, anchors, required := maps.Clone(e.overlay), e.program, e.prints, e.anchors, maps.Clone(e.required)
	return func() {
		e.overlay, e.program, e.prints, e.anchors, e.required = overlay, program, prints, anchors, required
	}
}

// again finds a candidate in the program as it was loaded last.
func (e *engine) again(c *candidate) *candidate {
	for _, other := range e.candidates() {
		if other.single.ID == c.single.ID {
			return other
		}
	}
	return c
}

// draftMove carries out a plan in memory and checks it.
func (e *engine) draftMove(c *candidate) ([]move.Obstacle, map[string][]byte, *move.Result, error) {
	result, obstacles, err := move.Plan(&move.Input{
		Program: e.program, Package: c.pkg, Singleton: c.single, Read: e.read,
		Writable: func(path string) bool { return e.place.module(path) != "" && e.selected[filepath.Dir(path)] },
	})
	if err != nil || len(obstacles) > 0 {
		return obstacles, nil, nil, err
	}
	files, err := e.applyMove(c, result)
	if err != nil {
		return nil, nil, nil, err
	}
	if problem := e.repair(files); problem != nil {
		return []move.Obstacle{{Pos: problem.Position, What: "the result would not compile: " + problem.Message}}, nil, nil, nil
	}
	for path, text := range files {
		old, err := e.read(path)
		if err != nil {
			return nil, nil, nil, err
		}
		if text != nil {
			files[path] = edit.Format(old, text)
		}
	}
	return nil, files, result, nil
}

func (e *engine) applyMove(c *candidate, result *move.Result) (map[string][]byte, error) {
	files := map[string][]byte{}
	for path, edits := range result.Edits {
		src, err := e.read(path)
		if err != nil {
			return nil, err
		}
		text, err := edit.Apply(src, edits)
		var conflict *edit.ConflictError
		if errors.As(err, &conflict) {
			return nil, fmt.Errorf("%s: %w", e.rel(path), err)
		}
		if err != nil {
			return nil, err
		}
		for _, imported := range result.Imports[path] {
			add, err := edit.AddImport(text, imported.Path, imported.Name)
			if err != nil {
				return nil, err
			}
			if text, err = edit.Apply(text, add); err != nil {
				return nil, err
			}
		}
		files[path] = text
	}
	generated, err := result.File.Generate()
	if err != nil {
		return nil, err
	}
	files[c.path] = generated
	emitter, err := e.read(c.emitter)
	if err != nil {
		return nil, err
	}
	files[c.emitter], err = bind.Ungate(emitter, result.File.Factory())
	return files, err
}

// repair checks the files and removes imports and variables that nothing uses any
// more. What else is wrong is returned.
func (e *engine) repair(files map[string][]byte) *check.Problem {
	checker := check.New(e.program)
	for range 20 {
		problems := checker.Check(files)
		if len(problems) == 0 {
			return nil
		}
		if !repairFile(files, problems) {
			return &problems[0]
		}
	}
	return &check.Problem{Message: "no end of unused names"}
}

// repairFile mends the problems of the first file that has any which can be.
func repairFile(files map[string][]byte, problems []check.Problem) bool {
	for _, p := range problems {
		text, ours := files[p.Position.Filename]
		if !ours {
			continue
		}
		var edits []edit.Edit
		if path, name, ok := p.UnusedImport(); ok {
			edits, _ = edit.RemoveImport(text, path, name)
		} else if p.UnusedVariable() {
			edits = edit.RemoveAssignment(text, p.Position.Offset)
		}
		if after, err := edit.Apply(text, edits); err == nil && len(edits) > 0 {
			files[p.Position.Filename] = after
			return true
		}
	}
	return false
}

// holdBack writes the plan for moving a manager by hand into the ledger.
func (e *engine) holdBack(c *candidate, obstacles []move.Obstacle) {
	n := e.note(c.single.ID)
	n.held[ledger.RegistryShape] = true
	var steps []string
	for _, o := range obstacles {
		where := ""
		if o.Pos.IsValid() {
			where = fmt.Sprintf("%s:%d: ", e.rel(o.Pos.Filename), o.Pos.Line)
		}
		steps = append(steps, where+o.What)
	}
	e.writePlan(c.single.ID, strings.Join(steps, "; "))
}

// writePlan puts the steps of a move by hand where the manager's connections are
// registered.
func (e *engine) writePlan(singleton, steps string) {
	for _, at := range slices.SortedFunc(maps.Keys(e.entries), compareSpots) {
		have := e.entries[at]
		if have.singleton == singleton && have.Reason == ledger.Registration {
			have.Message = "to move the connections, first: " + steps
			return
		}
	}
}

// movedTo notes that a manager's connections have moved. Beside its sends the
// sites of registering and forgetting are done, as far as they were edited.
func (e *engine) movedTo(c *candidate, result *move.Result) {
	e.note(c.single.ID).stage = ledger.Move
	for _, have := range e.entries {
		if have.singleton == c.single.ID && have.Status == ledger.Fixed {
			have.Stage = ledger.Move
		}
	}
	gone := slices.Sorted(slices.Values(result.Gone))
	w := &work{}
	e.collect(w)
	for _, s := range w.sites {
		message := ""
		have := e.entries[spot{s.at.Filename, e.origin(s.at.Filename, s.at.Offset)}]
		if have == nil || have.Status == ledger.Fixed || have.Reason != ledger.Registration && !isAddressed(s.Role) {
			continue
		}
		if slices.ContainsFunc(result.Edits[s.at.Filename], func(ed edit.Edit) bool { return ed.Start <= s.at.Offset && s.at.Offset < ed.End }) {
			if have.Reason == ledger.Registration && len(gone) > 0 {
				message, gone = "the runtime's own pings, timeouts and buffers take the place of "+strings.Join(gone, ", "), nil
			}
			have.Status, have.Stage, have.Reason, have.Message = ledger.Fixed, ledger.Move, "", message
		}
	}
}

func (e *engine) note(name string) *note {
	if e.notes[name] == nil {
		e.notes[name] = &note{held: map[ledger.Reason]bool{}}
	}
	return e.notes[name]
}

// isAddressed reports whether a site of that role sends to somebody.
func isAddressed(role findings.Role) bool {
	return role == findings.UserSend || role == findings.ConnSend || role == findings.RoomSend
}
