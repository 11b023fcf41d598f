package digest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/escape"
)

// Story is a load test in words. Its sentences hold names that come from the
// file (of runs, schedules, mechanisms): they are not escaped yet.
type Story struct {
	Word       string   // PASS, VIOLATED, INCONCLUSIVE, with INTERRUPTED in front where it was
	Headline   string   // one sentence: what happened
	Runs       []string // one sentence per server
	Confidence []string // how sure a clean server is, one sentence each
	Checks     []string // what was tried, what could be judged, and the checker's self-test
	Reasons    []string // why it is not a plain pass
	Groups     []Group
}

// Group is the runs that share a number of users, with the pair that is compared.
type Group struct {
	Users         int
	Runs          []*result.Run
	Before, After *result.Run // nil when there is no control, or nothing beside it
}

// Title names the group: "10 users".
func (g Group) Title() string { return Plural(uint64(max(g.Users, 0)), "user") }

// Tell puts a load test into words.
func Tell(r *result.Result) Story {
	s := Story{Word: word(r), Groups: groups(r), Reasons: r.Reason}
	s.Headline = sentence(headline(r))
	for i := range r.Runs {
		s.Runs = append(s.Runs, runSentence(&r.Runs[i], len(s.Groups) > 1))
	}
	s.Confidence, s.Checks = confidence(r, len(s.Groups) > 1), checks(r, len(s.Groups) > 1)
	return s
}

const (
	exitThreshold   = 4
	exitInterrupted = 130
)

func word(r *result.Result) string {
	name := strings.ToUpper(string(r.Verdict))
	switch r.ExitCode {
	case exitInterrupted:
		return "INTERRUPTED, " + name
	case exitThreshold:
		return name + ", TOO SLOW"
	}
	return name
}

func groups(r *result.Result) []Group {
	var list []Group
	for i := range r.Runs {
		run := &r.Runs[i]
		at := slices.IndexFunc(list, func(g Group) bool { return g.Users == run.Users })
		if at < 0 {
			list = append(list, Group{Users: run.Users})
			at = len(list) - 1
		}
		g := &list[at]
		g.Runs = append(g.Runs, run)
		if run.Control && g.Before == nil {
			g.Before = run
		}
		if !run.Control && g.After == nil {
			g.After = run
		}
	}
	for i := range list {
		if list[i].Before == nil || list[i].After == nil {
			list[i].Before, list[i].After = nil, nil
		}
	}
	return list
}

func headline(r *result.Result) string {
	controls, tested := split(r)
	switch {
	case len(r.Runs) == 0:
		return "No server was tested."
	case r.Verdict == result.Violated:
		return violatedHeadline(tested, r)
	case r.Verdict == result.Inconclusive:
		return "Nothing is proven: what the run saw is not enough for a verdict."
	case len(tested) == 0:
		return fmt.Sprintf("%s was caught leaking: %s.", names(controls), Plural(sum(controls, leaks), "leak"))
	}
	held := fmt.Sprintf("%s held: %s reached a wrong user", names(tested), noneOf(sum(tested, delivered), "delivery"))
	if leaked := sum(tested, leaks); leaked > 0 {
		held = fmt.Sprintf("%s held what was expected of it, with %s", names(tested), Plural(leaked, "receipt")+" outside the audience")
	}
	if len(controls) == 0 {
		return held + "."
	}
	return fmt.Sprintf("%s; under the same plan %s leaked %s.", held, names(controls), times(sum(controls, leaks)))
}

func violatedHeadline(tested []*result.Run, r *result.Result) string {
	bad := slices.DeleteFunc(slices.Clone(tested), func(run *result.Run) bool { return run.Verdict != result.Violated })
	if len(bad) == 0 {
		for i := range r.Runs {
			bad = append(bad, &r.Runs[i])
		}
	}
	if n := sum(bad, leaks); n > 0 {
		return fmt.Sprintf("%s is not isolated: %s in %s.", names(bad), Plural(n, "receipt")+" outside the audience", Plural(sum(bad, delivered), "delivery"))
	}
	return fmt.Sprintf("%s broke what was expected of it: %s.", names(bad), wrong(judged(merged(bad), r.Reason), bad...))
}

// judged leaves the anomalies that the reasons name: what is only reported broke
// nothing. Where they name none, all are left.
func judged(counts map[string]uint64, reasons []string) map[string]uint64 {
	named := maps.Clone(counts)
	maps.DeleteFunc(named, func(id string, _ uint64) bool {
		return !slices.ContainsFunc(reasons, func(reason string) bool { return strings.Contains(reason, "("+id+")") })
	})
	if len(named) == 0 && !slices.ContainsFunc(reasons, outOfOrder) {
		return counts
	}
	return named
}

// outOfOrder knows the reason that a protocol's events give.
func outOfOrder(reason string) bool { return strings.Contains(reason, " out of order in ") }

