// Package fixer moves the uses of process-wide WebSocket managers to emitters
// that are bound to one addressee.
//
// It works in memory: the program is loaded and analysed, calls are rewritten,
// emitters generated, and the result is type-checked with its tests and with every
// first-party package that imports what was changed. What does not compile is
// taken back, down to a largest set of edits that does; then the result is
// analysed again, until nothing more is to be done. Only then, and in one step,
// are files written. What was left alone, and why, is in the ledger.
package fixer

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/footprint"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/journal"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/patch"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// Options says what to fix and how far. The zero value fixes the package in the
// current folder as far as it goes.
type Options struct {
	Dir      string   // folder that patterns start from and file names are relative to, default the current one
	Env      []string // environment of the go command, default that of the process
	Tags     string   // build tags, as in go build -tags
	Patterns []string // packages whose sites are rewritten, default "."; all others of the modules at hand are checked too

	Accessors []string // "path.Func" or "path.Var": declared to be process-wide managers
	Conns     []string // "path.Type": further connection types

	// ToolExec keeps the go command from compiling what is not in its cache, see
	// driver.Config.
	ToolExec string

	// Settings reads the .wsmig.yaml that each folder is under; nil means none. See
	// config.NewTree.
	Settings *config.Tree

	Stage ledger.Stage // where to stop, default as far as each singleton goes
	// Only are rules, symbols ("ws.GetManager") or paths; empty means everything. One
	// that names nothing is a driver.InputError.
	Only []string
	// Broadcasts gives broadcasts a name that says whom they reach. Widecast sends
	// what is made from one user's data to that user, where the manager has a send
	// for one; whether that is meant, only the user of this package can know.
	Broadcasts, Widecast bool

	Plain   bool   // generate code without any dependency and without the gate; stage bind only
	Runtime string // folder of a local copy of wsmig to use in a replace, as seen from Dir
	Version string // version of wsmig to require

	// Ask decides on each group of edits, such as all sends to users of one
	// manager; nil takes them all. An error ends the run.
	Ask func(Question) (bool, error)

	_ struct{}
}

// Question is one decision of an interactive run.
type Question struct {
	Singleton string // package path and variable
	File      string // relative to Dir, "" when the whole singleton is asked about
	Line      int
	Diff      string // what would change
}

// Plan is the outcome of a run: edits that are ready to be written, and the
// ledger. Nothing has been written yet.
type Plan struct {
	Ledger    *ledger.Ledger
	Footprint []Footprint // one for each module file that changes

	dir, root string
	changes   []journal.Change
}

// Footprint is what the migration asks of one module.
type Footprint struct {
	Module            string // folder, relative to Dir
	GoBefore, GoAfter string
	Require, Replace  string   // "" when there is nothing to add
	Toolchain         string   // the toolchain line that goes since it is older than the go line
	Godebug           []string // settings whose default changes with the go line, with their old value
	Held              []string // "path version" of what is excluded, since the module does not build with it and the runtime needs none of it
	Loops             []string // "file:line" of loops whose variables are new in each round from now on
}

// UnavailableError says that the runtime can't be required by a module, and what
// to do about it.
type UnavailableError = footprint.UnavailableError

// Run works out what is to be done. It reads the code and writes nothing.
func Run(ctx context.Context, o *Options) (*Plan, error) {
	e, err := newEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	return e.run()
}

// Changed reports whether there is anything to write.
func (p *Plan) Changed() bool { return len(p.changes) > 0 }

// DiffDir is the folder in which git apply takes what Diff prints: the one that the
// run was for, or the top of the module when something above it changes, since git
// refuses patches that climb.
func (p *Plan) DiffDir() string {
	for _, c := range p.changes {
		if rel, err := filepath.Rel(p.dir, c.Path); err != nil || !filepath.IsLocal(rel) {
			return p.root
		}
	}
	return p.dir
}

// Files lists the files that change, absolute; new ones are not there yet.
func (p *Plan) Files() []string {
	names := make([]string, len(p.changes))
	for i, c := range p.changes {
		names[i] = c.Path
	}
	return names
}

// Root is the top folder of the module or the workspace that the run was for.
func (p *Plan) Root() string { return p.root }

// Diff prints the changes as a patch for git apply, to be applied in DiffDir.
func (p *Plan) Diff(w io.Writer) error {
	files := make([]patch.File, len(p.changes))
	for i, c := range p.changes {
		files[i] = patch.File{Path: c.Path, Before: c.Old, After: c.New}
	}
	return patch.Write(w, p.DiffDir(), files)
}

// Write puts the changes on disk: all of them, or none when ctx ends, when a file
// was changed meanwhile, or when anything else goes wrong.
func (p *Plan) Write(ctx context.Context) error {
	if err := journal.Commit(ctx, p.root, p.changes, nil); err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	return nil
}

// Recover puts back the files of an earlier run below dir that was killed while
// it wrote, and names them.
func Recover(ctx context.Context, dir string, env []string) ([]string, error) {
	root, err := moduleRoot(ctx, dir, env)
	if err != nil {
		return nil, err
	}
	return journal.Recover(root)
}

// Interrupted reports whether such a run left its journal behind.
func Interrupted(ctx context.Context, dir string, env []string) (bool, error) {
	root, err := moduleRoot(ctx, dir, env)
	if err != nil {
		return false, err
	}
	return journal.Pending(root)
}
