package emitterscope

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/wsmig/wsmig/analyzer/passes/compat"
)

func TestShapes(t *testing.T) {
	for _, result := range analysistest.Run(t, analysistest.TestData(), Analyzer, "shapes/...", compat.RuntimePath) {
		for _, d := range result.Diagnostics {
			require.Equal(t, "emitterscope", d.Category)
			require.Greater(t, d.End, d.Pos)
		}
	}
}

func TestDocumentation(t *testing.T) {
	require.NoError(t, analysis.Validate([]*analysis.Analyzer{Analyzer}))
	require.Contains(t, Analyzer.Doc, "//wsmig:ignore emitterscope")
}
