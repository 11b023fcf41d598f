package footprint

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWordsOfTheGoCommand: headings and progress say nothing, and a chain of
// requirements ends in what is wrong with the last of them.
func TestWordsOfTheGoCommand(t *testing.T) {
	exit := errors.New("exit status 1")
	for text, want := range map[string]string{
		"": "exit status 1",
		"go: downloading a.example/b v1.0.0\n# a.example/b\nb.go:3:1: no\n":                                                                    "b.go:3:1: no",
		"go: a.example/b@v1.0.0 requires\n\tc.example/d@v1.2.0 requires\n\te.example/f@v0.1.0: reading f.mod: 403 Forbidden\n\tserver: gone\n": "a.example/b@v1.0.0 requires c.example/d@v1.2.0 requires e.example/f@v0.1.0: reading f.mod: 403 Forbidden",
		"go: a.example/b@v1.0.0 requires\n": "a.example/b@v1.0.0 requires",
	} {
		require.EqualError(t, firstLine(text, exit), want)
	}
}
