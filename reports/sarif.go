package reports

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
	"github.com/wsmig/wsmig/reports/internal/sarif"
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
	run := sarif.Run{
		Tool: sarif.Tool{Driver: sarif.Driver{
			Name: "wsmig", Version: escape.Visible(o.version()), InformationURI: "https://github.com/wsmig/wsmig",
		}},
		Invocations: []sarif.Invocation{invocation(r)},
		ColumnKind:  "utf16CodeUnits",
		Results:     []sarif.Result{},
	}
	rules := ruleIDs(r)
	for _, id := range rules {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule(id))
	}
	for i := range r.Findings {
		run.Results = append(run.Results, s.result(&r.Findings[i], rules))
	}
	return writeJSON(w, sarif.Log{Schema: sarif.SchemaURI, Version: sarif.Version, Runs: []sarif.Run{run}})
}

type sarifWriter struct {
	columns  *columns
	declared map[string]*findings.Singleton // by package path and name
}

func (s *sarifWriter) result(f *findings.Finding, rules []string) sarif.Result {
	out := sarif.Result{
		RuleID:     escape.Visible(f.Rule),
		RuleIndex:  slices.Index(rules, f.Rule),
		Level:      sarifLevel(f.Severity),
		Message:    text(lintMessage(f)),
		Locations:  []sarif.Location{s.location(f)},
		Properties: properties(f),
	}
	if f.Fingerprint != "" {
		out.PartialFingerprints = map[string]string{"wsmig/v1": escape.Visible(f.Fingerprint)}
	}
	if declaration := s.declared[f.Singleton]; declaration != nil && f.Category != findings.Declaration {
		out.RelatedLocations = []sarif.Location{declaredAt(declaration)}
	}
	switch {
	case f.Suppressed:
		out.Suppressions = []sarif.Suppression{{Kind: "inSource"}}
	case f.Baseline:
		out.Suppressions = []sarif.Suppression{{Kind: "external", Justification: "accepted in the baseline"}}
	}
	if len(f.Edits) > 0 {
		out.Fixes = []sarif.Fix{s.fix(f)}
	}
	return out
}

// properties carry what SARIF has no place for, under the names of the saved file.
func properties(f *findings.Finding) map[string]any {
	bag := map[string]any{"fixable": f.Fixable}
	for name, value := range map[string]string{"role": string(f.Role), "addressee": f.Addressee, "symbol": f.Symbol, "singleton": f.Singleton, "reason": f.Reason} {
		if value != "" {
			bag[name] = escape.Visible(value)
		}
	}
	return bag
}

func (s *sarifWriter) location(f *findings.Finding) sarif.Location {
	out := sarif.Location{PhysicalLocation: sarif.PhysicalLocation{
		ArtifactLocation: artifact(f.File),
		Region:           s.region(f.File, f.Line, f.Column, f.EndLine, f.EndColumn),
	}}
	if f.Function != "" {
		name := escape.Visible(f.Package + "." + f.Function)
		out.LogicalLocations = []sarif.LogicalLocation{{FullyQualifiedName: name, Kind: "function"}}
	}
	return out
}

func declaredAt(declaration *findings.Singleton) sarif.Location {
	message := text(declaration.Name + " is declared here")
	return sarif.Location{ID: 1, Message: &message, PhysicalLocation: sarif.PhysicalLocation{
		ArtifactLocation: artifact(declaration.File),
		Region:           sarif.Region{StartLine: max(declaration.Line, 1)},
	}}
}

func (s *sarifWriter) region(file string, line, column, endLine, endColumn int) sarif.Region {
	region := sarif.Region{StartLine: max(line, 1)}
	if column > 0 {
		region.StartColumn = s.columns.utf16(file, line, column)
	}
	if endLine >= line && line > 0 {
		region.EndLine = endLine
		if endColumn > 0 {
			region.EndColumn = s.columns.utf16(file, endLine, endColumn)
		}
	}
	return region
}

func (s *sarifWriter) fix(f *findings.Finding) sarif.Fix {
	fix := sarif.Fix{Description: sarif.Message{Text: "bind the use to its addressee"}}
	for _, edit := range f.Edits {
		fix.ArtifactChanges = append(fix.ArtifactChanges, sarif.ArtifactChange{
			ArtifactLocation: artifact(edit.File),
			Replacements: []sarif.Replacement{{
				DeletedRegion:   s.region(edit.File, edit.Line, edit.Column, edit.EndLine, edit.EndColumn),
				InsertedContent: sarif.Message{Text: edit.NewText},
			}},
		})
	}
	return fix
}

func text(s string) sarif.Message { return sarif.Message{Text: escape.Visible(s)} }

func artifact(file string) sarif.ArtifactLocation {
	parts := strings.Split(file, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return sarif.ArtifactLocation{URI: strings.Join(parts, "/"), URIBaseID: "%SRCROOT%"}
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

func invocation(r *findings.Result) sarif.Invocation {
	out := sarif.Invocation{ExecutionSuccessful: true}
	for _, failed := range r.Stats.PackagesFailed {
		message := text(fmt.Sprintf("%s could not be read in full: %s", failed.Package, failed.Error))
		out.ToolExecutionNotifications = append(out.ToolExecutionNotifications, sarif.Notification{Level: "warning", Message: message})
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

func rule(id string) sarif.Rule {
	out := sarif.Rule{ID: escape.Visible(id)}
	if summary := digest.Rule(id); summary != "" {
		out.ShortDescription = &sarif.Message{Text: summary}
	}
	return out
}
