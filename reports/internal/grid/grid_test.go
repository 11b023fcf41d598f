package grid_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wsmig/wsmig/reports/internal/grid"
)

func TestTable(t *testing.T) {
	var b bytes.Buffer
	table := grid.Table{Width: 30, Header: []string{"name", "n"}, Right: map[int]bool{1: true}, Rows: [][]string{{"some longer words here", "7"}, {"漢字", "1,000"}}}
	require.NoError(t, table.Write(&b))
	require.Equal(t, strings.TrimPrefix(`
┌───────────────────┬───────┐
│ name              │     n │
├───────────────────┼───────┤
│ some longer words │     7 │
│ here              │       │
├───────────────────┼───────┤
│ 漢字              │ 1,000 │
└───────────────────┴───────┘
`, "\n"), b.String())
}

func TestTableWithoutRowsIsNotDrawn(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, (&grid.Table{Header: []string{"a"}}).Write(&b))
	require.Empty(t, b.String())
}

func TestWrap(t *testing.T) {
	require.Equal(t, "one two\n  three", grid.Wrap("one two three", 8, "  "))
	require.Equal(t, "session-\nisolated", grid.Wrap("session-isolated", 10, ""))
	require.Equal(t, "abcd\nef x", grid.Wrap("abcdef x", 4, ""))
	require.Equal(t, "漢\n字", grid.Wrap("漢字", 1, ""), "a rune wider than the line still ends up somewhere")
	require.Empty(t, grid.Wrap("  ", 10, ""))
}

func TestWrapKeepsEveryRuneAndTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z -/漢]{0,60}`).Draw(t, "text")
		width := rapid.IntRange(2, 20).Draw(t, "width")
		got := grid.Wrap(text, width, "")
		strip := strings.NewReplacer(" ", "", "\n", "")
		if strip.Replace(got) != strip.Replace(text) {
			t.Fatalf("%q became %q", text, got)
		}
		for line := range strings.Lines(got) {
			if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); w > width {
				t.Fatalf("%q is %d wide, not %d", line, w, width)
			}
		}
	})
}

func TestPainterIsSilentWhenOff(t *testing.T) {
	require.Equal(t, "x", grid.Painter(false).Bold("x"))
	require.Equal(t, "\x1b[1mx\x1b[0m", grid.Painter(true).Bold("x"))
	require.Empty(t, grid.Painter(true).Warn(""))
}
