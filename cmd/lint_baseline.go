package cmd

import (
	"errors"
	"fmt"

	"github.com/wsmig/wsmig/analyzer/baseline"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// accept applies the baseline and returns its stale entries, or writes a new one.
func (s *IO) accept(r *findings.Result, packages []string, f *lintFlags) (stale []baseline.Entry, err error) {
	name := s.Path(baseline.Name)
	if f.baseline != "" {
		name = s.Path(f.baseline)
	}
	old, err := baseline.Load(name)
	var format *baseline.FormatError
	switch {
	case errors.As(err, &format):
		return nil, usage(err, "write it with --write-baseline")
	case err != nil:
		return nil, usage(err, "")
	case f.writeBaseline:
		return nil, s.writeBaseline(name, old, r, packages, f.grow)
	case old == nil && f.baseline != "":
		return nil, usage(fmt.Errorf("--baseline %s: no such file", f.baseline), "write it with --write-baseline")
	case old == nil:
		return nil, nil
	}
	return old.Apply(r, packages), nil
}

// writeBaseline accepts what there is. A baseline that exists may only shrink.
func (s *IO) writeBaseline(name string, old *baseline.File, r *findings.Result, packages []string, grow bool) error {
	next := baseline.Of(r)
	if old != nil {
		if n := old.Grows(next); n > 0 && !grow {
			return usage(fmt.Errorf("%s would accept %d more findings", name, n), "fix them, or give --grow")
		}
		next.Keep(old, packages)
	}
	if err := next.Write(name); err != nil {
		return failed(err, "")
	}
	next.Apply(r, packages)
	return nil
}

// complainStale names the entries that accept what is no longer there.
func (s *IO) complainStale(stale []baseline.Entry) {
	for _, e := range stale {
		fmt.Fprintf(s.Err, "wsmig: baseline: %s %s %s is gone: %s; --write-baseline takes it out\n", e.Rule, e.Package, e.Function, e.Message)
	}
}
