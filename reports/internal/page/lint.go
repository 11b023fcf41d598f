package page

import (
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/chart"
	"github.com/wsmig/wsmig/reports/internal/digest"
)

type lintReport struct {
	frame
	Verdict   result.Verdict
	Word      string
	Headline  string
	Sentences []string
	Facts     []fact
	Sections  []section
	Coverage  string

	Legend     []chart.Key
	Progress   []progress
	Stages     []stage
	Trend      chart.Figure
	Singletons []singleton
	Files      []fileFindings
	More       string

	Failed, Skipped *chart.Table
}

type progress struct {
	Title, Head string
	Rows        []progressRow
}

type progressRow struct {
	Bar template.HTML
	digest.Progress
}

type stage struct {
	Name       string
	Steps      []bool // bind, move, remove
	HeldBackBy string
}

type singleton struct {
	Name, Form, Place, Type, Accessors, Library string
	Info                                        bool
	Uses                                        []use
}

type use struct {
	Role, Count string
	Bar         template.HTML
}

type fileFindings struct {
	File string
	Rows []findingRow
}

type findingRow struct{ Place, Role, Message, Fix string }

// findingsAtMost keeps the page small; the JSON has all of them.
const findingsAtMost = 1000

// Lint writes the page of an analysis; migration may be nil.
func Lint(w io.Writer, r *findings.Result, migration *ledger.Ledger) error {
	total := digest.Total(r)
	p := &lintReport{
		Verdict: result.Pass, Word: "CLEAN", Headline: "No use of a process-wide WebSocket manager is left.",
		Coverage: digest.LintCoverage(r),
		Legend:   []chart.Key{{Class: "seg-fix", Text: "open, fixable"}, {Class: "seg-hand", Text: "open, by hand"}, {Class: "seg-base", Text: "in the baseline"}, {Class: "seg-info", Text: "info or ignored"}},
		Failed:   failed(r), Skipped: skipped(r),
	}
	if total.Todo > 0 {
		p.Verdict, p.Word = result.Violated, "OPEN"
		p.Headline = fmt.Sprintf("%s through %s.", digest.Plural(total.Todo, "finding"), digest.Plural(uint64(len(r.Singletons)), "process-wide singleton"))
		p.Sentences = append(p.Sentences, fmt.Sprintf("wsmig fix can rewrite %s of them; the other %s ask for a decision.", digest.Count(total.Fixable), digest.Count(total.Todo-total.Fixable)))
	}
	p.frame = newFrame("wsmig lint: " + p.Word)
	p.Facts = []fact{
		{"open", digest.Count(total.Todo)}, {"fixable", digest.Count(total.Fixable)}, {"in the baseline", digest.Count(total.Baseline)},
		{"ignored in the source", digest.Count(total.Ignored)}, {"informational", digest.Count(total.Info)}, {"singletons", digest.Count(uint64(len(r.Singletons)))},
	}
	p.Progress = progressOf(r)
	p.stages(migration)
	p.trend(total)
	p.singletons(r)
	p.findings(r)
	p.Sections = []section{{"progress", "Progress"}, {"stages", "Stages"}, {"trend", "Baseline"}, {"singletons", "Singletons"}, {"findings", "Findings"}, {"coverage", "What was read"}}
	return render(w, "lint", p)
}

func progressOf(r *findings.Result) []progress {
	if len(r.Findings) == 0 {
		return nil
	}
	byPackage := digest.ProgressBy(r, func(f *findings.Finding) string { return f.Package })
	byRole := digest.ProgressBy(r, func(f *findings.Finding) string { return string(f.Role) })
	byRule := digest.ProgressBy(r, func(f *findings.Finding) string { return f.Rule })
	out := []progress{{"By package", "package", bars(byPackage)}, {"By role", "role", bars(byRole)}, {"By stage", "stage", bars(digest.ProgressByStage(r))}}
	if len(byRule) > 1 {
		out = append(out, progress{"By rule", "rule", bars(byRule)})
	}
	return out
}

func bars(list []digest.Progress) []progressRow {
	var top uint64
	for _, p := range list {
		top = max(top, p.All())
	}
	var rows []progressRow
	for _, p := range list {
		rows = append(rows, progressRow{chart.Bar(top,
			chart.Segment{Class: "seg-hand", Name: "open, by hand", N: p.Todo - p.Fixable},
			chart.Segment{Class: "seg-fix", Name: "open, fixable", N: p.Fixable},
			chart.Segment{Class: "seg-base", Name: "in the baseline", N: p.Baseline},
			chart.Segment{Class: "seg-info", Name: "info or ignored", N: p.Info + p.Ignored},
		), p})
	}
	return rows
}

func (p *lintReport) stages(l *ledger.Ledger) {
	if l == nil {
		return
	}
	order := []ledger.Stage{ledger.None, ledger.Bind, ledger.Move, ledger.Remove}
	for _, s := range l.Singletons {
		reached := slices.Index(order, s.Stage)
		var held []string
		for _, reason := range s.HeldBackBy {
			held = append(held, string(reason))
		}
		p.Stages = append(p.Stages, stage{s.Name, []bool{reached >= 1, reached >= 2, reached >= 3}, strings.Join(held, ", ")})
	}
}

// trend compares what is open with what the baseline accepted: the only history
// that one analysis carries.
func (p *lintReport) trend(total digest.Progress) {
	f := chart.Figure{Note: fmt.Sprintf("%s accepted in the baseline still stand; %s came since, or were never accepted.", digest.Count(total.Baseline), digest.Count(total.Todo))}
	if total.Baseline == 0 {
		f.Note = ""
		f.Missing = "No baseline was in use: wsmig lint --write-baseline accepts what is there, and from then on only what is new fails."
		p.Trend = f
		return
	}
	f.SVG = chart.Bar(total.Baseline+total.Todo, chart.Segment{Class: "seg-base", Name: "in the baseline", N: total.Baseline}, chart.Segment{Class: "seg-hand", Name: "beyond it", N: total.Todo})
	f.Legend = []chart.Key{{Class: "seg-base", Text: "in the baseline: " + digest.Count(total.Baseline)}, {Class: "seg-hand", Text: "beyond it: " + digest.Count(total.Todo)}}
	p.Trend = f
}
