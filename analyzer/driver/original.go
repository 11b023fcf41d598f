package driver

import (
	"go/types"

	"golang.org/x/tools/go/types/objectpath"
)

// original is the object that facts are known about: for an object of an
// intermediate test variant that of the package itself, since only that was analysed.
func (p *Program) original(obj types.Object) types.Object {
	if obj == nil || obj.Pkg() == nil {
		return obj
	}
	if p.originals == nil {
		p.originals = originals(p)
	}
	of, ok := p.originals[obj.Pkg()]
	if !ok {
		return obj
	}
	path, err := p.paths.For(obj)
	if err != nil {
		return obj
	}
	found, err := objectpath.Object(of, path)
	if err != nil {
		return obj
	}
	return found
}

// originals maps the types of intermediate test variants to those of the packages
// that they are variants of.
func originals(p *Program) map[*types.Package]*types.Package {
	plain := map[string]*types.Package{}
	for _, pkg := range p.Packages {
		if pkg.ForTest == "" && pkg.Types != nil {
			plain[pkg.Path] = pkg.Types
		}
	}
	out := map[*types.Package]*types.Package{}
	for _, pkg := range p.Intermediate {
		if of := plain[pkg.Path]; of != nil && pkg.Types != nil {
			out[pkg.Types] = of
		}
	}
	return out
}
