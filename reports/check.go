package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// check refuses what decodes but can't be rendered truthfully.
func (d *Document) check() error {
	switch {
	case d.Result != nil:
		return checkResult(d.Result)
	case d.Lint != nil:
		return checkLint(d.Lint)
	}
	return checkLedger(d.Ledger)
}

func checkResult(r *result.Result) error {
	if err := oneOf("verdict", r.Verdict, result.Pass, result.Inconclusive, result.Violated); err != nil {
		return err
	}
	if r.Runs == nil {
		return &FormatError{Problem: "runs is missing"}
	}
	for i := range r.Runs {
		where := fmt.Sprintf("runs[%d].", i)
		if r.Runs[i].Name == "" {
			return &FormatError{Problem: where + "name is missing"}
		}
		if err := oneOf(where+"verdict", r.Runs[i].Verdict, result.Pass, result.Inconclusive, result.Violated); err != nil {
			return err
		}
	}
	return nil
}

func checkLint(r *findings.Result) error {
	if r.Findings == nil {
		return &FormatError{Problem: "findings is missing"}
	}
	for i := range r.Findings {
		where := fmt.Sprintf("findings[%d].", i)
		if err := oneOf(where+"severity", r.Findings[i].Severity, findings.Info, findings.Warning, findings.Error); err != nil {
			return err
		}
		if r.Findings[i].File == "" {
			return &FormatError{Problem: where + "file is missing"}
		}
	}
	return nil
}

func checkLedger(l *ledger.Ledger) error {
	if l.Sites == nil {
		return &FormatError{Problem: "sites is missing"}
	}
	for i := range l.Sites {
		where := fmt.Sprintf("sites[%d].status", i)
		if err := oneOf(where, l.Sites[i].Status, ledger.Fixed, ledger.Left, ledger.Kept); err != nil {
			return err
		}
	}
	return nil
}

func oneOf[T ~string](where string, value T, known ...T) error {
	if slices.Contains(known, value) {
		return nil
	}
	if value == "" {
		return &FormatError{Problem: where + " is missing"}
	}
	words := make([]string, len(known))
	for i, word := range known {
		words[i] = string(word)
	}
	return &FormatError{Problem: fmt.Sprintf("%s is \"%s\", not one of %s", where, escape.Cut(escape.Visible(string(value)), 60), strings.Join(words, ", "))}
}
