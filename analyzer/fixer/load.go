package fixer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/wsmig/wsmig/analyzer/driver"
)

// place is where a run happens, as the go command sees it.
type place struct {
	dir     string   // absolute
	root    string   // of the workspace, or of the module
	modules []string // folders of the main modules
}

func locate(ctx context.Context, dir string, env []string) (*place, error) {
	abs, err := filepath.Abs(cmp.Or(dir, "."))
	if err != nil {
		return nil, err
	}
	out, err := goCommand(ctx, abs, env, "env", "-json", "GOMOD", "GOWORK")
	if err != nil {
		return nil, err
	}
	var vars struct{ GOMOD, GOWORK string }
	if err := json.Unmarshal(out, &vars); err != nil {
		return nil, err
	}
	p := &place{dir: abs}
	switch {
	case vars.GOWORK != "" && vars.GOWORK != "off":
		p.root = filepath.Dir(vars.GOWORK)
		return p, p.workspace(vars.GOWORK)
	case vars.GOMOD == "" || vars.GOMOD == os.DevNull:
		return nil, &driver.InputError{Message: "no go.mod here or above", Hint: "run it inside a module, or give its folder with -C; go mod init makes one of a GOPATH tree"}
	}
	p.root = filepath.Dir(vars.GOMOD)
	p.modules = []string{p.root}
	return p, nil
}

func (p *place) workspace(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	work, err := modfile.ParseWork(file, data, nil)
	if err != nil {
		return &driver.InputError{Message: err.Error()}
	}
	for _, use := range work.Use {
		dir := filepath.FromSlash(use.Path)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(p.root, dir)
		}
		p.modules = append(p.modules, dir)
	}
	return nil
}

func moduleRoot(ctx context.Context, dir string, env []string) (string, error) {
	p, err := locate(ctx, dir, env)
	if err != nil {
		return "", err
	}
	return p.root, nil
}

// module returns the folder of the main module that a file belongs to, "" when it
// belongs to none: then it is not ours to write.
func (p *place) module(file string) string {
	best := ""
	for _, dir := range p.modules {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) && len(dir) > len(best) {
			best = dir
		}
	}
	rel, err := filepath.Rel(best, file)
	if best == "" || err != nil || slices.Contains(strings.Split(filepath.ToSlash(rel), "/"), "vendor") {
		return ""
	}
	return best
}

// everything names all packages of the main modules, so that importers of what is
// changed are checked although no pattern named them.
func (p *place) everything() []string {
	var patterns []string
	for _, dir := range p.modules {
		patterns = append(patterns, filepath.ToSlash(dir)+"/...")
	}
	return patterns
}

func (e *engine) config(patterns []string) *driver.Config {
	return &driver.Config{
		Dir: e.place.dir, Env: e.Env, Tags: e.Tags, Patterns: patterns, Overlay: e.overlay,
		Accessors: e.Accessors, Conns: e.Conns, Settings: e.Settings, ToolExec: e.ToolExec,
	}
}

// load reads and analyses the whole program with the overlay as it is now.
func (e *engine) load() error {
	config := e.config(e.place.everything())
	if slices.ContainsFunc(slices.Collect(maps.Keys(e.overlay)), isVendorList) {
		env, err := e.withoutVendor()
		if err != nil {
			return err
		}
		config.Env = env
	}
	program, err := driver.Load(e.ctx, config)
	if err != nil {
		return err
	}
	if err := e.analyze(e.ctx, program); err != nil {
		return err
	}
	e.program = program
	return nil
}

func isVendorList(path string) bool {
	return strings.HasSuffix(filepath.ToSlash(path), "/vendor/modules.txt")
}

// withoutVendor is the environment in which the go command takes dependencies from
// the module cache. Of all that an overlay can replace it reads the list of what is
// vendored from the disk, and refuses a go.mod that is ahead of it.
func (e *engine) withoutVendor() ([]string, error) {
	out, err := goCommand(e.ctx, e.place.dir, e.Env, "env", "GOFLAGS")
	if err != nil {
		return nil, err
	}
	flags := slices.DeleteFunc(strings.Fields(string(out)), func(flag string) bool { return strings.HasPrefix(flag, "-mod=") })
	env := e.Env
	if env == nil {
		env = environ()
	}
	return append(slices.Clone(env), "GOFLAGS="+strings.Join(append(flags, "-mod=readonly"), " ")), nil
}

// selection finds the folders of the packages that the user's patterns name.
func (e *engine) selection() error {
	patterns := e.Patterns
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	args := []string{"list", "-e", "-find", "-f", "{{if not .Standard}}{{.Dir}}{{end}}"}
	if e.Tags != "" {
		args = append(args, "-tags="+e.Tags)
	}
	out, err := goCommand(e.ctx, e.place.dir, e.Env, append(args, patterns...)...)
	if err != nil {
		return &driver.InputError{Message: fmt.Sprintf("cannot list %s: %v", strings.Join(patterns, " "), err)}
	}
	e.selected = map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if dir := strings.TrimSpace(line); dir != "" {
			e.selected[filepath.Clean(dir)] = true
		}
	}
	if len(e.selected) == 0 {
		return &driver.InputError{Message: "no packages match " + strings.Join(patterns, " "), Hint: "./... names every package of the module"}
	}
	return nil
}

func goCommand(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	if env != nil {
		cmd.Env = append(slices.Clone(env), "PWD="+dir)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		if line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); line != "" {
			return nil, fmt.Errorf("go %s: %s", args[0], strings.TrimPrefix(line, "go: "))
		}
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return out, nil
}
