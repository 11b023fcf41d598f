package widecast

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

func TestShapes(t *testing.T) {
	for _, result := range analysistest.Run(t, analysistest.TestData(), Analyzer, "shapes/...") {
		for _, d := range result.Diagnostics {
			require.Equal(t, "widecast", d.Category)
			require.Greater(t, d.End, d.Pos)
		}
		require.Len(t, result.Result.(*Result).Broadcasts, len(result.Diagnostics))
	}
}

func TestDocumentation(t *testing.T) {
	require.NoError(t, analysis.Validate([]*analysis.Analyzer{Analyzer}))
	require.Contains(t, Analyzer.Doc, "//wsmig:ignore widecast")
}
