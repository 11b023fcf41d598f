package page

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/chart"
	"github.com/wsmig/wsmig/reports/internal/digest"
)

type loadTest struct {
	frame
	r        *result.Result
	Verdict  result.Verdict
	Story    digest.Story
	Started  string
	Version  string
	Facts    []fact
	Replay   string
	Sections []section
	Noise    string
	Compared bool

	Groups    []group
	Matrices  []matrices
	Evidence  []evidence
	Sites     *chart.Table
	SitesNote string
	Lanes     []chart.Figure
	Speed     []chart.Figure
	Heat      []heat
	HeatCodes []digest.Code

	Unjudged, Configuration, Environment []fact
	Method                               []string
	Codes                                []digest.Code
}

// matrices is a row of pictures, and a second one with every id.
type matrices struct{ Usual, All []chart.Figure }

type section struct{ ID, Title string }

type group struct {
	Title    string
	Head     []string
	Rows     []row
	Compared bool
}

type row struct {
	digest.Row
	Key bool // one of the measures that decide
}

// LoadTest writes the page of a load test. Noise is the factor of the comparison;
// lint may be nil.
func LoadTest(w io.Writer, r *result.Result, lint *findings.Result, noise float64) error {
	return render(w, "loadtest", newLoadTest(r, lint, noise))
}

func newLoadTest(r *result.Result, lint *findings.Result, noise float64) *loadTest {
	story := digest.Tell(r)
	p := &loadTest{
		frame: newFrame("wsmig: " + story.Word), r: r, Verdict: r.Verdict, Story: story,
		Started: r.Started, Version: r.Version, Replay: r.Replay, Noise: strconv.FormatFloat(noise, 'f', -1, 64),
		Facts: facts(r), Codes: digest.Sorted(everyCode()),
	}
	p.compare(noise)
	p.pictures()
	p.evidence()
	p.sites(lint)
	p.heat()
	p.rest()
	p.sections()
	return p
}

func everyCode() map[string]uint64 {
	all := map[string]uint64{}
	for _, code := range history.Codes() {
		all[code.String()] = 1
	}
	return all
}

func facts(r *result.Result) []fact {
	var delivered uint64
	var users []string
	for i := range r.Runs {
		delivered += r.Runs[i].Delivered
		if n := digest.Count(uint64(max(r.Runs[i].Users, 0))); !slices.Contains(users, n) {
			users = append(users, n)
		}
	}
	selftest := "not run"
	if r.SelfTest.Total > 0 {
		selftest = fmt.Sprintf("%d of %d", r.SelfTest.Passed, r.SelfTest.Total)
	}
	return []fact{
		{"users", strings.Join(users, ", ")},
		{"deliveries judged", digest.Count(delivered)},
		{"length", digest.Micros(r.Seconds * 1e6)},
		{"pairs that overlapped", pairs(r)},
		{"checker self-test", selftest},
		{"seed", r.Seed},
	}
}

// pairs is how much of the possible interference was tried at the servers under
// test.
func pairs(r *result.Result) string {
	var met, possible uint64
	for i := range r.Runs {
		if run := &r.Runs[i]; !run.Control && run.Pairs != nil {
			met += run.Pairs.Overlapped
			possible += run.Pairs.Possible
		}
	}
	if possible == 0 {
		return "not counted"
	}
	return digest.Count(met) + " of " + digest.Count(possible)
}

func (p *loadTest) compare(noise float64) {
	for _, g := range p.Story.Groups {
		view := group{Title: g.Title(), Compared: g.Before != nil}
		p.Compared = p.Compared || view.Compared
		for _, run := range g.Runs {
			view.Head = append(view.Head, run.Name)
		}
		for i, line := range digest.Compare(g.Runs, g.Before, g.After, noise) {
			view.Rows = append(view.Rows, row{line, i < 1 || line.Measure == "leaks"})
		}
		p.Groups = append(p.Groups, view)
	}
}

func (p *loadTest) pictures() {
	for _, g := range p.Story.Groups {
		titles := make([]string, len(g.Runs))
		for i, run := range g.Runs {
			titles[i] = run.Name
			if len(p.Story.Groups) > 1 {
				titles[i] += ", " + g.Title()
			}
		}
		usual, all := chart.Matrices(g.Runs, titles)
		p.Matrices = append(p.Matrices, matrices{usual, all})
		p.Speed = append(p.Speed, titled(chart.LatencyCurve(g.Runs, titles), g, p.Story.Groups), titled(chart.OverTime(g.Runs, titles), g, p.Story.Groups))
		for _, run := range g.Runs {
			if f := chart.Lanes(run); f.SVG != "" {
				p.Lanes = append(p.Lanes, f)
			}
		}
	}
	p.Speed = append(p.Speed, chart.LeakRate(p.r))
}

func titled(f chart.Figure, g digest.Group, all []digest.Group) chart.Figure {
	if len(all) > 1 {
		f.Title += ", " + g.Title()
	}
	return f
}

func (p *loadTest) sections() {
	first := "Measures"
	if p.Compared {
		first = "Before and after"
	}
	p.Sections = []section{{"compare", first}, {"matrix", "Who received whose events"}}
	if len(p.Evidence) > 0 {
		p.Sections = append(p.Sections, section{"evidence", "Evidence"})
	}
	if len(p.Lanes) > 0 {
		p.Sections = append(p.Sections, section{"lanes", "First leak"})
	}
	p.Sections = append(p.Sections, section{"speed", "Latency and rates"}, section{"schedules", "Schedules"}, section{"method", "Not judged, method"})
}
