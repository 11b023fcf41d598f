package cmd

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
)

const mergeLong = `merge joins the shards that several machines ran (loadtest --shard i/n), or
repeats of one unsharded test, into one result. Counts are added, and a leak
anywhere is a leak of the whole.

Exit codes: 0 merged, 2 files that are missing, malformed, foreign or of
different tests, 3 a shard is missing: the merged verdict is then inconclusive.`

const mergeExample = `  wsmig report merge shard-1/ shard-2/ shard-3/ --out wsmig-report
  wsmig report merge a.json b.json --format table`

type mergeFlags struct {
	format, output, out string
}

func newReportMergeCmd(s *IO) *cobra.Command {
	var f mergeFlags
	c := &cobra.Command{
		Use:     "merge FILE...",
		Short:   "Join the shards of one load test",
		Long:    mergeLong,
		Example: mergeExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("no file was given"), "give the results.json of every shard")
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
	var parts []*result.Result
	for _, name := range names {
		r, err := s.readResult(name)
		if err != nil {
			return err
		}
		parts = append(parts, r)
	}
	merged, missing, err := reports.Merge(parts)
	if err != nil {
		return usage(err, "give each shard of one test once")
	}
	o := s.reportOptions(f.format, f.output)
	if f.out != "" {
		if err := reports.WriteDir(s.Path(f.out), merged, o); err != nil {
			return usage(err, "")
		}
	}
	d := &reports.Document{Result: merged}
	if err := s.deliver(f.output, func(w io.Writer) error { return d.Render(w, f.format, o) }); err != nil {
		return err
	}
	if len(missing) > 0 {
		return exit(codeFindings)
	}
	return nil
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
