// Package instrument puts scheduling points around the accesses of what lint found,
// so that a window of two microseconds between two calls, which no load hits, opens
// wide. It writes nothing: what it returns is for the overlay of go build, and the
// sources stay as they are.
//
// A point is a call of a function that is added to the package. It needs the standard
// library alone and yields the processor, or sleeps up to the time that
// WSMIG_YIELD_MAX gives (default 200us), with the probability that WSMIG_YIELD gives
// (default 0.1, 0 switches it off), by a random sequence from WSMIG_SEED.
//
// Points stand before and after each statement that uses a manager, and in the
// manager's own methods before and after each that touches it. They are put on the
// line of the statement: line numbers stay.
package instrument

import (
	"context"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// Overlay is the outcome.
type Overlay struct {
	// Files are changed and new files by absolute path.
	Files map[string][]byte
	// Points counts the scheduling points.
	Points int
	// Left are files with accesses that got none, with the reason.
	Left []findings.SkippedFile
	// Failed are packages that could not be read in full; they got none.
	Failed []findings.FailedPackage
}

// Run reads the program and works out the overlay. That the program still
// type-checks with it was tried.
func Run(ctx context.Context, cfg *driver.Config) (*Overlay, error) {
	without := *cfg
	without.NoTests = true
	p, err := driver.Load(ctx, &without)
	if err != nil {
		return nil, err
	}
	if err := p.Analyze(ctx); err != nil {
		return nil, err
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	o := &Overlay{Files: map[string][]byte{}, Failed: p.Failed}
	for _, pkg := range p.Packages {
		if pkg.Root && pkg.Result != nil && len(pkg.Errors) == 0 {
			if err := o.add(p, pkg); err != nil {
				return nil, err
			}
		}
	}
	if len(o.Files) == 0 {
		return o, nil
	}
	without.Overlay = o.Files
	return o, o.check(ctx, &without, p)
}

// check types the program anew.
func (o *Overlay) check(ctx context.Context, cfg *driver.Config, before *driver.Program) error {
	after, err := driver.Load(ctx, cfg)
	if err != nil {
		return err
	}
	for _, f := range after.Failed {
		known := slices.ContainsFunc(before.Failed, func(b findings.FailedPackage) bool { return b.Package == f.Package })
		if !known {
			return fmt.Errorf("%s does not compile with scheduling points: %s", f.Package, f.Error)
		}
	}
	return nil
}

// add puts points into one package.
func (o *Overlay) add(p *driver.Program, pkg *driver.Package) error {
	w := newWalker(p.Fset, pkg)
	w.next = o.Points
	for i, file := range pkg.Files {
		name := pkg.FileNames[i]
		points := w.points(file)
		if len(points) == 0 {
			continue
		}
		if reason := leave(file, name); reason != "" {
			o.Left = append(o.Left, findings.SkippedFile{File: p.Rel(name), Reason: reason})
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		o.Files[name] = w.insert(src, points)
	}
	if w.next > o.Points {
		o.Points = w.next
		o.Files[helperName(pkg.Dir)] = helper(pkg.Name, w.function)
	}
	return nil
}

// leave says why a file is not touched: what cgo reads, and what is not where it
// says.
func leave(file *ast.File, name string) string {
	for _, imp := range file.Imports {
		if imp.Path.Value == `"C"` {
			return "cgo"
		}
	}
	if !strings.HasSuffix(name, ".go") {
		return "generated"
	}
	return ""
}

// helperName is a file that the package does not have.
func helperName(dir string) string {
	for i := 1; ; i++ {
		name := filepath.Join(dir, "wsmig_yield.go")
		if i > 1 {
			name = filepath.Join(dir, fmt.Sprintf("wsmig_yield%d.go", i))
		}
		if _, err := os.Lstat(name); err != nil {
			return name
		}
	}
}
