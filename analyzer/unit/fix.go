package unit

import (
	"bytes"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/fixer"
)

// edit replaces bytes of one file.
type edit struct {
	start, end int
	text       []byte
}

// applyFixes binds the package's sends as wsmig fix does, applies the first fix of
// each diagnostic that conflicts with none before it, and writes the result where
// the go command wants it. The exit code is 0 even when a fix had to be left out:
// the go command throws away every fix of a package whose tool fails, and the next
// run finds what was left.
func (j *job) applyFixes() (int, error) {
	edits := map[string][]edit{}
	left := 0
	for _, r := range j.reports {
		for _, d := range r.diagnostics {
			if len(d.SuggestedFixes) > 0 && !j.merge(edits, d.SuggestedFixes[0]) {
				left++
			}
		}
	}
	contents, err := j.bound()
	if err != nil {
		return 1, err
	}
	for name, list := range edits {
		if contents[name] != nil {
			left++ // its offsets are those of the file before
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		contents[name] = splice(data, list)
	}
	if left > 0 {
		fmt.Fprintf(j.stderr, "wsmig: %s: %d fixes overlap others and were left for the next run\n", j.cfg.ImportPath, left)
	}
	return 0, j.deliver(contents)
}

// bound is what wsmig fix makes of the package: changed and new files by path. A
// dependency is not edited on the way.
func (j *job) bound() (map[string][]byte, error) {
	contents := map[string][]byte{}
	if j.result == nil || j.cfg.VetxOnly || len(j.opts.only) > 0 && !j.opts.only["singleton"] || j.opts.except["singleton"] {
		return contents, nil
	}
	module := ""
	if m := j.cfg.module(); m != nil {
		module = m.Path
	}
	files, err := fixer.Unit(&fixer.Package{
		Fset: j.fset, Files: j.files, Types: j.pkg, Info: j.info, Module: module, Result: j.result, ReadFile: os.ReadFile,
	})
	if files != nil {
		contents = files
	}
	return contents, err
}

// merge adds all edits of a fix, or none when one of them overlaps an earlier one.
// An edit that was made already is no conflict.
func (j *job) merge(edits map[string][]edit, fix analysis.SuggestedFix) bool {
	added := map[string][]edit{}
	for _, e := range fix.TextEdits {
		name, ed, ok := j.offsets(e)
		if !ok {
			return false
		}
		if slices.ContainsFunc(edits[name], ed.same) {
			continue
		}
		if slices.ContainsFunc(edits[name], ed.overlaps) || slices.ContainsFunc(added[name], ed.overlaps) {
			return false
		}
		added[name] = append(added[name], ed)
	}
	for name, list := range added {
		edits[name] = append(edits[name], list...)
	}
	return true
}

func (j *job) offsets(e analysis.TextEdit) (string, edit, bool) {
	file := j.fset.File(e.Pos)
	end := e.End
	if end == token.NoPos {
		end = e.Pos
	}
	if file == nil || !end.IsValid() || int(end) > file.Base()+file.Size() || end < e.Pos {
		return "", edit{}, false
	}
	return file.Name(), edit{file.Offset(e.Pos), file.Offset(end), e.NewText}, true
}

func (e edit) same(o edit) bool {
	return e.start == o.start && e.end == o.end && bytes.Equal(e.text, o.text)
}

func (e edit) overlaps(o edit) bool {
	if e.start == e.end && o.start == o.end {
		return e.start == o.start
	}
	return e.start < o.end && o.start < e.end || e.start == o.start
}

func splice(data []byte, list []edit) []byte {
	slices.SortFunc(list, func(a, b edit) int { return a.start - b.start })
	var out []byte
	at := 0
	for _, e := range list {
		out = append(append(out, data[at:e.start]...), e.text...)
		at = e.end
	}
	return append(out, data[at:]...)
}

// deliver prints the changes as a diff, hands them to the go command, or makes
// them.
func (j *job) deliver(contents map[string][]byte) error {
	if j.opts.diff {
		for _, name := range sortedNames(contents) {
			old, err := os.ReadFile(name)
			if err != nil && !os.IsNotExist(err) {
				return err
			}
			before, after := "a/"+relative(name), "b/"+relative(name)
			if err != nil {
				before = os.DevNull
			}
			if _, err := fmt.Fprint(j.stdout, fixer.Unified(before, after, old, contents[name])); err != nil {
				return err
			}
		}
		contents = nil
	}
	if j.cfg.FixArchive != "" {
		return archive(j.cfg.FixArchive, j.cfg.ID, contents)
	}
	for _, name := range sortedNames(contents) {
		if err := os.WriteFile(name, contents[name], 0o666); err != nil { //nolint:gosec // the file's own mode stays
			return err
		}
	}
	return nil
}

// relative names a file as seen from the root of its module, so that git apply
// finds it there.
func relative(name string) string {
	root := above(filepath.Dir(name), "go.mod")
	if rel, err := filepath.Rel(root, name); root != "" && err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(name)
}
