package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/baseline"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// kept is the baseline of a run: the file, and what the run can say about it.
type kept struct {
	name   string
	dir    string // folder that findings are relative to
	looked func(*baseline.Entry) bool
}

func (s *IO) kept(r *findings.Result, scope *driver.Scope, f *lintFlags) *kept {
	k := &kept{dir: s.Dir, name: config.Above(s.Dir, baseline.Name)}
	if f.baseline != "" {
		k.name = s.Path(f.baseline)
	}
	if k.name == "" {
		k.name = s.Path(baseline.Name)
	}
	unread := map[string]bool{}
	for _, skipped := range r.Stats.FilesSkipped {
		unread[skipped.File] = skipped.Reason != "excluded"
	}
	failed := map[string]bool{}
	for _, p := range r.Stats.PackagesFailed {
		failed[p.Package] = true
	}
	k.looked = func(e *baseline.Entry) bool {
		if _, err := os.Stat(filepath.Join(filepath.Dir(k.name), filepath.Dir(filepath.FromSlash(e.File)))); errors.Is(err, fs.ErrNotExist) {
			return true // the package is gone
		}
		skipped := unread[k.asFound(e.File)] || !f.tests && strings.HasSuffix(e.File, "_test.go")
		return slices.Contains(scope.Packages, e.Package) && !failed[e.Package] && !skipped
	}
	return k
}

// asKept turns the file of a finding into that of an entry.
func (k *kept) asKept(file string) string {
	return rebase(k.dir, filepath.Dir(k.name), file)
}

func (k *kept) asFound(file string) string {
	return rebase(filepath.Dir(k.name), k.dir, file)
}

// rebase names a file, given as seen from one folder, as seen from another.
func rebase(from, to, file string) string {
	rel, err := filepath.Rel(to, filepath.Join(from, filepath.FromSlash(file)))
	if err != nil {
		return file
	}
	return filepath.ToSlash(rel)
}

// accept applies the baseline and returns its stale entries, or writes a new one.
func (s *IO) accept(r *findings.Result, scope *driver.Scope, f *lintFlags) (stale []baseline.Entry, err error) {
	k := s.kept(r, scope, f)
	old, err := baseline.Load(k.name)
	var format *baseline.FormatError
	switch {
	case errors.As(err, &format):
		return nil, usage(err, "write it with --write-baseline, after deleting this one")
	case err != nil:
		return nil, usage(err, "")
	case f.writeBaseline:
		return nil, s.writeBaseline(k, old, r, f.grow)
	case old == nil && f.baseline != "":
		return nil, usage(fmt.Errorf("--baseline %s: no such file", f.baseline), "write it with --write-baseline")
	case old == nil:
		return nil, nil
	}
	return old.Apply(r, k.looked), nil
}

// writeBaseline accepts what there is. A baseline that exists may only shrink.
func (s *IO) writeBaseline(k *kept, old *baseline.File, r *findings.Result, grow bool) error {
	next := baseline.Of(r, k.asKept)
	if old != nil {
		if n := old.Grows(next); n > 0 && !grow {
			return usage(fmt.Errorf("%s would accept %s", k.name, more(n)), "fix them, or give --grow")
		}
		next.Keep(old, k.looked)
	}
	if err := next.Write(k.name); err != nil {
		return usage(fmt.Errorf("the baseline can't be written: %w", err), "give a file in a folder that exists")
	}
	next.Apply(r, k.looked)
	return nil
}

func more(n int) string {
	if n == 1 {
		return "1 more finding"
	}
	return fmt.Sprintf("%d more findings", n)
}

// complainStale names the entries that accept what is no longer there.
func (s *IO) complainStale(stale []baseline.Entry) {
	for _, e := range stale {
		fmt.Fprintf(s.Err, "wsmig: baseline: %s %s %s is gone: %s; --write-baseline takes it out\n", e.Rule, e.Package, e.Function, e.Message)
	}
}
