package footprint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// resolve lets the go command complete the edited go.mod and its checksums in a
// scratch folder, and collects what has changed.
func (r *resolver) resolve() error {
	scratch, err := os.MkdirTemp("", "wsmig-footprint-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	r.scratch = scratch
	siblings := r.borrowSiblings()
	r.mod.Cleanup()
	text, err := r.mod.Format()
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.scratchMod(), text, 0o600); err != nil {
		return err
	}
	sums, err := os.ReadFile(r.goSumPath())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(r.scratchSum(), sums, 0o600); err != nil {
		return err
	}
	if err := r.complete(); err != nil {
		return err
	}
	if err := r.hold(text, sums); err != nil {
		return err
	}
	if err := r.returnSiblings(siblings); err != nil {
		return err
	}
	if err := r.collect(); err != nil {
		return err
	}
	if r.fp.GoAfter != r.fp.GoBefore {
		if r.fp.Godebug, err = r.godebug(); err != nil {
			return err
		}
	}
	return r.vendor()
}

// complete has the go command fill in what the runtime needs, and what the other
// packages need now that versions may have risen.
func (r *resolver) complete() error {
	overlay, err := r.importRuntime()
	if err != nil {
		return err
	}
	list := []string{"list", "-mod=mod", "-modfile=" + r.scratchMod(), "-overlay=" + overlay, "-test", "-deps"}
	if r.Indirect {
		return r.goOnly(append(list, "./...")...)
	}
	list = append(list, "./"+anchor)
	if r.goOnly("list", "-test", "-deps", "./...") == nil {
		return r.goOnly(append(list, "./...")...)
	}
	return r.goOnly(append(list, r.resolving()...)...)
}

// resolving lists what a module in which not everything resolves imports from other
// modules, as far as that resolves: asked for all of its packages, the go command
// would go looking for what is missing. What those import in turn is theirs, and may
// be another in a raised version.
func (r *resolver) resolving() []string {
	const path = `{{if and (not .Error) (not .ForTest)}}{{with .Module}}{{if not .Main}}{{$.ImportPath}}{{end}}{{end}}{{end}}`
	there, err := r.goOutput([]string{"GOWORK=off"}, "list", "-e", "-test", "-deps", "-f", path, "./...")
	if err != nil {
		return nil // then nothing is known, and the check that follows says what is missing
	}
	const imports = `{{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}`
	direct, err := r.goOutput([]string{"GOWORK=off"}, "list", "-e", "-f", imports, "./...")
	if err != nil {
		return nil
	}
	imported := map[string]bool{}
	for name := range strings.FieldsSeq(string(direct)) {
		imported[name] = true
	}
	all := slices.Collect(strings.FieldsSeq(string(there)))
	all = slices.DeleteFunc(all, func(name string) bool { return !imported[name] })
	slices.Sort(all)
	return slices.Compact(all)
}

// anchor is the folder of a package that exists in overlays only and imports the
// runtime: the go command keeps and copies only what the module itself imports.
const anchor = "wsmiganchor"

func (r *resolver) importRuntime() (overlay string, err error) {
	replace := map[string]string{}
	put := func(path string, text []byte) error {
		actual := filepath.Join(r.scratch, fmt.Sprint("overlay", len(replace), filepath.Ext(path)))
		replace[path] = actual
		return os.WriteFile(actual, text, 0o600)
	}
	for _, path := range slices.Sorted(maps.Keys(r.Overlay)) {
		if err := put(path, r.Overlay[path]); err != nil {
			return "", err
		}
	}
	if !r.Indirect {
		if err := put(filepath.Join(r.Dir, anchor, "anchor.go"), []byte("package anchor\n\nimport _ \""+Package+"\"\n")); err != nil {
			return "", err
		}
	}
	data, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(r.scratch, "overlay.json")
	return overlay, os.WriteFile(overlay, data, 0o600)
}

func (r *resolver) scratchMod() string { return filepath.Join(r.scratch, "go.mod") }
func (r *resolver) scratchSum() string { return filepath.Join(r.scratch, "go.sum") }

