package reports

import (
	"bytes"
	"io"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/escape"
	"github.com/wsmig/wsmig/reports/internal/grid"
)

// Table writes a load test for a terminal: the verdict in words first, then one
// table for each number of users with a column for each server and, where there
// is a control, what the difference is worth; then how strong the verdict is and
// how to run it again. Lines keep to the width of the options, except for the
// replay command, which stays on one line so that it can be copied.
func Table(w io.Writer, r *result.Result, o *Options) error {
	var b bytes.Buffer
	story := digest.Tell(r)
	p := grid.Painter(o.color())
	b.WriteString(p.Verdict(r.Verdict, story.Word) + "\n\n")
	paragraph(&b, o, story.Headline)
	for _, reason := range story.Reasons {
		item(&b, o, reason)
	}
	for _, group := range story.Groups {
		b.WriteByte('\n')
		if err := groupTable(&b, group, o); err != nil {
			return err
		}
	}
	if err := growthTables(&b, r, o); err != nil {
		return err
	}
	b.WriteByte('\n')
	for _, line := range append(story.Runs, story.Assurance()...) {
		paragraph(&b, o, line)
	}
	if left := notRun(r); left != "" {
		paragraph(&b, o, left)
	}
	if r.Replay != "" {
		b.WriteString("\nreplay: " + escape.Visible(r.Replay) + "\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// growthTables show how each server's figures grow with the number of users.
func growthTables(b *bytes.Buffer, r *result.Result, o *Options) error {
	for _, g := range digest.Growths(r) {
		b.WriteByte('\n')
		t := grid.Table{Width: o.width(), Header: g.Header, Rows: g.Rows, Right: map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true}}
		paragraph(b, o, "over users, "+escape.Visible(g.Title)+":")
		if err := t.Write(b); err != nil {
			return err
		}
		for _, line := range g.Words {
			item(b, o, line)
		}
	}
	return nil
}

// columnsAtOnce is how many servers fit beside each other in 80 columns.
const columnsAtOnce = 3

func groupTable(b *bytes.Buffer, group digest.Group, o *Options) error {
	for first := 0; first < len(group.Runs); first += columnsAtOnce {
		runs := group.Runs[first:min(first+columnsAtOnce, len(group.Runs))]
		before, after := group.Before, group.After
		if first > 0 {
			before, after = nil, nil
		}
		t := grid.Table{Width: o.width(), Header: []string{group.Title()}, Right: map[int]bool{}}
		for i, run := range runs {
			t.Header = append(t.Header, escape.Cut(escape.Visible(run.Name), 24))
			t.Right[i+1] = true
		}
		if before != nil {
			t.Header = append(t.Header, "change")
		}
		p := grid.Painter(o.color())
		for _, row := range digest.Compare(runs, before, after, o.noise()) {
			cells := append([]string{row.Measure}, visible(row.Values)...)
			if before != nil {
				cells = append(cells, p.Word(row.Change.Word, row.Change.String()))
			}
			t.Rows = append(t.Rows, cells)
		}
		if err := t.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func visible(values []string) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = escape.Cut(escape.Visible(value), 24)
	}
	return out
}

func notRun(r *result.Result) string {
	var parts []string
	seen := map[string]bool{}
	for i := range r.Runs {
		for _, s := range r.Runs[i].Schedules {
			if !s.Ran && !seen[s.Name] {
				seen[s.Name] = true
				parts = append(parts, s.Name+" ("+s.Reason+")")
			}
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Not run: " + strings.Join(parts, ", ") + "."
}

func paragraph(b *bytes.Buffer, o *Options, text string) {
	b.WriteString(grid.Wrap(escape.Visible(text), o.width(), "") + "\n")
}

func item(b *bytes.Buffer, o *Options, text string) {
	b.WriteString("- " + grid.Wrap(escape.Visible(text), o.width()-2, "  ") + "\n")
}
