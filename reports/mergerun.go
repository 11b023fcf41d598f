package reports

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
)

// mergeRuns joins what several machines saw of one server.
func mergeRuns(runs []*result.Run) result.Run {
	out := result.Run{
		Name: runs[0].Name, Control: runs[0].Control, Level: runs[0].Level, Verdict: result.Pass,
		Anomalies: map[string]uint64{}, Mechanisms: []string{}, Evidence: []result.Evidence{},
	}
	weight, judged := 0.0, 0.0
	for _, r := range runs {
		addCounts(&out, r)
		for code, n := range r.Anomalies {
			out.Anomalies[code] += n
		}
		for _, id := range r.Mechanisms {
			if !slices.Contains(out.Mechanisms, id) {
				out.Mechanisms = append(out.Mechanisms, id)
			}
		}
		out.Evidence = append(out.Evidence, r.Evidence...)
		out.Verdict = worse(out.Verdict, r.Verdict)
		out.Level = weaker(out.Level, r.Level)
		share := float64(max(r.Delivered, 1))
		weight += share
		judged += share * r.JudgedShare
	}
	out.JudgedShare = judged / weight
	out.Bound95 = mergeBounds(runs, digest.Leaks(out.Anomalies), out.Delivered)
	out.Latency = mergeLatency(runs)
	out.Schedules = mergeSchedules(runs)
	out.Matrix = mergeMatrix(runs)
	out.Protocols = mergeProtocols(runs)
	out.Series = mergeSeries(runs)
	return out
}

func addCounts(out, r *result.Run) {
	out.Users += r.Users
	out.Connections += r.Connections
	out.Emitted += r.Emitted
	out.Planned += r.Planned
	out.Delivered += r.Delivered
	out.Lost += r.Lost
	out.Duplicates += r.Duplicates
	out.Reordered += r.Reordered
	out.Declared += r.Declared
	out.EventsPerSecond += r.EventsPerSecond
	out.RSSBytesPerUser = max(out.RSSBytesPerUser, r.RSSBytesPerUser)
	out.GoroutinesAfterStop += r.GoroutinesAfterStop
	out.Lifecycle.Created += r.Lifecycle.Created
	out.Lifecycle.Active += r.Lifecycle.Active
	out.Lifecycle.AfterClose += r.Lifecycle.AfterClose
	if r.Pairs != nil {
		if out.Pairs == nil {
			out.Pairs = &result.Pairs{}
		}
		out.Pairs.Overlapped += r.Pairs.Overlapped
		out.Pairs.Possible += r.Pairs.Possible
	}
}

// mergeProtocols adds up, by name, what each part saw of an order of events.
func mergeProtocols(runs []*result.Run) (out []result.Protocol) {
	for _, r := range runs {
		for _, p := range r.Protocols {
			at := slices.IndexFunc(out, func(o result.Protocol) bool { return o.Name == p.Name })
			if at < 0 {
				p.Examples = slices.Clone(p.Examples)
				out = append(out, p)
				continue
			}
			out[at].Runs += p.Runs
			out[at].Events += p.Events
			out[at].Faults += p.Faults
			out[at].Examples = append(out[at].Examples, p.Examples...)
		}
	}
	return out
}

