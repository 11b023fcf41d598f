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

// TestTableThatWouldTearWordsIsStacked: at 36 columns the words still fit beside each
// other, at 24 they don't.
func TestTableThatWouldTearWordsIsStacked(t *testing.T) {
	table := grid.Table{Header: []string{"measure", "before", "after"}, Rows: [][]string{{"goroutines after close", "32", "1"}, {"verdict", "VIOLATED", ""}}}
	var b bytes.Buffer
	table.Width = 36
	require.NoError(t, table.Write(&b))
	require.Contains(t, b.String(), "│ goroutines  │ 32 ")
	b.Reset()
	table.Width = 24
	require.NoError(t, table.Write(&b))
	require.Equal(t, strings.TrimPrefix(`
measure
goroutines after close
  before  32
  after   1
verdict
  before  VIOLATED
`, "\n"), b.String())
}

func TestTableKeepsItsWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`[a-z /漢-]{0,30}`)
		table := grid.Table{Width: rapid.IntRange(20, 60).Draw(t, "width"), Header: []string{"a", "b", "c"}}
		for range rapid.IntRange(1, 3).Draw(t, "rows") {
			table.Rows = append(table.Rows, []string{"x" + cell.Draw(t, "1"), cell.Draw(t, "2"), cell.Draw(t, "3")})
		}
		var b bytes.Buffer
		if err := table.Write(&b); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); w > table.Width {
				t.Fatalf("%q is %d wide, not %d", line, w, table.Width)
			}
		}
	})
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
