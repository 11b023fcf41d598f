package reports

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// JUnit writes a load test for CI systems: one suite for each server, in it one
// case for each anomaly class and schedule, failing with the evidence. A control
// has a single case, which fails when it was not caught. Schedules that did not
// run are skipped, and an inconclusive verdict is an error, never a pass.
func JUnit(w io.Writer, r *result.Result, _ *Options) error {
	suites := junit.Testsuites{Name: "wsmig loadtest", Time: seconds(r.Seconds)}
	suites.AddSuite(verdictSuite(r))
	for i := range r.Runs {
		suites.AddSuite(runSuite(r, i))
	}
	return writeJUnit(w, &suites)
}

func writeJUnit(w io.Writer, suites *junit.Testsuites) error {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := suites.WriteXML(&b); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// verdictSuite carries what belongs to no single server: the verdict itself and
// the checker's self-test.
func verdictSuite(r *result.Result) junit.Testsuite {
	story := digest.Tell(r)
	suite := junit.Testsuite{Name: "wsmig loadtest", Time: seconds(r.Seconds), Timestamp: escape.Visible(r.Started)}
	suite.AddProperty("seed", escape.Visible(r.Seed))
	suite.AddProperty("replay", escape.Visible(r.Replay))
	verdict := junit.Testcase{Name: "verdict", Classname: "wsmig.loadtest"}
	reasons := escape.Visible(strings.Join(r.Reason, "; "))
	switch {
	case r.Verdict == result.Inconclusive:
		verdict.Error = &junit.Result{Message: escape.Visible(story.Headline), Type: "inconclusive", Data: reasons}
	case r.Verdict == result.Violated || r.ExitCode != 0:
		verdict.Failure = &junit.Result{Message: story.Word + ": " + escape.Visible(story.Headline), Type: string(r.Verdict), Data: reasons}
	}
	suite.AddTestcase(verdict)
	check := junit.Testcase{Name: "checker self-test", Classname: "wsmig.loadtest"}
	switch t := r.SelfTest; {
	case t.Total == 0:
		check.Skipped = &junit.Result{Message: "not run"}
	case t.Passed < t.Total:
		check.Failure = &junit.Result{Message: fmt.Sprintf("%d of %d kinds of anomaly recognised", t.Passed, t.Total), Type: "selftest"}
	}
	suite.AddTestcase(check)
	return suite
}

func runSuite(r *result.Result, i int) junit.Testsuite {
	run := &r.Runs[i]
	suite := junit.Testsuite{Name: escape.Visible(runTitle(r, i)), ID: i + 1, Time: seconds(length(run))}
	if run.Control {
		suite.AddTestcase(controlCase(run))
		return suite
	}
	codes := judgedCodes(r)
	for j := range run.Schedules {
		for _, code := range codes {
			suite.AddTestcase(scheduleCase(run, &run.Schedules[j], code))
		}
	}
	return suite
}

func controlCase(run *result.Run) junit.Testcase {
	c := junit.Testcase{Name: "the control is caught", Classname: className(run, "")}
	if run.Verdict != result.Violated {
		c.Failure = &junit.Result{Message: "nothing wrong was seen, so a pass of the other servers proves nothing", Type: string(run.Verdict)}
	}
	return c
}

func scheduleCase(run *result.Run, s *result.Schedule, code digest.Code) junit.Testcase {
	c := junit.Testcase{Name: caseName(code, s.Name), Classname: className(run, s.Name)}
	switch n := s.Anomalies[code.ID]; {
	case !s.Ran:
		c.Skipped = &junit.Result{Message: escape.Visible(s.Reason)}
	case n > 0 && run.Verdict == result.Violated:
		c.Failure = &junit.Result{Message: fmt.Sprintf("%s in %s emitted", digest.Plural(n, "time"), digest.Count(s.Emitted)), Type: escape.Visible(code.ID), Data: evidenceText(run, s.Name, code.ID)}
	case n > 0:
		c.SystemOut = &junit.Output{Data: "tolerated: " + digest.Plural(n, "time") + "\n" + evidenceText(run, s.Name, code.ID)}
	}
	return c
}

func caseName(code digest.Code, schedule string) string {
	name := code.ID
	if code.Name != code.ID {
		name += " " + code.Name
	}
	return escape.Visible(name + " in " + schedule)
}

// className separates with dots, which CI systems turn into folders; a dot of the
// name itself would open one more.
func className(run *result.Run, schedule string) string {
	name := "wsmig.loadtest." + strings.ReplaceAll(escape.Visible(run.Name), ".", "_")
	if schedule != "" {
		name += "." + strings.ReplaceAll(escape.Visible(schedule), ".", "_")
	}
	return name
}

// judgedCodes are the classes that the run was able to see: those of the
// self-test, and any that was seen.
func judgedCodes(r *result.Result) []digest.Code {
	counts := map[string]uint64{}
	for _, id := range r.SelfTest.Codes {
		counts[id] = 1
	}
	for i := range r.Runs {
		for id, n := range r.Runs[i].Anomalies {
			counts[id] += n
		}
	}
	isHarness := func(c digest.Code) bool { return strings.HasPrefix(c.ID, "H") }
	return slices.DeleteFunc(digest.Sorted(counts), isHarness)
}

// evidencePerCase keeps the failure text readable in a CI system's page.
const evidencePerCase = 5

func evidenceText(run *result.Run, schedule, code string) string {
	var b strings.Builder
	left := evidencePerCase
	for i := range run.Evidence {
		e := &run.Evidence[i]
		if e.Schedule != schedule || e.Code != code || left == 0 {
			continue
		}
		left--
		b.WriteString(escape.Visible(e.Prose) + "\n")
		if e.Frame != "" {
			b.WriteString("  frame: " + escape.Visible(escape.Cut(e.Frame, 300)) + "\n")
		}
	}
	return b.String()
}

func length(run *result.Run) float64 {
	if n := len(run.Series); n > 0 {
		return run.Series[n-1].AtMS / 1000
	}
	return 0
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }
