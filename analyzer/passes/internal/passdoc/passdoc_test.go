package passdoc

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMust(t *testing.T) {
	text := Must("// Package p is an analyzer.\n//\n// # Analyzer p\n//\n// p: report things\n//\n// More.\npackage p\n")
	require.Equal(t, "report things\n\nMore.", text)
}

func TestExtractRefuses(t *testing.T) {
	for name, src := range map[string]string{
		"no comment":    "package p\n",
		"no heading":    "// Package p is an analyzer.\npackage p\n",
		"another name":  "// # Analyzer p\n//\n// q: report things\npackage p\n",
		"not Go at all": "hello",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := extract(src)
			require.Error(t, err)
			require.Panics(t, func() { Must(src) })
		})
	}
}
