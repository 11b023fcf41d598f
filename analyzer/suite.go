// Package analyzer lists the analyzers. Each is a package of its own below passes
// and works under any driver of golang.org/x/tools/go/analysis.
package analyzer

import (
	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// Suite returns the analyzers with their default options, in the order in which
// help lists them.
func Suite() []*analysis.Analyzer {
	return []*analysis.Analyzer{singleton.Analyzer}
}

// NewSuite returns analyzers with options of their own, the singleton analyzer
// first: the others build on its result.
func NewSuite(opts *singleton.Options) []*analysis.Analyzer {
	base := singleton.New(opts)
	return []*analysis.Analyzer{base}
}
