package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
)

// heat is schedules by anomaly class of one run.
type heat struct {
	Run  string
	Head []digest.Code
	Rows []heatRow
}

type heatRow struct {
	Name, Reason, Emitted string
	Skipped               bool
	Span                  int
	Cells                 []heatCell
}

type heatCell struct {
	Text  string
	Level int // 0 none, 1 to 5 by rising count
}

func (p *loadTest) heat() {
	all := map[string]uint64{}
	for i := range p.r.Runs {
		for _, s := range p.r.Runs[i].Schedules {
			for id, n := range s.Anomalies {
				all[id] += n
			}
		}
	}
	head := digest.Sorted(all)
	if len(head) == 0 {
		head = []digest.Code{digest.CodeOf("X0"), digest.CodeOf("D0")}
	}
	p.HeatCodes = head
	for i := range p.r.Runs {
		run := &p.r.Runs[i]
		view := heat{Run: run.Name + ", " + digest.Plural(uint64(max(run.Users, 0)), "user"), Head: head}
		if len(run.Schedules) == 0 {
			view.Head = nil
		}
		for j := range run.Schedules {
			view.Rows = append(view.Rows, heatRowOf(&run.Schedules[j], head))
		}
		p.Heat = append(p.Heat, view)
	}
}

func heatRowOf(s *result.Schedule, head []digest.Code) heatRow {
	out := heatRow{Name: s.Name, Reason: s.Reason, Skipped: !s.Ran, Span: len(head) + 1, Emitted: digest.Count(s.Emitted)}
	for _, code := range head {
		n := s.Anomalies[code.ID]
		cell := heatCell{Text: digest.Count(n)}
		if n > 0 {
			cell.Level = min(5, 1+int(math.Log10(float64(n))*1.5))
		}
		out.Cells = append(out.Cells, cell)
	}
	return out
}

// rest is what closes the page: what was not judged, with what, and how.
func (p *loadTest) rest() {
	r := p.r
	for i := range r.Runs {
		run := &r.Runs[i]
		p.Unjudged = append(p.Unjudged, fact{run.Name + ": frames with a mark", digest.Percent(run.JudgedShare) + " were judged, the others carried none"})
		if run.Declared > 0 {
			p.Unjudged = append(p.Unjudged, fact{run.Name + ": declared", digest.Count(run.Declared) + " losses that the server announced, not counted as lost"})
		}
		var faults uint64
		for id, n := range run.Anomalies {
			if strings.HasPrefix(id, "H") {
				faults += n
			}
		}
		p.Unjudged = append(p.Unjudged, fact{run.Name + ": harness faults", digest.Count(faults)})
	}
	p.Configuration = []fact{{"command", "wsmig " + strings.Join(r.Command, " ")}, {"seed", r.Seed}, {"version", r.Version}, {"exit code", strconv.Itoa(r.ExitCode)}}
	if r.Shard != "" {
		p.Configuration = append(p.Configuration, fact{"shard", r.Shard})
	}
	p.Environment = environment(r.Environment)
	p.Method = method(r)
}

func environment(e *result.Environment) []fact {
	if e == nil {
		return []fact{{"environment", "not recorded"}}
	}
	list := []fact{
		{"Go", e.Go + " " + e.OS + "/" + e.Arch},
		{"processors", fmt.Sprintf("%d, GOMAXPROCS %d", e.CPUs, e.GOMAXPROCS)},
	}
	if e.Load1 > 0 {
		busy := ""
		if e.Load1 > 0.7*float64(max(e.CPUs, 1)) {
			busy = ": the machine was busy, so read latencies and rates with care"
		}
		list = append(list, fact{"load at the start", strconv.FormatFloat(e.Load1, 'f', 2, 64) + busy})
	}
	return list
}

func method(r *result.Result) []string {
	out := []string{
		"Every event carries a mark that names its owner and can't be made by a server that only copies bytes. Each receiver's frames are scanned for marks, and each receipt is held against who was bound to that connection at that moment. The content is never parsed to judge it.",
		"Loss and order are judged within one stream only, and loss only where a fence behind the events came back, so a hole never counts twice and a slow tail never counts as lost.",
		"The limits at 95 % confidence are exact (Clopper-Pearson). They assume that deliveries are independent, which leaks of one race are not: the limit per overlapping pair is the more careful one.",
	}
	if t := r.SelfTest; t.Total > 0 {
		out = append(out, fmt.Sprintf("Before the run the checker was given real traffic, broken once for each of %d kinds of anomaly, and named %d of them.", t.Total, t.Passed))
	}
	return out
}
