package reports

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// columns turns byte columns into UTF-16 columns. Each file is read once.
type columns struct {
	source func(file string) ([]byte, error)
	lines  map[string][][]byte
}

func newColumns(source func(file string) ([]byte, error)) *columns {
	return &columns{source: source, lines: map[string][][]byte{}}
}

// utf16 counts the units before a byte column, both from 1. A line that can't be
// read, or is shorter than it was, keeps the byte column.
func (c *columns) utf16(file string, line, column int) int {
	lines := c.of(file)
	if line < 1 || line > len(lines) || column-1 > len(lines[line-1]) {
		return column
	}
	units := 1
	for before := lines[line-1][:max(column-1, 0)]; len(before) > 0; {
		r, size := utf8.DecodeRune(before)
		units += utf16.RuneLen(r)
		before = before[size:]
	}
	return units
}

func (c *columns) of(file string) [][]byte {
	if c.source == nil {
		return nil
	}
	lines, ok := c.lines[file]
	if !ok {
		if data, err := c.source(file); err == nil {
			lines = bytes.Split(data, []byte("\n"))
		}
		c.lines[file] = lines
	}
	return lines
}
