// Package footprint works out what a module needs in its module files before it
// can import wsmig's runtime: the requirement, the raised go line, checksums, and
// a vendored copy where the module vendors. Everything is resolved in a scratch
// folder; the module itself is only read.
package footprint

import (
	"context"
	"errors"
	"fmt"
	"go/version"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// Module is wsmig's own module and Package what migrated code imports from it.
const (
	Module  = "github.com/wsmig/wsmig"
	Package = Module + "/runtime"
)

// MinGo is the language version that a user of the runtime needs at least.
const MinGo = "1.26.0"

// Request says which module is asked about.
type Request struct {
	Dir     string // folder of the module's go.mod, absolute
	Version string // version to require; without a "v" it can't be required
	Replace string // local copy to use instead, as it shall stand in go.mod; "" for none
	Env     []string
	// Hold keeps versions where they are that wsmig as a whole requires to be higher
	// and its runtime does not need, by excluding the higher ones.
	Hold bool
	// Indirect is for a module that imports none of the runtime itself but depends on
	// one that will: Overlay has the files of that one as they will be, by path. It
	// needs nothing where it does not resolve without the workspace.
	Indirect bool
	Overlay  map[string][]byte
	_        struct{}
}

// File is one module file before and after. A nil Old is created.
type File struct {
	Path     string
	Old, New []byte
}

// Footprint is what a module needs. The zero value needs nothing.
type Footprint struct {
	Files             []File // go.mod first, then go.sum, go.work, the vendor folder
	GoBefore, GoAfter string // equal when the go line stays
	Require           string // "path version", "" when it is required already
	Replace           string // "path => folder", "" when there is nothing to add
	Toolchain         string // the toolchain line that goes, "" for none
	Godebug           []string
	Held              []string // "path version" of what is excluded
}

// UnavailableError says that the runtime can't be had, and what to do.
type UnavailableError struct {
	Dir  string
	Err  error
	Hint string
}

func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%s: the runtime can't be required: %v; %s", e.Dir, e.Err, e.Hint)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

const howTo = "give --runtime DIR (a checkout of " + Module + ") or --plain (no dependency)"

// Resolve returns the footprint of the module in req.Dir, checked: with the new
// files in place the runtime and all packages of the module resolve. What can't
// be had is an *UnavailableError.
func Resolve(ctx context.Context, req *Request) (*Footprint, error) {
	r := &resolver{Request: req, ctx: ctx}
	if err := r.read(); err != nil {
		return nil, err
	}
	if r.Indirect && r.goOnly("list", "-test", "-deps", "./...") != nil {
		return r.fp, nil
	}
	if err := r.edit(); err != nil {
		return nil, &UnavailableError{req.Dir, err, howTo}
	}
	if len(r.fp.Require) == 0 && len(r.fp.Replace) == 0 && r.fp.GoAfter == r.fp.GoBefore {
		if err := r.goOnly("list", "-deps", Package); err == nil {
			return r.fp, nil
		}
	}
	if err := r.resolve(); err != nil {
		hint := howTo
		if req.Replace != "" {
			hint = "adding any requirement has the go command read more of go.mod's graph: see that `go mod tidy` works, or give --plain (no dependency)"
		}
		return nil, &UnavailableError{req.Dir, err, hint}
	}
	return r.fp, nil
}

type resolver struct {
	*Request
	ctx     context.Context
	fp      *Footprint
	mod     *modfile.File
	work    *modfile.WorkFile // nil outside a workspace
	workDir string
	scratch string
}

func (r *resolver) goModPath() string { return filepath.Join(r.Dir, "go.mod") }
func (r *resolver) goSumPath() string { return filepath.Join(r.Dir, "go.sum") }

func (r *resolver) read() error {
	data, err := os.ReadFile(r.goModPath())
	if err != nil {
		return err
	}
	if r.mod, err = modfile.Parse(r.goModPath(), data, nil); err != nil {
		return err
	}
	r.fp = &Footprint{GoBefore: "1.16"} // the go command's own default
	if r.mod.Go != nil {
		r.fp.GoBefore = r.mod.Go.Version
	}
	r.fp.GoAfter = r.fp.GoBefore
	return r.readWork()
}

func (r *resolver) readWork() error {
	out, err := r.goOutput(nil, "env", "GOWORK")
	path := strings.TrimSpace(string(out))
	if err != nil || path == "" || path == "off" {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	r.workDir = filepath.Dir(path)
	r.work, err = modfile.ParseWork(path, data, nil)
	return err
}

// edit changes the parsed go.mod; what the go command adds to it comes later.
func (r *resolver) edit() error {
	if older(r.fp.GoBefore, MinGo) {
		r.fp.GoAfter = MinGo
		if err := r.mod.AddGoStmt(MinGo); err != nil {
			return err
		}
		if t := r.mod.Toolchain; t != nil && older(strings.TrimPrefix(t.Name, "go"), MinGo) {
			r.fp.Toolchain = t.Name
			r.mod.DropToolchainStmt()
		}
	}
	if r.mod.Module.Mod.Path == Module {
		return errors.New("this is wsmig itself")
	}
	if r.Replace != "" {
		if err := r.replace(); err != nil {
			return err
		}
	}
	return r.require()
}

func (r *resolver) replace() error {
	if err := r.checkCopy(); err != nil {
		return err
	}
	for _, have := range r.mod.Replace {
		if have.Old.Path == Module && have.New.Path == r.Replace {
			return nil
		}
	}
	r.fp.Replace = Module + " => " + r.Replace
	return r.mod.AddReplace(Module, "", r.Replace, "")
}

func (r *resolver) checkCopy() error {
	dir := r.Replace
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(r.Dir, dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return fmt.Errorf("--runtime %s: no go.mod there", r.Replace)
	}
	if path := modfile.ModulePath(data); path != Module {
		return fmt.Errorf("--runtime %s: holds module %s", r.Replace, path)
	}
	return nil
}

// unpublished is the version that the go command itself writes for a replaced
// module that was never required.
const unpublished = "v0.0.0-00010101000000-000000000000"

func (r *resolver) require() error {
	for _, have := range r.mod.Require {
		if have.Mod.Path == Module {
			if have.Indirect && !r.Indirect {
				have.Indirect = false
				return r.mod.AddRequire(Module, have.Mod.Version)
			}
			return nil
		}
	}
	want := r.Version
	if r.replaced() {
		want = unpublished
	} else if !semver.IsValid(want) {
		return fmt.Errorf("this wsmig is %q, not a released version", want)
	}
	r.fp.Require = Module + " " + want
	if r.Indirect {
		r.mod.AddNewRequire(Module, want, true)
		return nil
	}
	return r.mod.AddRequire(Module, want)
}

func (r *resolver) replaced() bool {
	for _, have := range r.mod.Replace {
		if have.Old.Path == Module {
			return true
		}
	}
	if r.work != nil {
		for _, have := range r.work.Replace {
			if have.Old.Path == Module {
				return true
			}
		}
	}
	return false
}

// older compares go versions as they stand in go.mod, where 1.26 is older than
// 1.26.0.
func older(a, b string) bool { return version.Compare("go"+a, "go"+b) < 0 }
