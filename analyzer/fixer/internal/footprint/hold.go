package footprint

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// hold resolves once more, from the same go.mod and checksums, with the versions
// excluded that would rise for the sake of code which the module does not use.
// Exclusion makes the go command forget who asked for them.
func (r *resolver) hold(text, sums []byte) error {
	if !r.Hold {
		return nil
	}
	raised, err := r.raised()
	if err != nil || len(raised) == 0 {
		return err
	}
	mod, err := modfile.Parse(r.scratchMod(), text, nil)
	if err != nil {
		return err
	}
	for _, m := range raised {
		if err := mod.AddExclude(m.Path, m.Version); err != nil {
			return err
		}
		r.fp.Held = append(r.fp.Held, fmt.Sprint(m.Path, " ", m.Version))
	}
	if text, err = mod.Format(); err != nil {
		return err
	}
	if err := os.WriteFile(r.scratchMod(), text, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(r.scratchSum(), sums, 0o600); err != nil {
		return err
	}
	return r.complete()
}

// raised lists what wsmig requires in a higher version than the module does, but
// for what the runtime is made of.
func (r *resolver) raised() ([]module.Version, error) {
	wsmig, err := r.requirements()
	if err != nil {
		return nil, err
	}
	needed, err := r.runtimeModules()
	if err != nil {
		return nil, err
	}
	mine := map[string]string{}
	for _, have := range r.mod.Require {
		mine[have.Mod.Path] = have.Mod.Version
	}
	var all []module.Version
	for _, want := range wsmig {
		have := mine[want.Mod.Path]
		if have != "" && semver.Compare(want.Mod.Version, have) > 0 && !needed[want.Mod.Path] {
			all = append(all, want.Mod)
		}
	}
	return all, nil
}

// requirements are those in wsmig's own go.mod.
func (r *resolver) requirements() ([]*modfile.Require, error) {
	out, err := r.goOutput([]string{"GOWORK=off"}, "list", "-mod=mod", "-modfile="+r.scratchMod(), "-m", "-f", "{{.GoMod}}", Module)
	if err != nil {
		return nil, err
	}
	path := strings.TrimSpace(string(out))
	data, err := os.ReadFile(path) //nolint:gosec // the go command names it
	if err != nil {
		return nil, err
	}
	mod, err := modfile.ParseLax(path, data, nil)
	if err != nil {
		return nil, err
	}
	return mod.Require, nil
}

func (r *resolver) runtimeModules() (map[string]bool, error) {
	out, err := r.goOutput([]string{"GOWORK=off"}, "list", "-mod=mod", "-modfile="+r.scratchMod(), "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", Package)
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{}
	for path := range strings.FieldsSeq(string(out)) {
		needed[path] = true
	}
	return needed, nil
}
