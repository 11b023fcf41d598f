package reports

import (
	"bytes"
	"fmt"
	"io"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// findingsShown keeps a summary far below GitHub's limit of 1 MiB.
const findingsShown = 200

// LintMarkdown writes findings for a pull request or a GitHub step summary: what
// is left by package, the singletons with their uses, and the places.
func LintMarkdown(w io.Writer, r *findings.Result, _ *Options) error {
	var b bytes.Buffer
	open := openFindings(r)
	fmt.Fprintf(&b, "## %s\n\n", lintHeadline(r))
	markdownProgress(&b, r)
	markdownSingletons(&b, r)
	if len(open) > 0 {
		fmt.Fprintf(&b, "\n<details><summary>%s</summary>\n\n", digest.Plural(uint64(len(open)), "place"))
		for i, f := range open {
			if i == findingsShown {
				fmt.Fprintf(&b, "\n%s more.\n", digest.Count(uint64(len(open)-i)))
				break
			}
			fmt.Fprintf(&b, "- %s %s\n", escape.Code(place(f)), escape.Markdown(lintMessage(f)))
		}
		b.WriteString("\n</details>\n")
	}
	fmt.Fprintf(&b, "\n%s\n", digest.LintCoverage(r))
	_, err := w.Write(b.Bytes())
	return err
}

func openFindings(r *findings.Result) []*findings.Finding {
	var open []*findings.Finding
	for i := range r.Findings {
		if shown(&r.Findings[i]) {
			open = append(open, &r.Findings[i])
		}
	}
	return open
}

func lintHeadline(r *findings.Result) string {
	total := digest.Total(r)
	if total.Todo == 0 {
		return "✅ No use of a process-wide WebSocket manager is left"
	}
	return fmt.Sprintf("❌ %s of %s, %s fixable", digest.Plural(total.Todo, "finding"), digest.Plural(uint64(len(r.Singletons)), "singleton"), digest.Count(total.Fixable))
}

func markdownProgress(b *bytes.Buffer, r *findings.Result) {
	list := progress(r)
	if len(list) == 0 {
		return
	}
	b.WriteString("| package | to do | fixable | info | baseline | ignored |\n|:--|--:|--:|--:|--:|--:|\n")
	for _, p := range list {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", escape.Code(p.Name),
			digest.Count(p.Todo), digest.Count(p.Fixable), digest.Count(p.Info), digest.Count(p.Baseline), digest.Count(p.Ignored))
	}
}

func markdownSingletons(b *bytes.Buffer, r *findings.Result) {
	if len(r.Singletons) == 0 {
		return
	}
	b.WriteString("\n| singleton | form | declared | uses |\n|:--|:--|:--|:--|\n")
	for i := range r.Singletons {
		s := &r.Singletons[i]
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", escape.Code(s.Package+"."+s.Name), escape.Markdown(string(s.Form)), escape.Code(fmt.Sprintf("%s:%d", s.File, s.Line)), usesOf(s))
	}
}
