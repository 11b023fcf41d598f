// Package grid draws text for a terminal: tables, wrapped paragraphs, colour.
// Nothing in it escapes; callers hand in text that is safe to show.
package grid

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// Table is one table. Cells that don't fit are wrapped so that no line is wider
// than Width.
type Table struct {
	Width  int
	Header []string
	Rows   [][]string
	Right  map[int]bool // columns of numbers
}

// Write draws the table. A table without rows is not drawn.
func (t *Table) Write(w io.Writer) error {
	if len(t.Rows) == 0 {
		return nil
	}
	aligns := make([]tw.Align, len(t.Header))
	for i := range aligns {
		aligns[i] = tw.AlignLeft
		if t.Right[i] {
			aligns[i] = tw.AlignRight
		}
	}
	section := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{PerColumn: aligns},
	}
	limits := t.limits()
	header, rows, folded := t.folded(limits)
	rendition := tw.Rendition{}
	if folded {
		rendition.Settings.Separators.BetweenRows = tw.On
	}
	table := tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewBlueprint(rendition)),
		tablewriter.WithConfig(tablewriter.Config{Header: section, Row: section}),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithTrimSpace(tw.Off),
	)
	table.Header(header)
	if err := table.Bulk(rows); err != nil {
		return err
	}
	return table.Render()
}

// folded wraps what is too wide and says whether any row now has several lines,
// which then need a line between them.
func (t *Table) folded(limits []int) (header []string, rows [][]string, any bool) {
	for _, row := range t.Rows {
		row = fold(row, limits)
		rows = append(rows, row)
		any = any || slices.ContainsFunc(row, func(cell string) bool { return strings.Contains(cell, "\n") })
	}
	return fold(t.Header, limits), rows, any
}

// limits gives each column its natural width if all fit, and otherwise takes the
// missing columns from the widest ones.
func (t *Table) limits() []int {
	widths := make([]int, len(t.Header))
	total := 3*len(widths) + 1
	for i := range widths {
		widths[i] = displayWidth(t.Header[i])
		for _, row := range t.Rows {
			if i < len(row) {
				widths[i] = max(widths[i], displayWidth(row[i]))
			}
		}
		total += widths[i]
	}
	for ; t.Width > 0 && total > t.Width; total-- {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowest {
			break
		}
		widths[widest]--
	}
	return widths
}

const narrowest = 6

func fold(cells []string, limits []int) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = cell
		if displayWidth(cell) > limits[i] {
			out[i] = Wrap(cell, limits[i], "")
		}
	}
	return out
}

// Wrap breaks text at spaces so that no line is wider than width; words that are
// wider are broken anywhere. Lines after the first begin with indent, which does
// not count.
func Wrap(text string, width int, indent string) string {
	var lines []string
	line, used := "", 0
	flush := func() { lines = append(lines, line); line, used = "", 0 }
	for _, word := range strings.Fields(text) {
		for size := displayWidth(word); size > width; size = displayWidth(word) {
			if used > 0 {
				flush()
			}
			head, rest := splitAt(word, width)
			line = head
			flush()
			word = rest
		}
		size := displayWidth(word)
		if used > 0 && used+1+size > width {
			flush()
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+size
	}
	if used > 0 || len(lines) == 0 {
		flush()
	}
	return strings.Join(lines, "\n"+indent)
}

// splitAt cuts a word that is too wide, after a hyphen or slash if it has one.
func splitAt(word string, width int) (head, rest string) {
	used, joint := 0, 0
	for i, r := range word {
		size := displayWidth(string(r))
		if i > 0 && used+size > width {
			if joint > 0 {
				i = joint
			}
			return word[:i], word[i:]
		}
		used += size
		if r == '-' || r == '/' {
			joint = i + 1
		}
	}
	if used > width {
		_, size := utf8.DecodeRuneInString(word)
		return word[:size], word[size:]
	}
	return word, ""
}
