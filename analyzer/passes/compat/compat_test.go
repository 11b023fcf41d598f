package compat

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

func TestShapes(t *testing.T) {
	results := analysistest.Run(t, analysistest.TestData(), Analyzer, "shapes/...", layerPath)
	counted := 0
	for _, result := range results {
		for _, d := range result.Diagnostics {
			counted++
			require.Equal(t, "compat", d.Category)
			require.Greater(t, d.End, d.Pos)
		}
	}
	require.Positive(t, counted)
}

func TestDocumentation(t *testing.T) {
	require.NoError(t, analysis.Validate([]*analysis.Analyzer{Analyzer}))
	require.Regexp(t, `^report each use of runtime/compat that is left\n`, Analyzer.Doc)
	require.Contains(t, Analyzer.Doc, "//wsmig:ignore compat")
}