// borrowSiblings makes the other modules of a workspace known to the scratch
// go.mod, since -modfile and a workspace exclude each other. The paths it adds
// are returned to be taken out again.
func (r *resolver) borrowSiblings() (added []string) {
	if r.work == nil {
		return nil
	}
	for _, use := range r.work.Use {
		dir := use.Path
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(r.workDir, dir)
		}
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		path := modfile.ModulePath(data)
		if err != nil || path == r.mod.Module.Mod.Path || r.knows(path) {
			continue
		}
		if r.mod.AddReplace(path, "", dir, "") == nil && r.mod.AddRequire(path, "v0.0.0") == nil {
			added = append(added, path)
		}
	}
	return added
}

func (r *resolver) knows(path string) bool {
	return slices.ContainsFunc(r.mod.Replace, func(have *modfile.Replace) bool { return have.Old.Path == path })
}

func (r *resolver) returnSiblings(added []string) error {
	data, err := os.ReadFile(r.scratchMod())
	if err != nil {
		return err
	}
	mod, err := modfile.Parse(r.scratchMod(), data, nil)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(r.goModPath())
	if err != nil {
		return err
	}
	original, err := modfile.Parse(r.goModPath(), before, nil)
	if err != nil {
		return err
	}
	for _, path := range added {
		if err := mod.DropReplace(path, ""); err != nil {
			return err
		}
		i := slices.IndexFunc(original.Require, func(have *modfile.Require) bool { return have.Mod.Path == path })
		if i < 0 {
			err = mod.DropRequire(path)
		} else {
			err = mod.AddRequire(path, original.Require[i].Mod.Version)
		}
		if err != nil {
			return err
		}
	}
	mod.Cleanup()
	text, err := mod.Format()
	if err != nil {
		return err
	}
	return os.WriteFile(r.scratchMod(), text, 0o600)
}

// collect compares the scratch files with those of the module.
func (r *resolver) collect() error {
	pairs := [][2]string{{r.goModPath(), r.scratchMod()}, {r.goSumPath(), r.scratchSum()}}
	for _, pair := range pairs {
		if err := r.compare(pair[0], pair[1]); err != nil {
			return err
		}
	}
	return r.raiseWork()
}

func (r *resolver) compare(path, scratch string) error {
	after, err := os.ReadFile(scratch)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		before = nil
	} else if err != nil {
		return err
	}
	if len(before)+len(after) > 0 && !bytes.Equal(before, after) {
		r.fp.Files = append(r.fp.Files, File{path, before, after})
	}
	return nil
}

// raiseWork lifts the go line of go.work to that of its module: the go command
// refuses a workspace that is older than one of its modules.
func (r *resolver) raiseWork() error {
	if r.work == nil || r.work.Go != nil && !older(r.work.Go.Version, r.fp.GoAfter) {
		return nil
	}
	path := r.work.Syntax.Name
	before, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := r.work.AddGoStmt(r.fp.GoAfter); err != nil {
		return err
	}
	r.work.Cleanup()
	r.fp.Files = append(r.fp.Files, File{path, before, modfile.Format(r.work.Syntax)})
	return nil
}

// goOnly runs the go command on the module alone, outside any workspace.
func (r *resolver) goOnly(args ...string) error {
	_, err := r.goOutput([]string{"GOWORK=off"}, args...)
	return err
}

func (r *resolver) goOutput(env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(r.ctx, "go", args...)
	cmd.Dir = r.Dir
	cmd.Env = append(append(slices.Clone(r.Env), "PWD="+r.Dir), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil {
		return out, nil
	}
	if ctxErr := context.Cause(r.ctx); ctxErr != nil {
		return nil, ctxErr
	}
	return nil, fmt.Errorf("go %s: %w", args[0], firstLine(stderr.String(), err))
}

// firstLine is the first thing that the go command said that is more than a
// heading or progress, with the requirements that led to it.
func firstLine(text string, err error) error {
	var said []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "go: downloading ") || strings.HasPrefix(line, "go: finding ") {
			continue
		}
		said = append(said, strings.TrimPrefix(line, "go: "))
		if !strings.HasSuffix(line, " requires") {
			break
		}
	}
	if len(said) == 0 {
		return err
	}
	return errors.New(strings.Join(said, " "))
}
