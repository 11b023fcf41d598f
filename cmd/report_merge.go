package cmd

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
)

const mergeLong = `merge joins the shards that several machines ran (loadtest --shard i/n), or
repeats of one unsharded test, into one result. Counts are added, and a leak
anywhere is a leak of the whole. Shards of a lint run (lint --shard i/n) are joined
into what one run over all packages finds.

Exit codes: 0 merged, 2 files that are missing, malformed, foreign or of
different tests, 3 a shard is missing: the merged verdict of a load test is then inconclusive.`

const mergeExample = `  wsmig report merge shard-1/ shard-2/ shard-3/ --out wsmig-report
  wsmig report merge a.json b.json --format table
  wsmig report merge lint-1.json lint-2.json -o lint.json`

type mergeFlags struct {
	format, output, out string
}

func newReportMergeCmd(s *IO) *cobra.Command {
	var f mergeFlags
	c := &cobra.Command{
		Use:     "merge FILE...",
		Short:   "Join the shards of one load test or lint run",
		Long:    mergeLong,
		Example: mergeExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("no file was given"), "give the file of every shard")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return s.merge(args, &f) },
	}
	c.Flags().StringVarP(&f.format, "format", "f", "json", "`FORMAT` to write")
	c.Flags().StringVarP(&f.output, "output", "o", "", "write to `FILE` instead of standard output")
	c.Flags().StringVar(&f.out, "out", "", "write a whole report folder to `DIR` as well")
	return c
}

func (s *IO) merge(names []string, f *mergeFlags) error {
	var tests []*result.Result
	var lints []*findings.Result
	for _, name := range names {
		d, err := s.readDocument(name)
		switch {
		case err != nil:
			return err
		case d.Result != nil:
			tests = append(tests, d.Result)
		case d.Lint != nil:
			lints = append(lints, d.Lint)
		default:
			return usage(errors.New(name+" is "+d.Schema()+", neither a load test nor lint findings"), "give the results.json or lint JSON of every shard")
		}
	}
	if len(tests) > 0 && len(lints) > 0 {
		return usage(errors.New("load tests and lint findings don't merge"), "give files of one kind")
	}
	d, missing, err := joined(tests, lints)
	if err != nil {
		return usage(err, "give each shard of one run once")
	}
	o := s.reportOptions(f.format, f.output)
	if f.out != "" {
		if d.Result == nil {
			return usage(errors.New("--out is for load tests"), "give -o FILE for lint findings")
		}
		if err := s.renderable(d, f, o); err != nil {
			return err
		}
		if err := reports.WriteDir(s.Path(f.out), d.Result, o); err != nil {
			return usage(err, "")
		}
	}
	if err := s.deliver("-o", f.output, func(w io.Writer) error { return d.Render(w, f.format, o) }); err != nil {
		return err
	}
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintf(s.Err, "wsmig: missing shards: %s\n", strings.Join(missing, ", "))
	return exit(codeFindings)
}

// renderable finds out what the second output will fail on before the first is
// written.
func (s *IO) renderable(d *reports.Document, f *mergeFlags, o *reports.Options) error {
	if err := s.checkOutput("-o", f.output); err != nil {
		return err
	}
	trial := *s
	trial.Out = io.Discard
	return trial.deliver("-o", "", func(w io.Writer) error { return d.Render(w, f.format, o) })
}

func joined(tests []*result.Result, lints []*findings.Result) (*reports.Document, []string, error) {
	if len(lints) > 0 {
		merged, missing, err := reports.MergeLint(lints)
		return &reports.Document{Lint: merged}, missing, err
	}
	merged, missing, err := reports.Merge(tests)
	return &reports.Document{Result: merged}, missing, err
}

func (s *IO) readResult(name string) (*result.Result, error) {
	d, err := s.readDocument(name)
	if err != nil {
		return nil, err
	}
	if d.Result == nil {
		return nil, usage(errors.New(name+" is "+d.Schema()+", not a load test"), "give a results.json")
	}
	return d.Result, nil
}
