package page

import (
	"fmt"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/chart"
	"github.com/wsmig/wsmig/reports/internal/digest"
)

// Limits that keep the page small and readable; results.json has the rest.
const (
	cardsAtMost = 6
	rowsAtMost  = 25
	sitesAtMost = 20
)

// evidence is what one run left.
type evidence struct {
	Run   string
	Cards []card
	Rest  *chart.Table
	More  string
}

type card struct {
	E        *result.Evidence
	Code     digest.Code
	Receiver string
	When     string
	Sequence chart.Figure
}

// evidence shows the servers under test before the controls, and of each run one
// of every class before a second of any.
func (p *loadTest) evidence() {
	for _, control := range []bool{false, true} {
		for i := range p.r.Runs {
			if run := &p.r.Runs[i]; run.Control == control && len(run.Evidence) > 0 {
				p.Evidence = append(p.Evidence, evidenceOf(run))
			}
		}
	}
}

func evidenceOf(run *result.Run) evidence {
	out := evidence{Run: run.Name + ", " + digest.Plural(uint64(max(run.Users, 0)), "user")}
	if run.Control {
		out.Run = run.Name + " (control), " + digest.Plural(uint64(max(run.Users, 0)), "user")
	}
	chosen := choose(run.Evidence)
	rest := &chart.Table{Head: []string{"class", "at", "meant for", "received by", "schedule", "what happened"}, Words: 6}
	for i := range run.Evidence {
		e := &run.Evidence[i]
		switch {
		case chosen[i]:
			out.Cards = append(out.Cards, newCard(e))
		case len(rest.Rows) < rowsAtMost:
			rest.Rows = append(rest.Rows, []string{e.Code, fmt.Sprintf("%.1f ms", e.AtMS), e.Owner, e.Receiver, e.Schedule, e.Prose})
		}
	}
	if len(rest.Rows) > 0 {
		out.Rest = rest
		out.More = digest.Plural(uint64(len(run.Evidence)-len(out.Cards)), "more finding") + " of this run"
		if all := len(run.Evidence) - len(out.Cards); all > len(rest.Rows) {
			out.More += fmt.Sprintf(", %d of them here", len(rest.Rows))
		}
	}
	return out
}

func choose(list []result.Evidence) map[int]bool {
	chosen, seen := map[int]bool{}, map[string]int{}
	for round := 0; len(chosen) < min(cardsAtMost, len(list)); round++ {
		for i := range list {
			if len(chosen) < cardsAtMost && !chosen[i] && seen[list[i].Code] <= round {
				chosen[i] = true
				seen[list[i].Code]++
			}
		}
	}
	return chosen
}

func newCard(e *result.Evidence) card {
	c := card{E: e, Code: digest.CodeOf(e.Code), Receiver: e.Receiver, Sequence: chart.Sequence(e)}
	if e.Connection != "" {
		c.Receiver += " on " + e.Connection
	}
	if e.Code == "D0" {
		c.Receiver = "nobody"
	}
	c.When = fmt.Sprintf("%.1f ms into the run", e.AtMS)
	if e.EmittedMS > 0 && e.Code != "D0" {
		c.When += ", " + digest.Micros((e.AtMS-e.EmittedMS)*1000) + " after it was emitted"
	}
	return c
}

// sites lists the addressed sends that lint found: the lines from which such
// events leave.
func (p *loadTest) sites(lint *findings.Result) {
	if lint == nil || len(p.Evidence) == 0 {
		return
	}
	t := &chart.Table{Head: []string{"line", "what it does", "addressee", "through"}, Words: 4}
	total := 0
	for i := range lint.Findings {
		f := &lint.Findings[i]
		switch f.Role {
		case findings.UserSend, findings.ConnSend, findings.RoomSend, findings.RoutedSend, findings.Broadcast:
		default:
			continue
		}
		total++
		if len(t.Rows) < sitesAtMost {
			t.Rows = append(t.Rows, []string{fmt.Sprintf("%s:%d", f.File, f.Line), string(f.Role), f.Addressee, f.Singleton})
		}
	}
	if total > 0 {
		p.Sites = t
		p.SitesNote = digest.Plural(uint64(total), "send") + " through a process-wide manager. Any of them can be the one behind a leak."
		if total > len(t.Rows) {
			p.SitesNote += fmt.Sprintf(" The first %d are shown.", len(t.Rows))
		}
	}
}
