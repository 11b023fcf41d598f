package driver

import (
	"slices"
	"strings"
)

// declaring are the import paths of what somebody declared to be a process-wide
// manager, by option or by configuration.
func (c *Config) declaring() map[string]bool {
	paths := map[string]bool{}
	for _, name := range append(slices.Clone(c.Accessors), c.Settings.Options().Accessors...) {
		paths[name[:max(0, strings.LastIndex(name, "."))]] = true
	}
	return paths
}

// Declares reports whether a package that was read has the function or variable
// "path.Name".
func (p *Program) Declares(accessor string) bool {
	dot := max(0, strings.LastIndex(accessor, "."))
	return slices.ContainsFunc(p.Packages, func(pkg *Package) bool {
		return pkg.Path == accessor[:dot] && pkg.Types != nil && pkg.Types.Scope().Lookup(strings.TrimPrefix(accessor[dot:], ".")) != nil
	})
}

// UnknownAccessor is the complaint about one that Declares nothing.
func UnknownAccessor(name string) *InputError {
	return &InputError{
		Message: "--accessor " + name + ": no package that was read has such a function or variable",
		Hint:    "write it as example.com/app/ws.GetManager, of a module at hand",
	}
}
