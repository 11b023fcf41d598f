package reports

import (
	"fmt"
	"io"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// LintJUnit writes findings for CI systems: one suite for each package, one case
// for each finding. Informational, suppressed and accepted ones are skipped cases
// with the reason; a package that could not be read is an error.
func LintJUnit(w io.Writer, r *findings.Result, _ *Options) error {
	suites := junit.Testsuites{Name: "wsmig lint", Time: seconds(r.Stats.Seconds)}
	summary := junit.Testsuite{Name: "wsmig lint", Time: seconds(r.Stats.Seconds)}
	summary.AddTestcase(junit.Testcase{Name: fmt.Sprintf("%s read", digest.Plural(uint64(max(r.Stats.Packages, 0)), "package")), Classname: "wsmig.lint"})
	for _, failed := range r.Stats.PackagesFailed {
		summary.AddTestcase(junit.Testcase{
			Name: escape.Visible(failed.Package), Classname: "wsmig.lint",
			Error: &junit.Result{Message: escape.Visible(failed.Error), Type: "package"},
		})
	}
	suites.AddSuite(summary)
	for i, group := range byPackage(r) {
		suite := junit.Testsuite{Name: escape.Visible(group.name), ID: i + 1, Package: escape.Visible(group.name), Time: seconds(0)}
		for _, f := range group.findings {
			suite.AddTestcase(findingCase(f))
		}
		suites.AddSuite(suite)
	}
	return writeJUnit(w, &suites)
}

func findingCase(f *findings.Finding) junit.Testcase {
	c := junit.Testcase{Name: escape.Visible(place(f) + " " + f.Symbol), Classname: escape.Visible(f.Package)}
	switch {
	case f.Suppressed:
		c.Skipped = &junit.Result{Message: "ignored in the source"}
	case f.Baseline:
		c.Skipped = &junit.Result{Message: "accepted in the baseline"}
	case f.Severity == findings.Info:
		c.Skipped = &junit.Result{Message: escape.Visible(lintMessage(f))}
	default:
		c.Failure = &junit.Result{Message: escape.Visible(lintMessage(f)), Type: escape.Visible(f.Rule), Data: escape.Visible(place(f)+": "+lintMessage(f)) + "\n"}
	}
	return c
}

// place is where a finding is, in the form that editors and terminals open.
func place(f *findings.Finding) string { return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column) }

type packageFindings struct {
	name     string
	findings []*findings.Finding
}

func byPackage(r *findings.Result) []packageFindings {
	var list []packageFindings
	at := map[string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if _, ok := at[f.Package]; !ok {
			at[f.Package] = len(list)
			list = append(list, packageFindings{name: f.Package})
		}
		group := &list[at[f.Package]]
		group.findings = append(group.findings, f)
	}
	return list
}
