// Package grid draws text for a terminal: tables, wrapped paragraphs, colour.
// Nothing in it escapes; callers hand in text that is safe to show.
package grid

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Table is one table. Cells that don't fit are wrapped at spaces, so that no line is
// wider than Width. Where that would tear words apart the rows are stacked instead:
// the first cell on a line of its own, the others under it, each after its header.
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
	limits, fits := t.limits()
	if !fits {
		return t.stack(w)
	}
	header, rows, folded := t.folded(limits)
	drawn := table.NewWriter()
	style := table.StyleLight
	style.Format = table.FormatOptions{}
	style.Options.SeparateRows = folded
	drawn.SetStyle(style)
	drawn.SetColumnConfigs(t.columns())
	drawn.AppendHeader(cells(header))
	for _, row := range rows {
		drawn.AppendRow(cells(row))
	}
	_, err := io.WriteString(w, drawn.Render()+"\n")
	return err
}

func (t *Table) columns() []table.ColumnConfig {
	var right []table.ColumnConfig
	for i := range t.Header {
		if t.Right[i] {
			right = append(right, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	return right
}

func cells(row []string) table.Row {
	out := make(table.Row, len(row))
	for i, cell := range row {
		out[i] = cell
	}
	return out
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
// missing columns from the widest ones, down to their longest words.
func (t *Table) limits() (widths []int, fits bool) {
	widths = make([]int, len(t.Header))
	floors := make([]int, len(t.Header))
	total := 3*len(widths) + 1
	for i := range widths {
		for _, row := range append([][]string{t.Header}, t.Rows...) {
			if i < len(row) {
				widths[i] = max(widths[i], displayWidth(row[i]))
				floors[i] = max(floors[i], longestWord(row[i]))
			}
		}
		total += widths[i]
	}
	for ; t.Width > 0 && total > t.Width; total-- {
		widest := -1
		for i := range widths {
			if widths[i] > floors[i] && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return nil, false
		}
		widths[widest]--
	}
	return widths, true
}

// tearable is how wide a word must be before it may be broken: file names and
// symbols are longer than any column can be.
const tearable = 16

// longestWord is the least width that text can be wrapped to.
func longestWord(text string) int {
	longest := 0
	for word := range strings.FieldsSeq(text) {
		for part := range strings.SplitAfterSeq(strings.ReplaceAll(word, "/", "-"), "-") {
			longest = max(longest, displayWidth(part))
		}
	}
	return min(longest, tearable)
}

func (t *Table) stack(w io.Writer) error {
	label := 0
	for _, h := range t.Header[1:] {
		label = max(label, displayWidth(h))
	}
	label = min(label, t.Width/3)
	var b strings.Builder
	b.WriteString(Wrap(t.Header[0], t.Width, "") + "\n")
	for _, row := range t.Rows {
		b.WriteString(Wrap(row[0], t.Width, "") + "\n")
		for i := 1; i < len(row); i++ {
			if row[i] == "" {
				continue
			}
			head, _ := splitAt(t.Header[i], max(label, 1))
			indent := strings.Repeat(" ", 2+label+2)
			b.WriteString("  " + head + strings.Repeat(" ", label-displayWidth(head)+2) + Wrap(row[i], max(t.Width-len(indent), 1), indent) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

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
