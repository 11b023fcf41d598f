package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
)

// UnknownFormatError says that a document has no rendering of that name.
type UnknownFormatError struct {
	Format string
	Known  []string
}

// Error lists the formats that there are.
func (e *UnknownFormatError) Error() string {
	return fmt.Sprintf("no format %q for this file: it is one of %s", e.Format, strings.Join(e.Known, ", "))
}

type format[T any] struct {
	name   string
	render func(io.Writer, *T, *Options) error
}

var resultFormats = []format[result.Result]{
	{"table", Table}, {"markdown", Markdown}, {"json", JSON}, {"html", HTML}, {"junit", JUnit}, {"prometheus", Prometheus}, {"csv", CSV},
}

var lintFormats = []format[findings.Result]{
	{"table", LintSummary}, {"text", LintText}, {"markdown", LintMarkdown}, {"json", LintJSON}, {"html", LintHTML}, {"junit", LintJUnit},
	{"sarif", LintSARIF}, {"github", LintGitHub}, {"prometheus", LintPrometheus}, {"csv", LintCSV},
}

var ledgerFormats = []format[ledger.Ledger]{
	{"table", LedgerTable}, {"markdown", LedgerMarkdown}, {"json", LedgerJSON}, {"csv", LedgerCSV},
}

// Formats lists the names that Render takes for this kind of document.
func (d *Document) Formats() []string {
	switch {
	case d.Result != nil:
		return formatNames(resultFormats)
	case d.Lint != nil:
		return formatNames(lintFormats)
	}
	return formatNames(ledgerFormats)
}

// Render writes the document in a format by its name; a name that this kind of
// document does not have is an *UnknownFormatError.
func (d *Document) Render(w io.Writer, name string, o *Options) error {
	switch {
	case d.Result != nil:
		return renderAs(w, name, resultFormats, d.Result, o)
	case d.Lint != nil:
		return renderAs(w, name, lintFormats, d.Lint, o)
	}
	return renderAs(w, name, ledgerFormats, d.Ledger, o)
}

func formatNames[T any](formats []format[T]) []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

func renderAs[T any](w io.Writer, name string, formats []format[T], value *T, o *Options) error {
	at := slices.IndexFunc(formats, func(f format[T]) bool { return f.name == name })
	if at < 0 {
		return &UnknownFormatError{Format: name, Known: formatNames(formats)}
	}
	return formats[at].render(w, value, o)
}
