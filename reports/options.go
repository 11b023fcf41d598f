package reports

import (
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// Options say how to render. Nil means defaults; no option changes a number or a
// verdict.
type Options struct {
	// Color allows ANSI colours in Table, LintText, LintSummary and LedgerTable.
	// Default false: colour is only for a terminal, and no word depends on it.
	Color bool
	// Width is the number of columns that tables may take. Default 80; less than
	// 40 counts as 40.
	Width int
	// Lint, when given, lets load-test reports name the lines of code behind a
	// leak. Default nil: no such paragraph.
	Lint *findings.Result
	// Ledger, when given, lets the lint page show how far each singleton is.
	// Default nil: the page says how to get it.
	Ledger *ledger.Ledger
	// Noise is the factor by which a single measurement of speed or memory must
	// change to count. Default 1.5, since rates of the same program moved by 40 %
	// between runs on the machines this was built on.
	Noise float64
	// Version is the version of wsmig that SARIF names as the tool's. Default
	// empty: left out.
	Version string
	// Source returns a file of lint findings, by its path in the findings. SARIF
	// counts columns in UTF-16 units and findings in bytes, and only the line tells
	// one from the other. Default nil: lines count as ASCII.
	Source func(file string) ([]byte, error)

	_ struct{}
}

func (o *Options) color() bool { return o != nil && o.Color }

func (o *Options) width() int {
	if o == nil || o.Width == 0 {
		return 80
	}
	return max(o.Width, 40)
}

func (o *Options) noise() float64 {
	if o == nil || o.Noise <= 1 {
		return 1.5
	}
	return o.Noise
}

func (o *Options) lint() *findings.Result {
	if o == nil {
		return nil
	}
	return o.Lint
}

func (o *Options) ledger() *ledger.Ledger {
	if o == nil {
		return nil
	}
	return o.Ledger
}

func (o *Options) version() string {
	if o == nil {
		return ""
	}
	return o.Version
}

func (o *Options) source() func(file string) ([]byte, error) {
	if o == nil {
		return nil
	}
	return o.Source
}
