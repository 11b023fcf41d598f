// Package edit changes source text without touching what an edit does not name:
// line endings, odd formatting and comments elsewhere in a file stay byte for
// byte. Files that were in gofmt's form are in gofmt's form afterwards.
package edit

import (
	"bytes"
	"fmt"
	"go/format"
	"slices"
	"strings"
)

// Edit replaces the bytes from Start up to End of a file. Start == End inserts.
type Edit struct {
	Start, End int
	New        string
}

// ConflictError says that two edits want the same bytes.
type ConflictError struct {
	First, Second Edit
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("edits overlap at bytes %d-%d and %d-%d", e.First.Start, e.First.End, e.Second.Start, e.Second.End)
}

// Apply returns src with all edits made. Edits may come in any order and may
// repeat each other exactly; those that overlap otherwise are a *ConflictError.
// The new text takes the line endings of src. src itself is left alone.
func Apply(src []byte, edits []Edit) ([]byte, error) {
	sorted, err := Sort(edits)
	if err != nil {
		return nil, err
	}
	crlf := usesCRLF(src)
	var out bytes.Buffer
	at := 0
	for _, e := range sorted {
		if e.Start < 0 || e.End > len(src) {
			return nil, fmt.Errorf("edit of bytes %d-%d in a file of %d", e.Start, e.End, len(src))
		}
		out.Write(src[at:e.Start])
		if crlf {
			e.New = strings.ReplaceAll(strings.ReplaceAll(e.New, "\r\n", "\n"), "\n", "\r\n")
		}
		out.WriteString(e.New)
		at = e.End
	}
	out.Write(src[at:])
	return out.Bytes(), nil
}

// Sort returns the edits in file order, each once. Several insertions at one
// place keep the order in which they were given.
func Sort(edits []Edit) ([]Edit, error) {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return a.End - b.End
	})
	sorted = slices.Compact(sorted)
	for i := 1; i < len(sorted); i++ {
		if first, second := sorted[i-1], sorted[i]; second.Start < first.End {
			return nil, &ConflictError{first, second}
		}
	}
	return sorted, nil
}

// Overlap reports whether two edits can't both be made.
func Overlap(a, b Edit) bool {
	if a == b {
		return false
	}
	return a.Start < b.End && b.Start < a.End
}

// WithoutNested leaves out edits of text that another one deletes or replaces as a
// whole.
func WithoutNested(edits []Edit) []Edit {
	return slices.DeleteFunc(slices.Clone(edits), func(inner Edit) bool {
		return slices.ContainsFunc(edits, func(outer Edit) bool {
			return outer != inner && outer.Start <= inner.Start && inner.End <= outer.End && outer.End-outer.Start > inner.End-inner.Start
		})
	})
}

// Format brings after into gofmt's form, provided that before was in it already:
// then whatever gofmt moves was moved by an edit. Otherwise, and when after does
// not parse, it returns after as it is.
func Format(before, after []byte) []byte {
	crlf := usesCRLF(before)
	if !inForm(before, crlf) {
		return after
	}
	formatted, err := format.Source(withLF(after, crlf))
	if err != nil {
		return after
	}
	if crlf {
		return bytes.ReplaceAll(formatted, []byte("\n"), []byte("\r\n"))
	}
	return formatted
}

func inForm(src []byte, crlf bool) bool {
	lf := withLF(src, crlf)
	if crlf && !bytes.Equal(bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n")), src) {
		return false // mixed endings would not survive the round trip
	}
	formatted, err := format.Source(lf)
	return err == nil && bytes.Equal(formatted, lf)
}

func withLF(src []byte, crlf bool) []byte {
	if !crlf {
		return src
	}
	return bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
}

// usesCRLF goes by the first line: a file with mixed endings keeps them where
// nothing is edited.
func usesCRLF(src []byte) bool {
	first := bytes.IndexByte(src, '\n')
	return first > 0 && src[first-1] == '\r'
}
