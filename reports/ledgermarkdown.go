package reports

import (
	"bytes"
	"fmt"
	"io"

	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// LedgerMarkdown writes what fix did and left for a pull request.
func LedgerMarkdown(w io.Writer, l *ledger.Ledger, _ *Options) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## %s\n\n", ledgerHeadline(l))
	for _, line := range footprint(l) {
		fmt.Fprintf(&b, "- %s\n", escape.Markdown(line))
	}
	if len(l.Singletons) > 0 {
		b.WriteString("\n| singleton | stage | held back by |\n|:--|:--|:--|\n")
		for i := range l.Singletons {
			s := &l.Singletons[i]
			fmt.Fprintf(&b, "| %s | %s | %s |\n", escape.Code(s.Name), stageWord(s.Stage), escape.Markdown(reasonWords(s.HeldBackBy)))
		}
	}
	header := false
	for i := range l.Sites {
		s := &l.Sites[i]
		if s.Status != ledger.Left {
			continue
		}
		if !header {
			b.WriteString("\n| left | role | reason | by hand |\n|:--|:--|:--|:--|\n")
			header = true
		}
		fmt.Fprintf(&b, "| %s %s | %s | %s | %s |\n", escape.Code(fmt.Sprintf("%s:%d:%d", s.File, s.Line, s.Column)), escape.Code(s.Symbol),
			escape.Markdown(string(s.Role)), escape.Markdown(string(s.Reason)), escape.Markdown(s.Message))
	}
	_, err := w.Write(b.Bytes())
	return err
}
