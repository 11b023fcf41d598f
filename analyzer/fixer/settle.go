package fixer

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/check"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// maxTries bounds how often a round is checked. Each try that fails takes at
// least one group back.
const maxTries = 200

// settle makes the edits of a round and takes back what does not compile. It
// returns the files that change, formatted, or nothing.
func (e *engine) settle(w *work) (map[string][]byte, error) {
	live := compatible(w.groups)
	checker := check.New(e.program)
	var out map[string]bool
	for range maxTries {
		if len(live) == 0 {
			break
		}
		draft, err := e.draft(w, live)
		if err != nil {
			return nil, err
		}
		guilty, retry := e.judge(draft, checker)
		if retry {
			continue
		}
		if len(guilty) == 0 {
			break
		}
		if out == nil {
			out = map[string]bool{}
		}
		for key, message := range guilty {
			out[key] = true
			e.banned[key] = ban{ledger.Left, ledger.WouldNotCompile, message}
		}
		live = slices.DeleteFunc(live, func(g *group) bool { return out[g.key] })
	}
	live, err := e.readmit(w, live, checker)
	if err != nil {
		return nil, err
	}
	e.noteBanned(w)
	return e.finish(w, live)
}

// noteBanned tells in the ledger what was taken back, and why.
func (e *engine) noteBanned(w *work) {
	for _, g := range w.groups {
		b, banned := e.banned[g.key]
		if !banned {
			continue
		}
		for _, s := range g.sites {
			s.leave(b.status, b.reason, b.message)
		}
	}
	e.record(w)
}

// compatible takes groups in file order and leaves out those that overlap one
// that was taken: the next round finds them again.
func compatible(groups []*group) []*group {
	byFile := map[string][]edit.Edit{}
	var live []*group
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.start(), b.start()))
	})
	for _, g := range groups {
		clash := slices.ContainsFunc(g.edits, func(mine edit.Edit) bool {
			return slices.ContainsFunc(byFile[g.file], func(other edit.Edit) bool { return edit.Overlap(mine, other) || mine == other })
		})
		if !clash {
			byFile[g.file] = append(byFile[g.file], g.edits...)
			live = append(live, g)
		}
	}
	return live
}

func (g *group) start() int {
	first := -1
	for _, ed := range g.edits {
		if first < 0 || ed.Start < first {
			first = ed.Start
		}
	}
	return first
}

// draft is a set of groups carried out, unformatted, so that every byte can be
// told to belong to a group or not.
type draft struct {
	groups []*group
	files  map[string][]byte
	spans  map[string][]span
}

// span is a stretch of an edited file that a group wrote.
type span struct {
	start, end int
	group      *group
}

func (e *engine) draft(w *work, live []*group) (*draft, error) {
	d := &draft{groups: live, files: map[string][]byte{}, spans: map[string][]span{}}
	byFile := map[string][]*group{}
	for _, g := range live {
		byFile[g.file] = append(byFile[g.file], g)
	}
	for path, groups := range byFile {
		if err := e.draftFile(d, path, groups, e.deprecations(w, live, path)); err != nil {
			return nil, err
		}
	}
	for _, h := range homes(live) {
		if path := h.accessorFile(e.program.Fset); path != "" && d.files[path] == nil {
			if err := e.draftFile(d, path, nil, e.deprecations(w, live, path)); err != nil {
				return nil, err
			}
		}
		text, err := e.generate(h, live)
		if err != nil {
			return nil, err
		}
		d.files[h.path] = text
	}
	return d, nil
}

// draftFile makes the edits of one file and notes where they ended up.
func (e *engine) draftFile(d *draft, path string, groups []*group, extra []edit.Edit) error {
	src, err := e.read(path)
	if err != nil {
		return err
	}
	type owned struct {
		edit.Edit
		group *group
	}
	var all []owned
	for _, ed := range extra {
		all = append(all, owned{ed, nil})
	}
	imports := map[bind.Import]bool{}
	for _, g := range groups {
		for _, ed := range g.edits {
			all = append(all, owned{ed, g})
		}
		for _, imported := range g.imports {
			imports[imported] = true
		}
	}
	for imported := range imports {
		edits, err := edit.AddImport(src, imported.Path, imported.Name)
		if err != nil {
			return err
		}
		for _, ed := range edits {
			all = append(all, owned{ed, nil})
		}
	}
	slices.SortStableFunc(all, func(a, b owned) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
	edits, shift := make([]edit.Edit, len(all)), 0
	for i, o := range all {
		edits[i] = o.Edit
		if o.group != nil {
			d.spans[path] = append(d.spans[path], span{o.Start + shift, o.Start + shift + len(o.New), o.group})
		}
		shift += len(o.New) - (o.End - o.Start)
	}
	d.files[path], err = edit.Apply(src, edits)
	return err
}

// readmit tries every group that this round took back once more on its own, so
// that nothing is left out for the sake of another's mistake, until none of them
// fits in any more.
func (e *engine) readmit(w *work, live []*group, checker *check.Checker) ([]*group, error) {
	for {
		before := len(live)
		next, err := e.readmitOnce(w, live, checker)
		if err != nil || len(next) == before {
			return next, err
		}
		live = next
	}
}

func (e *engine) readmitOnce(w *work, live []*group, checker *check.Checker) ([]*group, error) {
	for _, g := range compatible(w.groups) {
		if b := e.banned[g.key]; b.reason != ledger.WouldNotCompile || slices.Contains(live, g) {
			continue
		}
		trial := append(slices.Clone(live), g)
		d, err := e.draft(w, trial)
		if err != nil {
			return nil, err
		}
		if guilty, retry := e.judge(d, checker); len(guilty) == 0 && !retry {
			live = trial
			delete(e.banned, g.key)
		}
	}
	return live, nil
}

// finish formats the final draft and drops files that did not change.
func (e *engine) finish(w *work, live []*group) (map[string][]byte, error) {
	if len(live) == 0 {
		return nil, nil
	}
	d, err := e.draft(w, live)
	if err != nil {
		return nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(d.files)) {
		before, err := e.read(path)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(before, d.files[path]) {
			delete(d.files, path)
			continue
		}
		d.files[path] = edit.Format(before, d.files[path])
	}
	e.done(live)
	for _, h := range homes(live) {
		h.noteUngated(e)
	}
	return d.files, nil
}
