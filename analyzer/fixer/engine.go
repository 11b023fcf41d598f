package fixer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/journal"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/analyzer/suppress"
)

// maxRounds bounds how often the result is analysed again. Each round only has
// to do what the round before made possible, so three are rarely needed.
const maxRounds = 8

// engine is one run.
type engine struct {
	*Options
	ctx      context.Context
	place    *place
	selected map[string]bool // folders that the user's patterns name

	program *driver.Program   // as last loaded
	overlay map[string][]byte // what differs from the disk
	disk    map[string][]byte // what was read of it, nil for absent files

	banned   map[string]ban // groups that were taken back, by key
	badOps   map[string]bool
	entries  map[spot]*entry
	layer    map[spot]*entry  // what goes through runtime/compat
	notes    map[string]*note // by singleton
	prints   []Footprint
	anchors  []string        // generated files that are not written yet
	required map[string]bool // modules that have the runtime, by folder
	hold     bool            // dependencies stay where the runtime needs no more
	rounds   int
	wide     map[spot]bool // broadcasts of one user's data, as they were
	prepared bool          // the module files are those that generated code needs
	comments map[*ast.File]*suppress.Index
	surveyed bool              // the entries are those of the first survey
	broken   map[string]string // packages that did not type-check before, with the error

	analyze func(context.Context, *driver.Program) error
}

// ban says why a group of edits stays out.
type ban struct {
	status  ledger.Status
	reason  ledger.Reason
	message string
}

func newEngine(ctx context.Context, o *Options) (*engine, error) {
	p, err := locate(ctx, o.Dir, o.Env)
	if err != nil {
		return nil, err
	}
	return &engine{
		Options: o, ctx: ctx, place: p,
		overlay: map[string][]byte{}, disk: map[string][]byte{}, banned: map[string]ban{}, badOps: map[string]bool{},
		entries: map[spot]*entry{}, layer: map[spot]*entry{}, notes: map[string]*note{}, broken: map[string]string{}, required: map[string]bool{},
		analyze: func(ctx context.Context, p *driver.Program) error { return p.Analyze(ctx) },
	}, nil
}

func (e *engine) run() (*Plan, error) {
	if err := e.selection(); err != nil {
		return nil, err
	}
	if err := e.load(); err != nil {
		return nil, err
	}
	if err := e.program.Err(); err != nil {
		return nil, err
	}
	for _, name := range e.Accessors {
		if !e.program.Declares(name) {
			return nil, driver.UnknownAccessor(name)
		}
	}
	for _, failed := range e.program.Failed {
		e.broken[failed.Package] = failed.Error
	}
	e.noteLayer()
	if err := e.checkOnly(); err != nil {
		return nil, err
	}
	if err := e.narrowBroadcasts(); err != nil {
		return nil, err
	}
	for e.rounds < maxRounds {
		changed, err := e.round()
		if err != nil {
			return nil, err
		}
		if !changed {
			break
		}
	}
	if err := e.moveAll(); err != nil {
		return nil, err
	}
	if err := e.nameBroadcasts(); err != nil {
		return nil, err
	}
	if err := e.removeAll(); err != nil {
		return nil, err
	}
	if err := e.takeOutLayer(); err != nil {
		return nil, err
	}
	return e.plan()
}

// round rewrites what can be rewritten now and loads the result. It reports
// whether there was anything.
func (e *engine) round() (bool, error) {
	work, err := e.survey()
	if err != nil {
		return false, err
	}
	if !e.prepared {
		e.prepared = true
		ready, err := e.prepare(work)
		if err != nil {
			return false, err
		}
		if ready { // the module files changed, so types must be those of the new program
			if work, err = e.survey(); err != nil {
				return false, err
			}
		}
	}
	if err := e.ask(work); err != nil {
		return false, err
	}
	e.rounds++
	result, err := e.settle(work)
	if err != nil || len(result) == 0 {
		return false, err
	}
	maps.Copy(e.overlay, result)
	if err := e.load(); err != nil {
		return false, err
	}
	return true, e.stillBuilds()
}

// stillBuilds makes sure that loading agrees with what the checks in memory said.
func (e *engine) stillBuilds() error {
	for _, failed := range e.program.Failed {
		if _, before := e.broken[failed.Package]; !before {
			return fmt.Errorf("%s would not build any more: %s", failed.Package, failed.Error)
		}
	}
	return nil
}

// read returns a file as it is in this run: edited, or as on disk. Absent files
// are nil.
func (e *engine) read(path string) ([]byte, error) {
	if data, ok := e.overlay[path]; ok {
		return data, nil
	}
	return e.original(path)
}

func (e *engine) original(path string) ([]byte, error) {
	if data, ok := e.disk[path]; ok {
		return data, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	e.disk[path] = data
	return data, nil
}

// plan turns the overlay into changes and the entries into a ledger.
func (e *engine) plan() (*Plan, error) {
	e.weighAnchors()
	p := &Plan{dir: e.place.dir, root: e.place.root, Footprint: e.prints}
	for _, path := range slices.Sorted(maps.Keys(e.overlay)) {
		before, err := e.original(path)
		if err != nil {
			return nil, err
		}
		after := e.overlay[path]
		if bytes.Equal(before, after) && (before == nil) == (after == nil) {
			continue
		}
		p.changes = append(p.changes, journal.Change{Path: path, Old: before, New: after, Mode: 0o644})
	}
	p.Ledger = e.ledger(p.changes)
	return p, nil
}

// rel is a path as the ledger shows it.
func (e *engine) rel(path string) string {
	if rel, err := filepath.Rel(e.place.dir, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}

// weighAnchors drops the files that only made the runtime part of the program, and
// everything else that was prepared when nothing came of it.
func (e *engine) weighAnchors() {
	for _, path := range e.anchors {
		if !strings.Contains(string(e.overlay[path]), bind.Marker) {
			delete(e.overlay, path)
		}
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(e.overlay)), func(path string) bool { return filepath.Ext(path) == ".go" }) {
		return
	}
	clear(e.overlay)
	e.prints = nil
}
