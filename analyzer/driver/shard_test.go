package driver_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports"
)

func TestParseShard(t *testing.T) {
	s, err := driver.ParseShard("2/3")
	require.NoError(t, err)
	require.Equal(t, driver.Shard{Index: 2, Of: 3}, s)
	for _, text := range []string{"", "2", "0/3", "4/3", "a/b", "1/2/3", "-1/3", "1/99999"} {
		_, err := driver.ParseShard(text)
		require.Error(t, err, text)
	}
}

// text is a result as it is saved, a line for each field.
func text(t *testing.T, r *findings.Result) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, reports.LintJSON(&b, r, nil))
	return b.String()
}

// sameInShards lints a module whole and in parts, and compares what is joined of the
// parts with the whole.
func sameInShards(t *testing.T, dir string, counts ...int) {
	t.Helper()
	whole := lint(t, &driver.Config{Dir: dir})
	require.NotEmpty(t, whole.Findings)
	for _, n := range counts {
		var parts []*findings.Result
		for i := n; i > 0; i-- {
			r := lint(t, &driver.Config{Dir: dir, Shard: driver.Shard{Index: i, Of: n}})
			require.Equal(t, fmt.Sprintf("%d/%d", i, n), r.Shard)
			parts = append(parts, r)
		}
		merged, missing, err := reports.MergeLint(parts)
		require.NoError(t, err)
		require.Empty(t, missing)
		merged.Stats.Seconds = whole.Stats.Seconds
		require.Equal(t, text(t, whole), text(t, merged), "%d shards", n)
	}
}

func TestShardsTogetherFindWhatOneRunFinds(t *testing.T) {
	files := map[string]string{
		"hub/hub.go":      hub,
		"hub/tagged.go":   "//go:build extra\n\npackage hub\n",
		"hub/hub_test.go": "package hub_test\n\nimport (\n\t\"testing\"\n\n\t\"example.com/app/hub\"\n)\n\nfunc TestSend(t *testing.T) { hub.Send(\"t\", 1) }\n",
		// Only main knows what stands behind the interface.
		"port/port.go":     "package port\n\ntype Sender interface{ Push(user string, v any) }\n\nvar Out Sender\n",
		"bill/bill.go":     "package bill\n\nimport \"example.com/app/port\"\n\nfunc Paid(owner string) { port.Out.Push(owner, 1) }\n",
		"wire/wire.go":     "package wire\n\nimport \"example.com/app/hub\"\n\ntype S struct{}\n\nfunc (S) Push(user string, v any) { hub.Send(user, v) }\n",
		"main.go":          "package main\n\nimport (\n\t\"example.com/app/bill\"\n\t\"example.com/app/port\"\n\t\"example.com/app/wire\"\n)\n\nfunc main() { port.Out = wire.S{}; bill.Paid(\"a\") }\n",
		"broken/broken.go": "package broken\n\nfunc F() int { return undefined }\n",
	}
	for i := range 2 {
		files[fmt.Sprintf("use%d/use.go", i)] = fmt.Sprintf("package use%d\n\nimport \"example.com/app/hub\"\n\nfunc F(u string) { hub.Send(u, 1) }\n", i)
		files[fmt.Sprintf("plain%d/plain.go", i)] = fmt.Sprintf("package plain%d\n\nfunc F() {}\n", i)
	}
	dir := fixture(t, files)
	sameInShards(t, dir, 3)
	r := lint(t, &driver.Config{Dir: dir, Shard: driver.Shard{Index: 40, Of: 40}})
	require.Zero(t, r.Stats.Packages, "more shards than packages")
	require.Empty(t, r.Findings)
}

func TestShardsOfTheExample(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("../../examples/legacychat")))
	sameInShards(t, dir, 2)
}

func TestShardsAreOfPackages(t *testing.T) {
	dir := fixture(t, map[string]string{"hub/hub.go": hub})
	_, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"hub/hub.go"}, Shard: driver.Shard{Index: 1, Of: 2}})
	var input *driver.InputError
	require.ErrorAs(t, err, &input)
}
