// Package patch prints changed files as one unified diff that `git apply` takes.
package patch

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/aymanbagabas/go-udiff"
)

// File is one file before and after. A nil Before is a new file, a nil After a
// deleted one.
type File struct {
	Path          string // absolute
	Before, After []byte
}

// Write prints the changes of files with paths relative to dir, in the order
// given. The headers are the traditional ones, not git's own, since git takes the
// latter as seen from the top of the checkout: a patch made in a folder of it
// would not apply where it was made.
func Write(w io.Writer, dir string, files []File) error {
	for _, f := range files {
		text, err := f.unified(dir)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

func (f File) unified(dir string) (string, error) {
	if bytes.Equal(f.Before, f.After) && (f.Before == nil) == (f.After == nil) {
		return "", nil
	}
	name, err := filepath.Rel(dir, f.Path)
	if err != nil {
		return "", fmt.Errorf("patch of %s: %w", f.Path, err)
	}
	before, after := "a/"+filepath.ToSlash(name), "b/"+filepath.ToSlash(name)
	if f.Before == nil {
		before = "/dev/null"
	}
	if f.After == nil {
		after = "/dev/null"
	}
	text := Text(before, after, f.Before, f.After)
	if strings.ContainsAny(name, " \t") {
		// A tab ends the name for readers that would else stop at its first space.
		head, rest, _ := strings.Cut(text, "\n@@")
		text = strings.ReplaceAll(head, "\n+++ ", "\t\n+++ ") + "\t\n@@" + rest
	}
	return text, nil
}

// Text is the unified diff of two contents, "" when they are the same.
func Text(from, to string, before, after []byte) string {
	return renumber(udiff.Unified(from, to, string(before), string(after)))
}

var header = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@`) })

// renumber sets right where hunks begin in the new file. The library counts the
// lines between changes that share a hunk on one side only, and git starts to look
// for a hunk's place there: among similar code it would find the wrong one.
func renumber(text string) string {
	var out strings.Builder
	shift := 0
	for line := range strings.Lines(text) {
		if m := header().FindStringSubmatch(line); m != nil {
			from, _ := strconv.Atoi(m[1])
			before, _ := strconv.Atoi(cmp.Or(m[2], "1"))
			after, _ := strconv.Atoi(cmp.Or(m[4], "1"))
			start := from + shift
			if from == 0 || before == 0 {
				start = 1
			}
			if after == 0 {
				start = 0
			}
			line = fmt.Sprintf("@@ -%s +%s @@\n", rangeOf(from, before), rangeOf(start, after))
			shift += after - before
		}
		out.WriteString(line)
	}
	return out.String()
}

func rangeOf(start, lines int) string {
	if lines == 1 {
		return strconv.Itoa(start)
	}
	return fmt.Sprintf("%d,%d", start, lines)
}
