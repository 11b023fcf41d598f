package reports

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
	"github.com/wsmig/wsmig/reports/internal/grid"
)

// LedgerTable writes what fix did and left for a terminal: the sum in words, the
// footprint in go.mod, how far each singleton got, and every site that was left
// with the reason and what to do by hand.
func LedgerTable(w io.Writer, l *ledger.Ledger, o *Options) error {
	var b bytes.Buffer
	p := grid.Painter(o.color())
	b.WriteString(p.Bold(ledgerHeadline(l)) + "\n")
	for _, line := range footprint(l) {
		paragraph(&b, o, line)
	}
	if err := ledgerSingletons(&b, l, o); err != nil {
		return err
	}
	if err := ledgerSites(&b, l, o); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func ledgerHeadline(l *ledger.Ledger) string {
	counts := map[ledger.Status]uint64{}
	for i := range l.Sites {
		counts[l.Sites[i].Status]++
	}
	return fmt.Sprintf("%s fixed, %s left, %s kept in %s changed",
		digest.Count(counts[ledger.Fixed]), digest.Count(counts[ledger.Left]), digest.Count(counts[ledger.Kept]), digest.Plural(uint64(len(l.FilesChanged)), "file"))
}

func footprint(l *ledger.Ledger) []string {
	var lines []string
	if !l.Builds {
		lines = append(lines, "The result does not build: nothing was written.")
	}
	if l.GoMod.Require != "" {
		lines = append(lines, "go.mod requires "+l.GoMod.Require+".")
	}
	if l.GoMod.GoBefore != l.GoMod.GoAfter {
		lines = append(lines, fmt.Sprintf("The go line changes from %s to %s.", l.GoMod.GoBefore, l.GoMod.GoAfter))
	}
	if kept := keptWords(l); kept != "" {
		lines = append(lines, "Kept, since this stage does not ask for them: "+kept+".")
	}
	return lines
}

// keptWords counts the kept sites by reason: "3 query, 2 broadcast".
func keptWords(l *ledger.Ledger) string {
	counts := map[string]int{}
	for i := range l.Sites {
		if s := &l.Sites[i]; s.Status == ledger.Kept {
			counts[string(s.Reason)]++
		}
	}
	var parts []string
	for _, reason := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}) {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", counts[reason], reason)))
	}
	return strings.Join(parts, ", ")
}

func ledgerSingletons(b *bytes.Buffer, l *ledger.Ledger, o *Options) error {
	t := grid.Table{Width: o.width(), Header: []string{"singleton", "stage", "held back by"}}
	for _, s := range l.Singletons {
		t.Rows = append(t.Rows, visibleCells(s.Name, stageWord(s.Stage), reasonWords(s.HeldBackBy)))
	}
	if len(t.Rows) > 0 {
		b.WriteByte('\n')
	}
	return t.Write(b)
}

func stageWord(stage ledger.Stage) string {
	if stage == ledger.None {
		return "untouched"
	}
	return string(stage)
}

func reasonWords(reasons []ledger.Reason) string {
	words := make([]string, len(reasons))
	for i, reason := range reasons {
		words[i] = string(reason)
	}
	return strings.Join(words, ", ")
}

func ledgerSites(b *bytes.Buffer, l *ledger.Ledger, o *Options) error {
	p := grid.Painter(o.color())
	t := grid.Table{Width: o.width(), Header: []string{"left", "role", "reason", "by hand"}}
	for i := range l.Sites {
		s := &l.Sites[i]
		if s.Status != ledger.Left {
			continue
		}
		row := visibleCells(fmt.Sprintf("%s:%d:%d %s", s.File, s.Line, s.Column, s.Symbol), string(s.Role), string(s.Reason), s.Message)
		row[2] = p.Warn(row[2])
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) > 0 {
		b.WriteByte('\n')
	}
	return t.Write(b)
}

func visibleCells(values ...string) []string {
	for i, value := range values {
		values[i] = escape.Visible(value)
	}
	return values
}
