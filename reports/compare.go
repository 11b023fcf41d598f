package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
	"github.com/wsmig/wsmig/reports/internal/grid"
)

// Comparison is what two load tests say about each other.
type Comparison struct {
	// Regressions names what got worse, one entry a measure and server: a leak or a
	// lower isolation level where there was none, a rate that chance does not
	// explain, a speed beyond noise. Empty means none was shown, not that none is.
	Regressions []string
	// Improvements names what got better, judged alike.
	Improvements []string
	// Undecided names what the data can't tell.
	Undecided []string
	// Unmatched names servers that only one of the two has.
	Unmatched []string

	pairs []digest.Pair
}

// Compare judges after against before, server by server. Controls are shown but
// never judged: a singleton that leaks less is no progress.
func Compare(before, after *result.Result, o *Options) *Comparison {
	c := &Comparison{}
	c.pairs, c.Unmatched = digest.Match(before, after)
	for _, p := range c.pairs {
		if p.Before.Control {
			continue
		}
		for _, m := range digest.Judge(p.Before, p.After, o.noise()) {
			entry := p.Title() + ": " + m.Measure + " " + m.Values[0] + " -> " + m.Values[1]
			switch m.Change.Word {
			case digest.Worse:
				c.Regressions = append(c.Regressions, entry)
			case digest.Better:
				c.Improvements = append(c.Improvements, entry)
			case digest.NoEvidence:
				c.Undecided = append(c.Undecided, entry)
			}
		}
	}
	if after.ExitCode == exitThreshold && before.ExitCode != exitThreshold {
		c.Regressions = append(c.Regressions, "a performance threshold is missed: "+strings.Join(after.Reason, "; "))
	}
	if len(c.pairs) == 0 {
		c.Undecided = append(c.Undecided, "the two tests have no server in common")
	}
	return c
}

// Word sums the comparison up.
func (c *Comparison) Word() string {
	switch {
	case len(c.Regressions) > 0:
		return "REGRESSION"
	case len(c.Improvements) > 0:
		return "BETTER"
	case len(c.Undecided) > 0:
		return "NO EVIDENCE of a difference"
	}
	return "SAME"
}

// Table writes the comparison for a terminal.
func (c *Comparison) Table(w io.Writer, o *Options) error {
	var b bytes.Buffer
	p := grid.Painter(o.color())
	verdict := result.Inconclusive
	switch {
	case len(c.Regressions) > 0:
		verdict = result.Violated
	case len(c.Improvements) > 0 || len(c.Undecided) == 0:
		verdict = result.Pass
	}
	b.WriteString(p.Verdict(verdict, c.Word()) + "\n")
	for _, entry := range c.Regressions {
		item(&b, o, entry)
	}
	for _, pair := range c.pairs {
		b.WriteByte('\n')
		t := grid.Table{Width: o.width(), Header: []string{escape.Cut(escape.Visible(pair.Title()), 30), "before", "after"}, Right: map[int]bool{1: true, 2: true}}
		if !pair.Before.Control {
			t.Header = append(t.Header, "change")
		}
		for _, row := range c.rows(pair, o) {
			cells := append([]string{row.Measure}, visible(row.Values)...)
			if !pair.Before.Control {
				cells = append(cells, p.Word(row.Change.Word, row.Change.String()))
			}
			t.Rows = append(t.Rows, cells)
		}
		if err := t.Write(&b); err != nil {
			return err
		}
	}
	for _, name := range c.Unmatched {
		paragraph(&b, o, "Only in one of the two: "+name+".")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Markdown writes the comparison for a pull request.
func (c *Comparison) Markdown(w io.Writer, o *Options) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## %s\n\n", c.Word())
	for _, entry := range c.Regressions {
		fmt.Fprintf(&b, "- %s\n", escape.Markdown(entry))
	}
	for _, pair := range c.pairs {
		fmt.Fprintf(&b, "\n| %s | before | after | change |\n|:--|--:|--:|:--|\n", escape.Markdown(escape.Cut(pair.Title(), 60)))
		for _, row := range c.rows(pair, o) {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", row.Measure, escape.Markdown(row.Values[0]), escape.Markdown(row.Values[1]), row.Change)
		}
	}
	for _, name := range c.Unmatched {
		fmt.Fprintf(&b, "\nOnly in one of the two: %s.\n", escape.Markdown(name))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (c *Comparison) rows(p digest.Pair, o *Options) []digest.Row {
	runs := []*result.Run{p.Before, p.After}
	if p.Before.Control {
		return digest.Compare(runs, nil, nil, o.noise())
	}
	return digest.Compare(runs, p.Before, p.After, o.noise())
}
