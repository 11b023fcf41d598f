package cmd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
)

func TestParseDiff(t *testing.T) {
	files := parseDiff([]byte("diff --git a/x.go b/x.go\n--- a/x.go\n+++ b/x.go\n@@ -1 +1,2 @@\n+a\n+b\n@@ -9,2 +10,0 @@\n-c\n@@ -20 +19 @@\n+d\n"))
	require.Equal(t, changed{"x.go": {1: true, 2: true, 19: true}}, files)
}

func TestAddedLinesThatLookLikeHeaders(t *testing.T) {
	files := parseDiff([]byte("--- a/x.go\n+++ b/x.go\n@@ -1,2 +1,2 @@\n--- a/gone.go\n-x\n+++ b/not.go\n+@@ -1 +7,9 @@\n@@ -9 +9 @@\n-a\n+b\n"))
	require.Equal(t, changed{"x.go": {1: true, 2: true, 9: true}}, files)
}

func TestQuotedNames(t *testing.T) {
	require.Equal(t, changed{"a\"b.go": {1: true}}, parseDiff([]byte("+++ \"b/a\\\"b.go\"\n@@ -0,0 +1 @@\n+x\n")))
}

func TestFilesAreNamedFromTheFolderAtHand(t *testing.T) {
	require.Equal(t, "x.go", seenFrom("", "", "x.go"))
	require.Equal(t, "c.go", seenFrom("a/b/", "../../", "a/b/c.go"))
	require.Equal(t, "../../a/x.go", seenFrom("a/b/", "../../", "a/x.go"))
}

func TestKeepOnlyWhatChanged(t *testing.T) {
	r := &findings.Result{Findings: []findings.Finding{
		{File: "x.go", Line: 5, EndLine: 7}, {File: "x.go", Line: 8, EndLine: 8}, {File: "new.go", Line: 1}, {File: "old.go", Line: 1},
	}}
	changed{"x.go": {7: true}, "new.go": nil}.keep(r)
	require.Len(t, r.Findings, 2)
	require.Equal(t, 5, r.Findings[0].Line)
	require.Equal(t, "new.go", r.Findings[1].File)
}

func FuzzParseDiff(f *testing.F) {
	f.Add([]byte("+++ b/x.go\n@@ -1 +1,2 @@\n"))
	f.Fuzz(func(_ *testing.T, diff []byte) {
		if len(diff) < 1<<12 {
			parseDiff(diff)
		}
	})
}
