// Package analyzer lists the analyzers. Each is a package of its own below passes
// and works under any driver of golang.org/x/tools/go/analysis.
package analyzer

import (
	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/passes/compat"
	"github.com/wsmig/wsmig/analyzer/passes/emitterscope"
	"github.com/wsmig/wsmig/analyzer/passes/lastwriter"
	"github.com/wsmig/wsmig/analyzer/passes/secondhub"
	"github.com/wsmig/wsmig/analyzer/passes/sharedpayload"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
	"github.com/wsmig/wsmig/analyzer/passes/widecast"
)

// Suite returns the analyzers with their default options, in the order in which
// help lists them.
func Suite() []*analysis.Analyzer {
	return []*analysis.Analyzer{
		singleton.Analyzer, lastwriter.Analyzer, widecast.Analyzer, sharedpayload.Analyzer,
		emitterscope.Analyzer, secondhub.Analyzer, compat.Analyzer,
	}
}

// NewSuite returns analyzers with options of their own, the singleton analyzer
// first: the others build on its result.
func NewSuite(opts *singleton.Options) []*analysis.Analyzer {
	base := singleton.New(opts)
	writer := lastwriter.New(base)
	return []*analysis.Analyzer{
		base, writer, widecast.New(base), sharedpayload.New(base),
		emitterscope.New(writer), secondhub.New(base), compat.Analyzer,
	}
}

// Rules are the names of the analyzers, which are the names of their findings.
func Rules() []string {
	var names []string
	for _, a := range Suite() {
		names = append(names, a.Name)
	}
	return names
}
