package reports

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/wsmig/wsmig/loadtest/result"
)

// MergeError says why results don't belong together.
type MergeError struct{ Problem string }

// Error is one line.
func (e *MergeError) Error() string { return e.Problem }

// Merge joins the shards of one load test, or repeats of a test that was not
// sharded, into one result: counts are added, a leak anywhere is a leak of the
// whole, and percentiles are computed anew from the distributions; where a shard
// has none, the largest percentile of any shard stands, which the true one can't
// exceed. A missing shard makes the verdict inconclusive, unless a leak was seen;
// Missing lists it. Results of different plans are a *MergeError.
func Merge(parts []*result.Result) (merged *result.Result, missing []string, err error) {
	parts, missing, err = inOrder(parts)
	if err != nil {
		return nil, nil, err
	}
	first := parts[0]
	out := &result.Result{
		Schema: result.Schema, Version: first.Version, Command: withoutShard(first.Command), Seed: first.Seed,
		Started: first.Started, Replay: shardFlag().ReplaceAllString(first.Replay, ""), Environment: first.Environment,
		SelfTest: first.SelfTest, Reason: []string{},
	}
	for _, part := range parts {
		out.Started = min(out.Started, part.Started)
		out.Seconds = max(out.Seconds, part.Seconds)
		if part.SelfTest.Passed-part.SelfTest.Total < out.SelfTest.Passed-out.SelfTest.Total {
			out.SelfTest = part.SelfTest
		}
		if part.Environment == nil || out.Environment != nil && *part.Environment != *out.Environment {
			out.Environment = nil
		}
	}
	for i := range first.Runs {
		var runs []*result.Run
		for _, part := range parts {
			runs = append(runs, &part.Runs[i])
		}
		out.Runs = append(out.Runs, mergeRuns(runs))
	}
	judge(out, parts, missing)
	return out, missing, nil
}

// inOrder checks that the parts are of one plan and sorts them by shard.
func inOrder(parts []*result.Result) (sorted []*result.Result, missing []string, err error) {
	if len(parts) == 0 {
		return nil, nil, &MergeError{"nothing to merge"}
	}
	type numbered struct {
		index int
		part  *result.Result
	}
	var list []numbered
	total := 0
	for i, part := range parts {
		index, of, err := shardOf(part)
		if err != nil {
			return nil, nil, err
		}
		if i > 0 && of != total {
			return nil, nil, &MergeError{fmt.Sprintf("shards of different tests: one is of %d, one of %d (0 means not sharded)", total, of)}
		}
		total = of
		list = append(list, numbered{index, part})
	}
	if err := samePlan(parts, total > 0); err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(list, func(a, b numbered) int { return a.index - b.index })
	present := map[int]bool{}
	for _, n := range list {
		if total > 0 && present[n.index] {
			return nil, nil, &MergeError{fmt.Sprintf("shard %d/%d is given twice", n.index, total)}
		}
		present[n.index] = true
		sorted = append(sorted, n.part)
	}
	for i := 1; i <= total; i++ {
		if !present[i] {
			missing = append(missing, fmt.Sprintf("%d/%d", i, total))
		}
	}
	return sorted, missing, nil
}

func samePlan(parts []*result.Result, sharded bool) error {
	first := parts[0]
	for i, part := range parts[1:] {
		if sharded && part.Seed != first.Seed {
			return &MergeError{fmt.Sprintf("shards of different seeds, %q and %q", first.Seed, part.Seed)}
		}
		if !sharded && slices.ContainsFunc(parts[:i+1], func(other *result.Result) bool { return sameTest(part, other) }) {
			return &MergeError{"the same result is given twice"}
		}
		if !slices.Equal(serverNames(part), serverNames(first)) {
			return &MergeError{fmt.Sprintf("results of different servers: %s, and %s", strings.Join(serverNames(first), ", "), strings.Join(serverNames(part), ", "))}
		}
	}
	return nil
}

func sameTest(a, b *result.Result) bool {
	return a.Started == b.Started && a.Seed == b.Seed && a.Seconds == b.Seconds
}

func serverNames(r *result.Result) []string {
	var names []string
	for i := range r.Runs {
		names = append(names, r.Runs[i].Name)
	}
	return names
}

// shardOf reads "2/3" from the result, or from its command line when an older
// file has no such field; 0/0 is a test that was not sharded.
func shardOf(r *result.Result) (index, total int, err error) {
	text := r.Shard
	for i, arg := range r.Command {
		if value, ok := strings.CutPrefix(arg, "--shard="); ok && text == "" {
			text = value
		}
		if arg == "--shard" && i+1 < len(r.Command) && text == "" {
			text = r.Command[i+1]
		}
	}
	if text == "" {
		return 0, 0, nil
	}
	left, right, _ := strings.Cut(text, "/")
	index, errIndex := strconv.Atoi(left)
	total, errTotal := strconv.Atoi(right)
	if errIndex != nil || errTotal != nil || index < 1 || index > total || total > maxShards {
		return 0, 0, &MergeError{fmt.Sprintf("shard is %q, not like 2/3", text)}
	}
	return index, total, nil
}

// maxShards bounds the list of missing ones that a malformed file can ask for.
const maxShards = 10_000

var shardFlag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\s--shard[= ]\S+`) })

func withoutShard(args []string) []string {
	out := []string{}
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--shard":
			i++
		case strings.HasPrefix(args[i], "--shard="):
		default:
			out = append(out, args[i])
		}
	}
	return out
}

// judge gives the verdict over the merged runs, which is never better than that
// of any part, and worse where a shard is missing.
func judge(out *result.Result, parts []*result.Result, missing []string) {
	out.Verdict = result.Pass
	violated := false
	for i := range out.Runs {
		violated = violated || !out.Runs[i].Control && out.Runs[i].Verdict == result.Violated
	}
	for _, part := range parts {
		violated = violated || part.Verdict == result.Violated
		if part.Verdict == result.Inconclusive {
			out.Verdict = result.Inconclusive
		}
		out.ExitCode = max(out.ExitCode, thresholdOrInterrupt(part.ExitCode))
		for _, reason := range part.Reason {
			if !slices.Contains(out.Reason, reason) {
				out.Reason = append(out.Reason, reason)
			}
		}
	}
	for _, shard := range missing {
		out.Reason = append(out.Reason, "shard "+shard+" is missing")
		out.Verdict = result.Inconclusive
	}
	if violated {
		out.Verdict = result.Violated
	}
	switch {
	case out.ExitCode == exitInterrupted:
	case out.Verdict == result.Violated:
		out.ExitCode = 1
	case out.Verdict == result.Inconclusive:
		out.ExitCode = 3
	}
}

const (
	exitThreshold   = 4
	exitInterrupted = 130
)

func thresholdOrInterrupt(code int) int {
	if code == exitThreshold || code == exitInterrupted {
		return code
	}
	return 0
}
