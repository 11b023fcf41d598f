package reports_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func sarifOf(t *testing.T, r *findings.Result, o *reports.Options) *sarif.Report {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, reports.LintSARIF(&b, r, o))
	require.NotContains(t, b.String(), "null")
	requireFilledLists(t, b.Bytes())
	decoder := json.NewDecoder(bytes.NewReader(b.Bytes()))
	decoder.DisallowUnknownFields()
	report := &sarif.Report{}
	require.NoError(t, decoder.Decode(report), "every key is one of the format")
	// The library carries the published schema and holds the report against it.
	require.NoError(t, completed(t, b.Bytes()).Validate())
	return report
}

// completed fills in what the library, as it writes the report for its check, would
// write as empty where the format wants it absent or filled.
func completed(t *testing.T, data []byte) *sarif.Report {
	t.Helper()
	report, err := sarif.FromBytes(data)
	require.NoError(t, err)
	language := "en-US"
	for _, run := range report.Runs {
		run.Language, run.Tool.Driver.Language = language, language
		run.NewlineSequences = []string{"\n"}
	}
	return report
}

func requireFilledLists(t *testing.T, data []byte) {
	t.Helper()
	var value map[string]any
	require.NoError(t, json.Unmarshal(data, &value))
	require.Equal(t, "2.1.0", value["version"])
	run := value["runs"].([]any)[0].(map[string]any)
	require.IsType(t, []any{}, run["results"], "results must be there even when nothing was found")
}

func TestSARIFIsValid(t *testing.T) {
	sarifOf(t, sample.Lint(1, 24), &reports.Options{Version: "v0.1.0"})
	sarifOf(t, sample.HostileLint(), nil)
	sarifOf(t, &findings.Result{}, nil)
}

func TestSARIFResults(t *testing.T) {
	lint := sample.Lint(1, 24)
	run := sarifOf(t, lint, &reports.Options{Version: "v0.1.0"}).Runs[0]
	require.Equal(t, "v0.1.0", *run.Tool.Driver.Version)
	require.Equal(t, "utf16CodeUnits", *run.ColumnKind)
	require.Len(t, run.Results, len(lint.Findings), "suppressed and accepted ones are there, marked")
	require.Len(t, run.Tool.Driver.Rules, 1)
	require.NotEmpty(t, *run.Tool.Driver.Rules[0].ShortDescription.Text)
	for i, result := range run.Results {
		f := lint.Findings[i]
		require.Equal(t, f.Rule, *result.RuleID)
		require.Equal(t, f.Fingerprint, result.PartialFingerprints["wsmig/v1"])
		require.Equal(t, f.Line, *result.Locations[0].PhysicalLocation.Region.StartLine)
		require.Equal(t, f.Suppressed || f.Baseline, len(result.Suppressions) == 1)
		require.Equal(t, f.Severity == findings.Info, result.Level == "note")
	}
	require.Len(t, run.Invocations[0].ToolExecutionNotifications, 1, "the package that could not be read")
}

func TestSARIFColumnsAreUTF16(t *testing.T) {
	line := "\tx := \"ü🙂\"; send()\n"
	f := findings.Finding{Rule: "singleton", Severity: findings.Warning, File: "dir with space/a#b.go", Line: 1, Column: 16, EndLine: 1, EndColumn: 20, Message: "m"}
	require.Equal(t, "send", line[f.Column:f.EndColumn], "the sample itself")
	f.Column, f.EndColumn = f.Column+1, f.EndColumn+1
	source := func(file string) ([]byte, error) {
		require.Equal(t, f.File, file)
		return []byte(line), nil
	}
	region := func(o *reports.Options) (start, end int) {
		location := sarifOf(t, &findings.Result{Findings: []findings.Finding{f}}, o).Runs[0].Results[0].Locations[0].PhysicalLocation
		require.Equal(t, "dir%20with%20space/a%23b.go", *location.ArtifactLocation.URI)
		return *location.Region.StartColumn, *location.Region.EndColumn
	}
	start, end := region(&reports.Options{Source: source})
	require.Equal(t, []int{14, 18}, []int{start, end}, "ü is one unit of two bytes, the smiley two of four")
	start, end = region(nil)
	require.Equal(t, []int{17, 21}, []int{start, end})
	start, _ = region(&reports.Options{Source: func(string) ([]byte, error) { return nil, errors.New("gone") }})
	require.Equal(t, 17, start)
}

func TestSARIFFixes(t *testing.T) {
	f := findings.Finding{
		Rule: "singleton", Severity: findings.Warning, File: "a.go", Line: 3, Column: 2, EndLine: 3, EndColumn: 9, Message: "m",
		Edits: []findings.Edit{{File: "a.go", Line: 3, Column: 2, EndLine: 3, EndColumn: 9, NewText: "EmitterFor(id)"}},
	}
	result := sarifOf(t, &findings.Result{Findings: []findings.Finding{f}}, nil).Runs[0].Results[0]
	replacement := result.Fixes[0].ArtifactChanges[0].Replacements[0]
	require.Equal(t, "EmitterFor(id)", *replacement.InsertedContent.Text)
	require.Equal(t, 9, *replacement.DeletedRegion.EndColumn)
}
