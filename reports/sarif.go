package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// LintSARIF writes findings as SARIF 2.1.0, for code scanning and editors.
// Columns are in UTF-16 units (see Options.Source), paths are relative to
// %SRCROOT%, suppressed and accepted findings are there as suppressed, and the
// fingerprint of a finding follows it through edits elsewhere in the file.
// Packages that could not be read in full are notifications of the tool.
func LintSARIF(w io.Writer, r *findings.Result, o *Options) error {
	s := &sarifWriter{columns: newColumns(o.source()), declared: map[string]*findings.Singleton{}}
	for i := range r.Singletons {
		declaration := &r.Singletons[i]
		s.declared[declaration.Package+"."+declaration.Name] = declaration
	}
	driver := sarif.NewToolComponent().WithName("wsmig").WithInformationURI("https://github.com/wsmig/wsmig")
	if v := o.version(); v != "" {
		driver.WithVersion(escape.Visible(v))
	}
	run := sarif.NewRun().WithTool(sarif.NewTool().WithDriver(driver)).WithColumnKind("utf16CodeUnits").AddInvocation(invocation(r))
	rules := ruleIDs(r)
	for _, id := range rules {
		driver.AddRule(rule(id))
	}
	for i := range r.Findings {
		run.AddResult(s.result(&r.Findings[i], rules))
	}
	return writePruned(w, sarif.NewReport().AddRun(run))
}

type sarifWriter struct {
	columns  *columns
	declared map[string]*findings.Singleton // by package path and name
}

func (s *sarifWriter) result(f *findings.Finding, rules []string) *sarif.Result {
	out := sarif.NewResult().
		WithRuleID(escape.Visible(f.Rule)).
		WithRuleIndex(slices.Index(rules, f.Rule)).
		WithLevel(sarifLevel(f.Severity)).
		WithMessage(sarif.NewTextMessage(escape.Visible(lintMessage(f)))).
		AddLocation(s.location(f)).
		WithProperties(properties(f))
	if f.Fingerprint != "" {
		out.WithPartialFingerprints(map[string]string{"wsmig/v1": escape.Visible(f.Fingerprint)})
	}
	if declaration := s.declared[f.Singleton]; declaration != nil && f.Category != findings.Declaration {
		text := fmt.Sprintf("%s is declared here", declaration.Name)
		out.AddRelatedLocation(sarif.NewLocation().WithID(1).WithMessage(sarif.NewTextMessage(escape.Visible(text))).
			WithPhysicalLocation(physical(declaration.File, sarif.NewRegion().WithStartLine(max(declaration.Line, 1)))))
	}
	switch {
	case f.Suppressed:
		out.AddSuppression(sarif.NewSuppression().WithKind("inSource"))
	case f.Baseline:
		out.AddSuppression(sarif.NewSuppression().WithKind("external").WithJustification("accepted in the baseline"))
	}
	if len(f.Edits) > 0 {
		out.AddFixe(s.fix(f))
	}
	return out
}

// properties carry what SARIF has no place for, under the names of the saved file.
func properties(f *findings.Finding) *sarif.PropertyBag {
	bag := sarif.NewPropertyBag()
	bag.Add("fixable", f.Fixable)
	for name, value := range map[string]string{"role": string(f.Role), "addressee": f.Addressee, "symbol": f.Symbol, "singleton": f.Singleton, "reason": f.Reason} {
		if value != "" {
			bag.Add(name, escape.Visible(value))
		}
	}
	return bag
}

func (s *sarifWriter) location(f *findings.Finding) *sarif.Location {
	location := sarif.NewLocation().WithPhysicalLocation(physical(f.File, s.region(f.File, f.Line, f.Column, f.EndLine, f.EndColumn)))
	if f.Function != "" {
		name := f.Package + "." + f.Function
		location.AddLogicalLocation(sarif.NewLogicalLocation().WithFullyQualifiedName(escape.Visible(name)).WithKind("function"))
	}
	return location
}

func (s *sarifWriter) region(file string, line, column, endLine, endColumn int) *sarif.Region {
	region := sarif.NewRegion().WithStartLine(max(line, 1))
	if column > 0 {
		region.WithStartColumn(s.columns.utf16(file, line, column))
	}
	if endLine >= line && line > 0 {
		region.WithEndLine(endLine)
		if endColumn > 0 {
			region.WithEndColumn(s.columns.utf16(file, endLine, endColumn))
		}
	}
	return region
}

func (s *sarifWriter) fix(f *findings.Finding) *sarif.Fix {
	fix := sarif.NewFix().WithDescription(sarif.NewTextMessage("bind the use to its addressee"))
	for _, edit := range f.Edits {
		region := s.region(edit.File, edit.Line, edit.Column, edit.EndLine, edit.EndColumn)
		fix.AddArtifactChange(sarif.NewArtifactChange().
			WithArtifactLocation(artifact(edit.File)).
			AddReplacement(sarif.NewReplacement().WithDeletedRegion(region).WithInsertedContent(sarif.NewArtifactContent().WithText(edit.NewText))))
	}
	return fix
}

func physical(file string, region *sarif.Region) *sarif.PhysicalLocation {
	return sarif.NewPhysicalLocation().WithArtifactLocation(artifact(file)).WithRegion(region)
}

func artifact(file string) *sarif.ArtifactLocation {
	parts := strings.Split(file, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return sarif.NewArtifactLocation().WithURI(strings.Join(parts, "/")).WithURIBaseID("%SRCROOT%")
}

func sarifLevel(s findings.Severity) string {
	switch s {
	case findings.Error:
		return "error"
	case findings.Info:
		return "note"
	}
	return "warning"
}

func invocation(r *findings.Result) *sarif.Invocation {
	out := sarif.NewInvocation().WithExecutionSuccessful(true)
	for _, failed := range r.Stats.PackagesFailed {
		text := fmt.Sprintf("%s could not be read in full: %s", failed.Package, failed.Error)
		out.AddToolExecutionNotification(sarif.NewNotification().WithLevel("warning").WithMessage(sarif.NewTextMessage(escape.Visible(text))))
	}
	return out
}

func ruleIDs(r *findings.Result) []string {
	var ids []string
	for i := range r.Findings {
		ids = append(ids, r.Findings[i].Rule)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func rule(id string) *sarif.ReportingDescriptor {
	out := sarif.NewReportingDescriptor().WithID(escape.Visible(id))
	if text := digest.Rule(id); text != "" {
		out.WithShortDescription(sarif.NewMultiformatMessageString().WithText(text))
	}
	return out
}

// writePruned leaves out what the format takes as given: empty lists and the -1
// of a number that is not known. The library writes all of them, thirty lines a
// result.
func writePruned(w io.Writer, report *sarif.Report) error {
	encoded, err := json.Marshal(report)
	if err != nil {
		return err
	}
	var value map[string]any
	if err := json.Unmarshal(encoded, &value); err != nil {
		return err
	}
	prune(value)
	pretty, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(escape.JSON(pretty), '\n'))
	return err
}

func prune(value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			prune(item)
		}
	case map[string]any:
		for key, item := range v {
			prune(item)
			if dispensable(key, item) {
				delete(v, key)
			}
		}
	}
}

// dispensable never takes results or runs away: that they are there and empty
// says that nothing was found.
func dispensable(key string, item any) bool {
	switch v := item.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0 && key != "results" && key != "runs"
	case map[string]any:
		return len(v) == 0
	case float64:
		return v == -1
	}
	return false
}
