package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/reports"
)

const reportLong = `report renders a saved file again, in any format, without running anything:
results.json of a load test (or the folder it is in), what lint --format json
printed, or the ledger of a fix.

Formats of a load test: table, markdown, json, html, junit, prometheus, csv.
Formats of lint findings: table (progress by package), text, markdown, json,
html, junit, sarif, github, prometheus, csv.
Formats of a ledger: table, markdown, json, csv.

Exit codes: 0 rendered, 2 a file that is missing, malformed or foreign.`

const reportExample = `  wsmig report wsmig-report
  wsmig report wsmig-report/results.json --format markdown >> "$GITHUB_STEP_SUMMARY"
  wsmig lint --format json ./... > lint.json; wsmig report lint.json --format sarif -o lint.sarif
  wsmig report results.json --lint lint.json --format html -o report.html`

type reportFlags struct {
	format string
	output string
	lint   string
	ledger string
}

func newReportCmd(s *IO) *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:     "report FILE",
		Short:   "Render a saved load test, lint result or ledger in another format",
		Long:    reportLong,
		Example: reportExample,
		Args:    oneFile,
		RunE:    func(_ *cobra.Command, args []string) error { return s.report(args[0], &f) },
	}
	c.Flags().StringVarP(&f.format, "format", "f", "table", "`FORMAT` to write")
	c.Flags().StringVarP(&f.output, "output", "o", "", "write to `FILE` instead of standard output")
	c.Flags().StringVar(&f.lint, "lint", "", "lint `FILE` (JSON) whose findings name the code behind a leak")
	c.Flags().StringVar(&f.ledger, "ledger", "", "ledger `FILE` of wsmig fix, for the stages in the lint page")
	c.AddCommand(newReportMergeCmd(s), newReportCompareCmd(s))
	return c
}

func oneFile(c *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return usage(errors.New("no file was given"), "wsmig report wsmig-report/results.json")
	case 1:
		return nil
	}
	return usage(fmt.Errorf("%d files were given, report takes one", len(args)), "wsmig report merge and wsmig report compare take several")
}

func (s *IO) report(name string, f *reportFlags) error {
	d, err := s.readDocument(name)
	if err != nil {
		return err
	}
	o := s.reportOptions(f.format, f.output)
	if f.lint != "" {
		if o.Lint, err = s.readLint(f.lint); err != nil {
			return err
		}
	}
	if f.ledger != "" {
		if o.Ledger, err = s.readLedger(f.ledger); err != nil {
			return err
		}
	}
	return s.deliver("-o", f.output, func(w io.Writer) error { return d.Render(w, f.format, o) })
}

// reportOptions allow colour only where a person looks at the result.
func (s *IO) reportOptions(format, output string) *reports.Options {
	return &reports.Options{
		Color:   s.ColorOut() && output == "",
		Width:   s.Width,
		Version: s.Version,
		Source:  func(file string) ([]byte, error) { return os.ReadFile(s.Path(filepath.FromSlash(file))) },
	}
}

func (s *IO) readLint(name string) (*findings.Result, error) {
	d, err := s.readDocument(name)
	if err != nil {
		return nil, err
	}
	if d.Lint == nil {
		return nil, usage(fmt.Errorf("%s is %s, not lint findings", name, d.Schema()), "make it with wsmig lint --format json")
	}
	return d.Lint, nil
}

func (s *IO) readLedger(name string) (*ledger.Ledger, error) {
	d, err := s.readDocument(name)
	if err != nil {
		return nil, err
	}
	if d.Ledger == nil {
		return nil, usage(fmt.Errorf("%s is %s, not a ledger", name, d.Schema()), "make it with wsmig fix --ledger")
	}
	return d.Ledger, nil
}

// readDocument reads a saved file; a folder stands for the results.json in it and
// - for standard input.
func (s *IO) readDocument(name string) (*reports.Document, error) {
	in := s.In
	if name != "-" {
		f, err := s.openSaved(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	d, err := reports.Read(in)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", name, err), "give a results.json, lint JSON or ledger that wsmig wrote")
	}
	return d, nil
}

func (s *IO) openSaved(name string) (*os.File, error) {
	path := s.Path(name)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path, name = filepath.Join(path, "results.json"), filepath.Join(name, "results.json")
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("%s: no such file", name), "wsmig loadtest writes wsmig-report/results.json")
	}
	if err != nil {
		return nil, usage(err, "")
	}
	return f, nil
}

// deliver renders in full before the first byte is written, so that an error
// leaves neither half a file nor half an answer.
func (s *IO) deliver(flag, output string, render func(io.Writer) error) error {
	var b bytes.Buffer
	var unknown *reports.UnknownFormatError
	switch err := render(&b); {
	case errors.As(err, &unknown):
		return usage(fmt.Errorf("--format %s: %w", unknown.Format, err), didYouMean(unknown.Format, unknown.Known))
	case err != nil:
		return failed(err, "")
	}
	if output == "" {
		_, err := s.Out.Write(b.Bytes())
		return err
	}
	if err := s.checkOutput(flag, output); err != nil {
		return err
	}
	if err := maybe.WriteFile(s.Path(output), b.Bytes(), 0o644); err != nil {
		return unwritable(flag, output, err)
	}
	return nil
}

// checkOutput tells before any work is done whether a file could be written: a verb
// that changes other files must not find out afterwards.
func (s *IO) checkOutput(flag, name string) error {
	if name == "" {
		return nil
	}
	path := s.Path(name)
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return usage(fmt.Errorf("%s %s is a folder", flag, name), "give a file")
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil
	}
	trial, err := os.CreateTemp(filepath.Dir(path), ".wsmig")
	if err != nil {
		return unwritable(flag, name, err)
	}
	return errors.Join(trial.Close(), os.Remove(trial.Name()))
}

// unwritable says why, without the temporary name that the writing went through.
func unwritable(flag, name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return usage(fmt.Errorf("%s %s can't be written: %w", flag, name, err), "give a file in a folder that exists")
}