func runSentence(run *result.Run, withUsers bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, ", runName(run, withUsers), Verdict(run.Verdict))
	if what := wrong(run.Anomalies, run); what == "" {
		fmt.Fprintf(&b, "nothing wrong in %s", Plural(run.Delivered, "delivery"))
	} else {
		fmt.Fprintf(&b, "%s in %s", what, Plural(run.Delivered, "delivery"))
		if by := mechanismNames(run.Mechanisms); by != "" {
			b.WriteString(", by " + by)
		}
	}
	if run.Level != "" && run.Level != "none" {
		b.WriteString("; holds up to " + run.Level)
	}
	return b.String() + "."
}

func runName(run *result.Run, withUsers bool) string {
	name := run.Name
	if run.Control {
		name += " (control)"
	}
	if withUsers {
		name += " with " + Plural(uint64(max(run.Users, 0)), "user")
	}
	return name
}

// wrong is all that was found, anomalies and events out of order.
func wrong(counts map[string]uint64, runs ...*result.Run) string {
	var parts []string
	if found := anomalies(counts); found != "" {
		parts = append(parts, found)
	}
	for _, run := range runs {
		for _, p := range run.Protocols {
			if p.Faults > 0 {
				parts = append(parts, fmt.Sprintf("%s out of order in %s", p.Name, Plural(p.Faults, "place")))
			}
		}
	}
	return strings.Join(parts, ", ")
}

// anomalies lists counts with their names: "17 X0 cross-user delivery, 3 D0 lost".
func anomalies(counts map[string]uint64) string {
	var parts []string
	for _, code := range Sorted(counts) {
		part := Count(counts[code.ID]) + " " + code.ID
		if code.Name != code.ID {
			part += " " + code.Name
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

func mechanismNames(ids []string) string {
	var parts []string
	for _, id := range ids {
		if name := Mechanism(id); name != "" {
			id = name + " (" + id + ")"
		}
		parts = append(parts, id)
	}
	return strings.Join(parts, ", ")
}

// Assurance is everything that says how strong the verdict is.
func (s Story) Assurance() []string { return slices.Concat(s.Confidence, s.Checks) }

// confidence says what a clean run is worth. Both limits are given, since
// deliveries of one race are not independent.
func confidence(r *result.Result, withUsers bool) []string {
	var lines []string
	_, tested := split(r)
	for _, run := range tested {
		if run.Delivered == 0 || run.Bound95.PerDelivery <= 0 {
			continue
		}
		line := fmt.Sprintf("%s: at 95 %% confidence at most %s of deliveries", runName(run, withUsers), Percent(run.Bound95.PerDelivery))
		if run.Bound95.PerOpportunity > 0 {
			line += fmt.Sprintf(" and %s of opportunities (overlapping pairs)", Percent(run.Bound95.PerOpportunity))
		}
		lines = append(lines, line+" leak.")
	}
	return lines
}

func checks(r *result.Result, withUsers bool) []string {
	var lines []string
	_, tested := split(r)
	for _, run := range tested {
		if run.Pairs != nil && run.Pairs.Possible > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s of %s of users had events in flight at the same time.", runName(run, withUsers), Count(run.Pairs.Overlapped), Plural(run.Pairs.Possible, "ordered pair")))
		}
		if run.JudgedShare < 1 {
			lines = append(lines, fmt.Sprintf("%s: %s of the frames carried a mark and could be judged.", runName(run, withUsers), Percent(run.JudgedShare)))
		}
	}
	switch t := r.SelfTest; {
	case t.Total == 0:
		return append(lines, "Checker self-test: not run.")
	case t.Passed < t.Total:
		return append(lines, fmt.Sprintf("Checker self-test FAILED: %d of %d kinds of anomaly recognised.", t.Passed, t.Total))
	default:
		return append(lines, fmt.Sprintf("Checker self-test: %d of %d kinds of anomaly recognised.", t.Passed, t.Total))
	}
}

func split(r *result.Result) (controls, tested []*result.Run) {
	for i := range r.Runs {
		if r.Runs[i].Control {
			controls = append(controls, &r.Runs[i])
		} else {
			tested = append(tested, &r.Runs[i])
		}
	}
	return controls, tested
}

func leaks(run *result.Run) uint64     { return Leaks(run.Anomalies) }
func delivered(run *result.Run) uint64 { return run.Delivered }

func sum(runs []*result.Run, of func(*result.Run) uint64) uint64 {
	var total uint64
	for _, run := range runs {
		total += of(run)
	}
	return total
}

func merged(runs []*result.Run) map[string]uint64 {
	all := map[string]uint64{}
	for _, run := range runs {
		for id, count := range run.Anomalies {
			all[id] += count
		}
	}
	return all
}

func names(runs []*result.Run) string {
	var list []string
	for _, run := range runs {
		if name := article(run.Name); !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return strings.Join(list, " and ")
}

// article reads the built-in servers' names as the words that they are; every
// other name is a proper one.
func article(name string) string {
	if name == "singleton" || name == "factory" {
		return "the " + name
	}
	return escape.Cut(name, nameAtMost)
}

// nameAtMost keeps a headline one, however long a server's address is.
const nameAtMost = 60

func sentence(text string) string {
	if rest, ok := strings.CutPrefix(text, "the "); ok {
		return "The " + rest
	}
	return text
}

func noneOf(n uint64, noun string) string {
	if n == 0 {
		return "no " + noun
	}
	return "none of " + Plural(n, noun)
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return Count(n) + " times"
}
