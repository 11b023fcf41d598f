package reports

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// Markdown writes a load test for a pull request or a GitHub step summary, whose
// limit of 1 MiB it stays far below: verdict, comparison, evidence, schedules,
// and how to run it again.
func Markdown(w io.Writer, r *result.Result, o *Options) error {
	var b bytes.Buffer
	story := digest.Tell(r)
	fmt.Fprintf(&b, "## %s %s\n\n**%s**\n\n", icon(r.Verdict), story.Word, escape.Markdown(story.Headline))
	for _, reason := range story.Reasons {
		fmt.Fprintf(&b, "- %s\n", escape.Markdown(reason))
	}
	if len(story.Reasons) > 0 {
		b.WriteByte('\n')
	}
	for _, group := range story.Groups {
		markdownGroup(&b, group, o)
	}
	for _, g := range digest.Growths(r) {
		markdownGrowth(&b, &g)
	}
	for _, line := range append(story.Runs, story.Assurance()...) {
		fmt.Fprintf(&b, "- %s\n", escape.Markdown(line))
	}
	for i := range r.Runs {
		markdownEvidence(&b, &r.Runs[i])
	}
	markdownSchedules(&b, r)
	if r.Replay != "" {
		fmt.Fprintf(&b, "\nRun it again: %s\n", escape.Code(r.Replay))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func markdownGrowth(b *bytes.Buffer, g *digest.Growth) {
	fmt.Fprintf(b, "### Over users: %s\n\n|%s|\n|%s\n", escape.Markdown(g.Title), strings.Join(g.Header, "|"), strings.Repeat("--:|", len(g.Header)))
	for _, row := range g.Rows {
		fmt.Fprintf(b, "|%s|\n", strings.Join(row, "|"))
	}
	b.WriteByte('\n')
	for _, line := range g.Words {
		fmt.Fprintf(b, "- %s\n", escape.Markdown(line))
	}
	b.WriteByte('\n')
}

// icon goes with the word, never instead of it.
func icon(v result.Verdict) string {
	switch v {
	case result.Pass:
		return "✅"
	case result.Violated:
		return "❌"
	}
	return "❔"
}

func markdownGroup(b *bytes.Buffer, group digest.Group, o *Options) {
	header := []string{group.Title()}
	for _, run := range group.Runs {
		header = append(header, escape.Markdown(escape.Cut(run.Name, 60)))
	}
	aligned := "|:--|" + strings.Repeat("--:|", len(group.Runs))
	if group.Before != nil {
		header = append(header, "change")
		aligned += ":--|"
	}
	fmt.Fprintf(b, "| %s |\n%s\n", strings.Join(header, " | "), aligned)
	for _, row := range digest.Compare(group.Runs, group.Before, group.After, o.noise()) {
		cells := []string{row.Measure}
		for _, value := range row.Values {
			cells = append(cells, escape.Markdown(escape.Cut(value, 60)))
		}
		if group.Before != nil {
			cells = append(cells, row.Change.String())
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
	b.WriteByte('\n')
}

// evidenceShown keeps a summary readable; the files beside it have the rest.
const evidenceShown = 10

func markdownEvidence(b *bytes.Buffer, run *result.Run) {
	if len(run.Evidence) == 0 {
		return
	}
	fmt.Fprintf(b, "\n<details><summary>Evidence from %s (%d kept)</summary>\n\n", escape.Code(escape.Cut(run.Name, 60)), len(run.Evidence))
	for i := range run.Evidence {
		if i == evidenceShown {
			fmt.Fprintf(b, "\n%s more in results.json.\n", digest.Count(uint64(len(run.Evidence)-i)))
			break
		}
		e := &run.Evidence[i]
		code := digest.CodeOf(e.Code)
		fmt.Fprintf(b, "%d. **%s** (%s): %s", i+1, escape.Markdown(code.Name), escape.Markdown(e.Schedule), escape.Markdown(escape.Cut(e.Prose, 600)))
		if e.Frame != "" {
			fmt.Fprintf(b, "<br>%s", escape.Code(escape.Cut(e.Frame, 300)))
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n</details>\n")
}

func markdownSchedules(b *bytes.Buffer, r *result.Result) {
	table := digest.Schedules(r)
	if len(table) == 0 {
		return
	}
	b.WriteString("\n<details><summary>What each schedule found</summary>\n\n| schedule |")
	for i := range r.Runs {
		b.WriteString(" " + escape.Markdown(escape.Cut(runTitle(r, i), 60)) + " |")
	}
	b.WriteString("\n|:--|" + strings.Repeat(":--|", len(r.Runs)) + "\n")
	for _, row := range table {
		fmt.Fprintf(b, "| %s |", escape.Markdown(escape.Cut(row.Name, 60)))
		for _, cell := range row.Cells {
			b.WriteString(" " + escape.Markdown(escape.Cut(cell, 200)) + " |")
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n</details>\n")
}

// runTitle names a run, with its users where the same server ran with several
// numbers of them.
func runTitle(r *result.Result, i int) string {
	run := &r.Runs[i]
	for j := range r.Runs {
		if j != i && r.Runs[j].Name == run.Name {
			return fmt.Sprintf("%s, %s", run.Name, digest.Plural(uint64(max(run.Users, 0)), "user"))
		}
	}
	return run.Name
}