func worse(a, b result.Verdict) result.Verdict {
	order := []result.Verdict{result.Pass, result.Inconclusive, result.Violated}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

func weaker(a, b string) string {
	x, errA := history.ParseLevel(a)
	y, errB := history.ParseLevel(b)
	if errA != nil || errB == nil && y < x {
		return b
	}
	return a
}

// mergeBounds computes the limit of the whole. Opportunities were not saved; the
// two limits of a part stand in the ratio of its deliveries and opportunities.
func mergeBounds(runs []*result.Run, leaks, delivered uint64) result.Bound {
	opportunities := 0.0
	for _, r := range runs {
		if r.Bound95.PerOpportunity > 0 && r.Bound95.PerOpportunity < 1 {
			opportunities += float64(r.Delivered) * r.Bound95.PerDelivery / r.Bound95.PerOpportunity
		}
	}
	n := uint64(math.Floor(opportunities))
	return result.Bound{
		PerDelivery:    history.UpperBound(leaks, delivered+leaks, 0.95),
		PerOpportunity: history.UpperBound(min(leaks, n), n, 0.95),
	}
}

func mergeLatency(runs []*result.Run) result.Latency {
	var out result.Latency
	complete, raw := true, true
	for _, r := range runs {
		l := r.Latency
		out.P50, out.P99, out.P999 = max(out.P50, l.P50), max(out.P99, l.P99), max(out.P999, l.P999)
		out.RawP50, out.RawP99 = max(out.RawP50, l.RawP50), max(out.RawP99, l.RawP99)
		out.Max = max(out.Max, l.Max)
		out.RawP999, out.RawMax = max(out.RawP999, l.RawP999), max(out.RawMax, l.RawMax)
		complete = complete && len(l.Buckets) > 0
		raw = raw && len(l.RawBuckets) > 0
	}
	if complete {
		out.Buckets = mergeBuckets(runs, func(l *result.Latency) []result.Bucket { return l.Buckets })
		out.P50, out.P99, out.P999 = percentile(out.Buckets, 0.5), percentile(out.Buckets, 0.99), percentile(out.Buckets, 0.999)
	}
	if raw {
		out.RawBuckets = mergeBuckets(runs, func(l *result.Latency) []result.Bucket { return l.RawBuckets })
		out.RawP50, out.RawP99, out.RawP999 = percentile(out.RawBuckets, 0.5), percentile(out.RawBuckets, 0.99), percentile(out.RawBuckets, 0.999)
	}
	out.HDR = mergeHDR(runs, func(l *result.Latency) string { return l.HDR })
	out.RawHDR = mergeHDR(runs, func(l *result.Latency) string { return l.RawHDR })
	return out
}

// mergeHDR adds encoded histograms; empty when a part has none that can be read.
func mergeHDR(runs []*result.Run, of func(*result.Latency) string) string {
	var sum *hdrhistogram.Histogram
	for _, r := range runs {
		one, err := hdrhistogram.Decode([]byte(of(&r.Latency)))
		if err != nil {
			return ""
		}
		if sum == nil {
			sum = one
		} else if sum.Merge(one) > 0 {
			return "" // a part that the sum can't hold
		}
	}
	out, err := sum.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return ""
	}
	return string(out)
}

func mergeBuckets(runs []*result.Run, of func(*result.Latency) []result.Bucket) []result.Bucket {
	counts := map[float64]uint64{}
	for _, r := range runs {
		for _, b := range of(&r.Latency) {
			counts[b.Micros] += b.Count
		}
	}
	var out []result.Bucket
	for _, micros := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, result.Bucket{Micros: micros, Count: counts[micros]})
	}
	return out
}

func percentile(buckets []result.Bucket, q float64) float64 {
	var total, below uint64
	for _, b := range buckets {
		total += b.Count
	}
	want := uint64(math.Ceil(q * float64(total)))
	for _, b := range buckets {
		if below += b.Count; below >= want {
			return b.Micros
		}
	}
	return 0
}

func mergeSchedules(runs []*result.Run) []result.Schedule {
	var out []result.Schedule
	for _, r := range runs {
		for _, s := range r.Schedules {
			at := slices.IndexFunc(out, func(o result.Schedule) bool { return o.Name == s.Name })
			if at < 0 {
				out = append(out, result.Schedule{Name: s.Name, Reason: s.Reason, Anomalies: map[string]uint64{}})
				at = len(out) - 1
			}
			if s.Ran {
				out[at].Ran, out[at].Reason = true, s.Reason
			}
			out[at].Emitted += s.Emitted
			out[at].Planned += s.Planned
			for code, n := range s.Anomalies {
				out[at].Anomalies[code] += n
			}
		}
	}
	return out
}

func mergeMatrix(runs []*result.Run) []result.Cell {
	type pair struct{ owner, receiver string }
	counts := map[pair]uint64{}
	for _, r := range runs {
		for _, c := range r.Matrix {
			counts[pair{c.Owner, c.Receiver}] += c.Count
		}
	}
	out := make([]result.Cell, 0, len(counts))
	for p, n := range counts {
		out = append(out, result.Cell{Owner: p.owner, Receiver: p.receiver, Count: n})
	}
	slices.SortFunc(out, func(a, b result.Cell) int {
		return cmp.Or(cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Receiver, b.Receiver))
	})
	return out
}

// mergeSeries adds samples of the same tenth of a second, since no two machines
// sample at the same instant.
func mergeSeries(runs []*result.Run) []result.Point {
	const step = 100
	at := map[float64]*result.Point{}
	for _, r := range runs {
		for _, p := range r.Series {
			tick := math.Round(p.AtMS/step) * step
			if at[tick] == nil {
				at[tick] = &result.Point{AtMS: tick}
			}
			at[tick].Events += p.Events
			at[tick].Leaks += p.Leaks
			at[tick].Connections += p.Connections
		}
	}
	out := make([]result.Point, 0, len(at))
	for _, tick := range slices.Sorted(maps.Keys(at)) {
		out = append(out, *at[tick])
	}
	return out
}
