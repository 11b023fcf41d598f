package findings

import (
	"cmp"
	"slices"
)

// Sort puts findings into file order, and all else into the order of its names.
func (r *Result) Sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	slices.SortStableFunc(r.Singletons, func(a, b Singleton) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name))
	})
	slices.SortStableFunc(r.Stats.PackagesFailed, func(a, b FailedPackage) int { return cmp.Compare(a.Package, b.Package) })
	slices.SortStableFunc(r.Stats.FilesSkipped, func(a, b SkippedFile) int { return cmp.Compare(a.File, b.File) })
}

// Count sets the uses of every singleton to what the findings say.
func (r *Result) Count() {
	uses := map[string]map[Role]int{}
	for i := range r.Singletons {
		s := &r.Singletons[i]
		s.Uses = map[Role]int{}
		uses[s.Package+"."+s.Name] = s.Uses
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if counted := uses[f.Singleton]; counted != nil && f.Category == Use {
			counted[f.Role]++
		}
	}
}
