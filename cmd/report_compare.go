package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/reports"
)

const compareLong = `compare lays two load tests side by side, server by server, and says of each
measure whether it is better, worse or the same, or that the data holds no
evidence: counts are judged by chance (1 %), single measurements of speed and
memory only beyond a factor of noise. Controls are shown but not judged.

Exit codes: 0 no regression, 2 a file that is missing, malformed or foreign,
3 a regression.`

const compareExample = `  wsmig report compare before/ after/ --fail-on regression
  wsmig report compare main.json branch.json --format markdown >> "$GITHUB_STEP_SUMMARY"`

type compareFlags struct {
	format, output, failOn string
	noise                  float64
}

func newReportCompareCmd(s *IO) *cobra.Command {
	var f compareFlags
	c := &cobra.Command{
		Use:     "compare BEFORE AFTER",
		Short:   "Compare two load tests, for a gate in CI",
		Long:    compareLong,
		Example: compareExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage(fmt.Errorf("%d files were given, compare takes two", len(args)), "wsmig report compare BEFORE AFTER")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return s.compare(args[0], args[1], &f) },
	}
	c.Flags().StringVarP(&f.format, "format", "f", "table", "`FORMAT` to write: table or markdown")
	c.Flags().StringVarP(&f.output, "output", "o", "", "write to `FILE` instead of standard output")
	c.Flags().StringVar(&f.failOn, "fail-on", "regression", "exit 3 on `WHAT`: regression or never")
	c.Flags().Float64Var(&f.noise, "noise", 1.5, "`FACTOR` by which a speed must change to count")
	return c
}

func (s *IO) compare(before, after string, f *compareFlags) error {
	if f.failOn != "regression" && f.failOn != "never" {
		return usage(fmt.Errorf("--fail-on %q", f.failOn), "regression or never")
	}
	if !(f.noise > 1) {
		return usage(fmt.Errorf("--noise %v", f.noise), "give a factor above 1")
	}
	a, err := s.readResult(before)
	if err != nil {
		return err
	}
	b, err := s.readResult(after)
	if err != nil {
		return err
	}
	o := s.reportOptions(f.format, f.output)
	o.Noise = f.noise
	c := reports.Compare(a, b, o)
	if err := s.deliver("-o", f.output, func(w io.Writer) error { return renderComparison(w, c, f.format, o) }); err != nil {
		return err
	}
	if f.failOn == "regression" && len(c.Regressions) > 0 {
		return exit(codeFindings)
	}
	return nil
}

func renderComparison(w io.Writer, c *reports.Comparison, format string, o *reports.Options) error {
	switch format {
	case "table":
		return c.Table(w, o)
	case "markdown":
		return c.Markdown(w, o)
	}
	return &reports.UnknownFormatError{Format: format, Known: []string{"table", "markdown"}}
}
