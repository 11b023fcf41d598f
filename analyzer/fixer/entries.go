package fixer

import (
	"cmp"
	"go/ast"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/compat"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/journal"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// spot is a place in a file as it was before the run.
type spot struct {
	file   string
	offset int
}

// entry is one line of the ledger in the making.
type entry struct {
	ledger.Site
	singleton string
}

// note is what is known of one singleton.
type note struct {
	stage     ledger.Stage
	held      map[ledger.Reason]bool
	reentrant bool
	skipped   bool // files that this build leaves out use it too
}

// origin maps a place in a file as it is now to where it was on disk.
func (e *engine) origin(path string, offset int) int {
	now, edited := e.overlay[path]
	if !edited {
		return offset
	}
	before, err := e.original(path)
	if err != nil || before == nil {
		return offset
	}
	shift := 0
	for _, ed := range udiff.Bytes(before, now) {
		start, end := ed.Start+shift, ed.Start+shift+len(ed.New)
		if offset < start {
			break
		}
		if offset < end {
			return ed.Start
		}
		shift += len(ed.New) - (ed.End - ed.Start)
	}
	return offset - shift
}

// record notes the sites of a survey. The first one makes the entries; later ones
// only learn more about those that are not fixed yet.
func (e *engine) record(w *work) {
	for _, s := range w.sites {
		at := spot{s.at.Filename, e.origin(s.at.Filename, s.at.Offset)}
		have := e.entries[at]
		switch {
		case have == nil && e.surveyed:
			continue // in code that this run wrote
		case have == nil:
			have = &entry{singleton: s.Singleton.ID}
			have.File, have.Line, have.Column = e.rel(s.at.Filename), s.at.Line, s.at.Column
			have.Symbol, have.Role = symbol(s.Site), s.Role
			if s.Addressee != nil {
				have.Addressee = s.Addressee.Text
			}
			e.entries[at] = have
		case have.Status == ledger.Fixed:
			continue
		}
		have.Status, have.Reason, have.Message = s.status, s.reason, s.hint
		if s.already {
			have.Stage = ledger.Bind
		}
	}
}

// done marks the sites of the groups that were carried out.
func (e *engine) done(live []*group) {
	for _, g := range live {
		for _, s := range g.sites {
			if have := e.entries[spot{s.at.Filename, e.origin(s.at.Filename, s.at.Offset)}]; have != nil {
				have.Status, have.Stage, have.Reason, have.Message = ledger.Fixed, ledger.Bind, "", ""
			}
		}
	}
}

// symbol is what the code names at a site.
func symbol(s *singleton.Site) string {
	node := s.Node
	if call, ok := node.(*ast.CallExpr); ok {
		node = call.Fun
	}
	return exprText(node)
}

// exprText spells a chain of names; whatever else is in it becomes "…".
func exprText(expr ast.Expr) string {
	switch expr := expr.(type) {
	case *ast.Ident:
		return expr.Name
	case *ast.SelectorExpr:
		return exprText(expr.X) + "." + expr.Sel.Name
	case *ast.ParenExpr:
		return exprText(expr.X)
	case *ast.StarExpr:
		return exprText(expr.X)
	case *ast.CallExpr:
		return exprText(expr.Fun) + "()"
	case *ast.TypeAssertExpr:
		return exprText(expr.X)
	}
	return "…"
}

// ledger puts the entries together.
func (e *engine) ledger(changes []journal.Change) *ledger.Ledger {
	l := &ledger.Ledger{
		Schema: ledger.Schema, Stage: e.furthest(), Builds: true, Rounds: e.rounds,
		FilesChanged: []string{}, Singletons: []ledger.Singleton{}, Sites: []ledger.Site{},
	}
	for _, c := range changes {
		l.FilesChanged = append(l.FilesChanged, e.rel(c.Path))
	}
	for _, p := range e.prints {
		if p.GoBefore != p.GoAfter {
			l.GoMod.GoBefore, l.GoMod.GoAfter = p.GoBefore, p.GoAfter
		}
		l.GoMod.Require = cmp.Or(l.GoMod.Require, p.Require)
	}
	for _, have := range e.inOrder() {
		if have.Status == "" {
			have.Status, have.Reason = ledger.Left, ledger.Conflict
		}
		l.Sites = append(l.Sites, have.Site)
		e.tally(have)
	}
	e.noteEarlier()
	for _, name := range slices.Sorted(maps.Keys(e.notes)) {
		l.Singletons = append(l.Singletons, e.notes[name].line(name))
	}
	return l
}

// noteEarlier gives the managers of earlier runs the stage that those reached, as
// the generated files tell.
func (e *engine) noteEarlier() {
	rank := map[ledger.Stage]int{ledger.Bind: 1, ledger.Move: 2, ledger.Remove: 3}
	for _, pkg := range e.program.Packages {
		for i, file := range pkg.Files {
			id, ok := bind.Generated(file)
			reached := ledger.Bind
			switch name := filepath.Base(pkg.FileNames[i]); {
			case !ok || strings.Contains(name, "_broadcast"):
				continue
			case strings.Contains(name, "_connections") || id == compat.State:
				reached = ledger.Move
			}
			if n := e.note(id); rank[n.stage] < rank[reached] {
				n.stage = reached
			}
		}
	}
}

// inOrder lists all entries by file and place.
func (e *engine) inOrder() []*entry {
	var all []*entry
	spots := slices.AppendSeq(slices.Collect(maps.Keys(e.entries)), maps.Keys(e.layer))
	slices.SortFunc(spots, compareSpots)
	for _, at := range slices.Compact(spots) {
		for _, have := range []*entry{e.entries[at], e.layer[at]} {
			if have != nil {
				all = append(all, have)
			}
		}
	}
	return all
}

// furthest is the stage that the run was to reach.
func (e *engine) furthest() ledger.Stage {
	switch {
	case e.Plain:
		return ledger.Bind
	case e.Stage == ledger.None:
		return ledger.Remove
	}
	return e.Stage
}

func compareSpots(a, b spot) int {
	return cmp.Or(cmp.Compare(a.file, b.file), a.offset-b.offset)
}

// tally counts an entry for its singleton.
func (e *engine) tally(have *entry) {
	n := e.note(have.singleton)
	switch have.Status {
	case ledger.Left:
		n.held[have.Reason] = true
	default:
		if n.stage == ledger.None {
			n.stage = have.Stage
		}
	}
}

func (n *note) line(name string) ledger.Singleton {
	s := ledger.Singleton{Name: name, Stage: n.stage, HeldBackBy: []ledger.Reason{}}
	s.HeldBackBy = append(s.HeldBackBy, slices.Sorted(maps.Keys(n.held))...)
	if n.reentrant {
		s.HeldBackBy = append(s.HeldBackBy, ledger.GateReentrant)
	}
	return s
}
