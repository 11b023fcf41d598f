package driver

import (
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// accessors are what somebody declared to be process-wide managers, by option and by
// configuration.
func (c *Config) accessors() []string {
	return append(slices.Clone(c.Accessors), c.Settings.Options().Accessors...)
}

// declaredIn reports whether an accessor would be an object of the package.
func declaredIn(accessor, path string) bool {
	return singleton.Names(accessor, path, object(accessor))
}

// object is the name behind an accessor's package.
func object(accessor string) string { return accessor[strings.LastIndex(accessor, ".")+1:] }

// Declares reports whether a package that was read has the accessor's function or
// variable.
func (p *Program) Declares(accessor string) bool {
	return slices.ContainsFunc(p.Packages, func(pkg *Package) bool {
		return declaredIn(accessor, pkg.Path) && pkg.Types != nil && pkg.Types.Scope().Lookup(object(accessor)) != nil
	})
}

// UnknownAccessor is the complaint about one that no package Declares.
func UnknownAccessor(name string) *InputError {
	return &InputError{
		Message: "--accessor " + name + ": no package that was read has such a function or variable",
		Hint:    "write it as example.com/app/ws.GetManager, of a module at hand",
	}
}
