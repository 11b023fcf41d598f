package reports_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/jstemmer/go-junit-report/v2/junit"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func parseJUnit(t *testing.T, text string) junit.Testsuites {
	t.Helper()
	require.True(t, strings.HasPrefix(text, xml.Header))
	var suites junit.Testsuites
	require.NoError(t, xml.Unmarshal([]byte(text), &suites))
	for _, suite := range suites.Suites {
		require.Len(t, suite.Testcases, suite.Tests, suite.Name)
	}
	return suites
}

func junitOf(t *testing.T, r *result.Result) junit.Testsuites {
	t.Helper()
	var b strings.Builder
	require.NoError(t, reports.JUnit(&b, r, nil))
	return parseJUnit(t, b.String())
}

func findCase(t *testing.T, suites junit.Testsuites, name string) junit.Testcase {
	t.Helper()
	for _, suite := range suites.Suites {
		for _, c := range suite.Testcases {
			if c.Name == name {
				return c
			}
		}
	}
	require.Fail(t, "no such case", name)
	return junit.Testcase{}
}

func TestJUnitHasACaseForEachClassAndSchedule(t *testing.T) {
	r := sample.Result(1, 10)
	suites := junitOf(t, r)
	require.Zero(t, suites.Failures, "a control that leaks is no failure")
	require.Zero(t, suites.Errors)
	require.Len(t, suites.Suites, 3)
	require.Len(t, suites.Suites[1].Testcases, 1)
	require.Len(t, suites.Suites[2].Testcases, len(r.SelfTest.Codes)*len(r.Runs[1].Schedules))
	require.Equal(t, len(r.SelfTest.Codes), suites.Suites[2].Skipped, "one schedule did not run")
	require.Equal(t, "no revoke action in the configuration", findCase(t, suites, "X0 cross-user delivery in revoke").Skipped.Message)
}

func TestJUnitFailsWithTheEvidence(t *testing.T) {
	r := sample.Result(1, 10)
	r.Verdict, r.Reason = result.Violated, []string{"factory leaked"}
	r.Runs[1] = r.Runs[0]
	r.Runs[1].Name, r.Runs[1].Control = "factory", false
	suites := junitOf(t, r)
	require.Equal(t, "factory leaked", findCase(t, suites, "verdict").Failure.Data)
	failure := findCase(t, suites, "X0 cross-user delivery in lockstep").Failure
	require.NotNil(t, failure)
	require.Contains(t, failure.Data, r.Runs[1].Evidence[0].Prose)
	require.Contains(t, failure.Data, "frame: ")
	require.Nil(t, findCase(t, suites, "X2 field bleed in lockstep").Failure)
}

func TestJUnitNeverPassesTheUndecided(t *testing.T) {
	r := sample.Result(1, 4)
	r.Verdict, r.Reason = result.Inconclusive, []string{"no fence came back"}
	r.Runs[0].Verdict = result.Pass
	r.SelfTest.Passed = 3
	suites := junitOf(t, r)
	require.Equal(t, "no fence came back", findCase(t, suites, "verdict").Error.Data)
	require.NotNil(t, findCase(t, suites, "the control is caught").Failure)
	require.NotNil(t, findCase(t, suites, "checker self-test").Failure)

	slow := sample.Result(1, 4)
	slow.ExitCode = 4
	require.NotNil(t, findCase(t, junitOf(t, slow), "verdict").Failure, "a missed threshold fails the build too")

	tolerated := sample.Result(1, 4)
	tolerated.Runs[1].Schedules[0].Anomalies["D4"] = 2
	tolerated.Runs[1].Anomalies["D4"] = 2
	c := findCase(t, junitOf(t, tolerated), "D4 late in spread")
	require.Nil(t, c.Failure)
	require.Contains(t, c.SystemOut.Data, "tolerated: 2 times")
}

func TestLintJUnit(t *testing.T) {
	lint := sample.Lint(1, 24)
	var b strings.Builder
	require.NoError(t, reports.LintJUnit(&b, lint, nil))
	suites := parseJUnit(t, b.String())
	require.Equal(t, 17, suites.Failures)
	require.Equal(t, 1, suites.Errors, "the package that could not be read")
	require.Equal(t, 9, suites.Skipped, "one info, six of the baseline, two ignored")

	b.Reset()
	lint.Findings, lint.Stats.PackagesFailed = nil, nil
	require.NoError(t, reports.LintJUnit(&b, lint, nil))
	suites = parseJUnit(t, b.String())
	require.Equal(t, 1, suites.Tests, "a clean run is a case that passes, not an empty file")
	require.Zero(t, suites.Failures+suites.Errors)
}
