package digest

import (
	"fmt"
	"math"

	"github.com/wsmig/wsmig/loadtest/result"
)

// Growth is how one server's figures grow with the number of users, ready to be
// drawn as a table, and in words.
type Growth struct {
	Title  string
	Header []string
	Rows   [][]string
	Words  []string
}

// Growths says it for every server of a sweep.
func Growths(r *result.Result) (out []Growth) {
	for i := range r.Sweep {
		s := &r.Sweep[i]
		g := Growth{Title: s.Name, Header: []string{"users", "leak rate", "memory", "CPU per event", "CPU per second"}}
		for j := range s.Points {
			p := &s.Points[j]
			g.Rows = append(g.Rows, []string{
				Count(uint64(max(p.Users, 0))), Percent(p.LeakRate), known(float64(p.RSSBytes), Bytes(p.RSSBytes)),
				known(p.CPUMicrosPerEvent, Micros(p.CPUMicrosPerEvent)), known(p.CPUMicrosPerSecond, Micros(p.CPUMicrosPerSecond)),
			})
		}
		for j := range s.Slopes {
			if line := slopeWords(&s.Slopes[j]); line != "" {
				g.Words = append(g.Words, line)
			}
		}
		out = append(out, g)
	}
	return out
}

func known(value float64, text string) string {
	if value == 0 {
		return "not measured"
	}
	return text
}

// slopeWords is one sentence; empty where nothing can be said.
func slopeWords(s *result.Slope) string {
	unit := map[string]struct {
		name string
		show func(float64) string
	}{
		"leak_rate":        {"leak rate", func(v float64) string { return fmt.Sprintf("%.3g points", 100*v) }},
		"rss_bytes":        {"memory", signedBytes},
		"cpu_us_per_event": {"CPU per event", micros},
		"cpu_us_per_s":     {"CPU per second", micros},
	}[s.Measure]
	if unit.show == nil || s.Points < 2 {
		return ""
	}
	text := fmt.Sprintf("%s: %s for each further user", unit.name, unit.show(s.PerUser))
	if s.Low != nil && s.High != nil {
		text += fmt.Sprintf(" (95 %%: %s to %s)", unit.show(*s.Low), unit.show(*s.High))
	}
	if s.Exponent != nil {
		text += fmt.Sprintf("; grows as users^%.2f", *s.Exponent)
		if s.ExponentLow != nil && s.ExponentHigh != nil {
			text += fmt.Sprintf(" (%.2f to %.2f)", *s.ExponentLow, *s.ExponentHigh)
		}
	}
	return text
}

func signedBytes(v float64) string {
	if v < 0 {
		return "-" + Bytes(uint64(math.Round(-v)))
	}
	return Bytes(uint64(math.Round(v)))
}

func micros(v float64) string { return fmt.Sprintf("%.3g us", v) }
