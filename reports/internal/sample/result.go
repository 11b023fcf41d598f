// Package sample makes realistic saved files for tests: the same seed and users
// always give the same file. Only tests import it.
package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/result"
)

// Result is what `wsmig loadtest --users N` writes when the singleton leaks and
// the factory holds.
func Result(seed uint64, users int) *result.Result {
	rng := rand.New(rand.NewPCG(seed, 7))
	control := run(rng, "singleton", users)
	leak(rng, &control, users)
	factory := run(rng, "factory", users)
	return &result.Result{
		Schema:  result.Schema,
		Version: "v0.1.0",
		Command: []string{"loadtest", "--users", fmt.Sprint(users)},
		Seed:    fmt.Sprint(seed), Started: "2026-01-02T03:04:05Z", Seconds: 11.2,
		Verdict: result.Pass, Reason: []string{},
		SelfTest: result.SelfTest{Passed: 19, Total: 19, Codes: []string{"X0", "X1a", "X1b", "X1c", "X1d", "X2", "X3", "X4", "D0", "D1", "D2", "D3", "D4", "P0", "P1", "P2", "P3", "P4", "P5"}},
		Replay:   fmt.Sprintf("wsmig loadtest --users %d --seed %d", users, seed),
		Runs:     []result.Run{control, factory},
		Environment: &result.Environment{
			Go: "go1.26.8", OS: "linux", Arch: "amd64", CPUs: 2, GOMAXPROCS: 2, Load1: 0.4,
		},
	}
}

// User is the name of user i, counted from 1.
func User(i int) string { return fmt.Sprintf("u%05d", i) }

var schedules = []string{"spread", "burst", "lockstep", "pairs", "swap", "relogin", "multi-tab", "same-ids", "collide", "overlap-reconnect", "logout-race", "slow-reader"}

func run(rng *rand.Rand, name string, users int) result.Run {
	r := result.Run{
		Name: name, Verdict: result.Pass, Level: "session-isolated", Mechanisms: []string{},
		Users: users, Connections: users * 4, JudgedShare: 0.982,
		Anomalies: map[string]uint64{}, Evidence: []result.Evidence{}, Matrix: []result.Cell{},
		RSSBytesPerUser: 21_000 + rng.Uint64N(2_000), Lifecycle: result.Lifecycle{Created: uint64(users) * 5, Active: uint64(users)},
	}
	for _, schedule := range schedules {
		emitted := uint64(users) * (40 + rng.Uint64N(8))
		r.Emitted += emitted
		r.Schedules = append(r.Schedules, result.Schedule{Name: schedule, Ran: true, Emitted: emitted, Anomalies: map[string]uint64{}})
	}
	r.Schedules = append(r.Schedules, result.Schedule{Name: "revoke", Reason: "no revoke action in the configuration", Anomalies: map[string]uint64{}})
	r.Delivered = r.Emitted
	r.Bound95 = result.Bound{PerDelivery: 3 / float64(r.Delivered), PerOpportunity: 6 / float64(r.Delivered)}
	r.Pairs = &result.Pairs{Overlapped: uint64(users * (users - 1)), Possible: uint64(users * (users - 1))}
	latencies(rng, &r.Latency, r.Delivered)
	for at := 100.0; at <= 5600; at += 100 {
		events := uint64(float64(r.Delivered) / 56 * (0.6 + 0.8*rng.Float64()))
		connections := min(users, int(float64(users)*at/400))
		r.Series = append(r.Series, result.Point{AtMS: at, Events: events, Connections: connections})
	}
	r.EventsPerSecond = float64(r.Delivered) / 5.6
	return r
}

// latencies draws a log-normal body with a heavy tail, as a loaded loopback has.
func latencies(rng *rand.Rand, l *result.Latency, deliveries uint64) {
	body := 180 + 60*rng.Float64()
	quantile := func(q, scale float64) float64 {
		return math.Round(scale*math.Exp(0.45*normalQuantile(q)+0.02*math.Pow(-math.Log(1-q), 1.6))*10) / 10
	}
	fill := func(scale float64) []result.Bucket {
		var buckets []result.Bucket
		const steps = 160
		below := uint64(0)
		for i := 1; i <= steps; i++ {
			q := 1 - math.Pow(1/float64(max(deliveries, 10)), float64(i)/steps)
			upTo := uint64(q * float64(deliveries))
			if i == steps {
				upTo = deliveries
			}
			if upTo > below {
				buckets = append(buckets, result.Bucket{Micros: quantile(q, scale), Count: upTo - below})
				below = upTo
			}
		}
		return buckets
	}
	l.P50, l.P99, l.P999 = quantile(0.5, body), quantile(0.99, body), quantile(0.999, body)
	l.RawP50, l.RawP99 = quantile(0.5, body*0.9), quantile(0.99, body*0.9)
	l.Buckets, l.RawBuckets = fill(body), fill(body*0.9)
	if n := len(l.Buckets); n > 0 {
		l.Max = l.Buckets[n-1].Micros
	}
}

// normalQuantile is the inverse of the standard normal distribution.
func normalQuantile(q float64) float64 { return math.Sqrt2 * math.Erfinv(2*q-1) }

// leak turns a clean run into one of a manager with a shared current user.
func leak(rng *rand.Rand, r *result.Run, users int) {
	r.Control, r.Verdict, r.Level = true, result.Violated, "none"
	r.Mechanisms = []string{"M02", "M14"}
	cells := map[[2]int]uint64{}
	for i := range r.Schedules {
		s := &r.Schedules[i]
		if !s.Ran || i%3 == 1 {
			continue
		}
		hits := 1 + rng.Uint64N(uint64(users)/4+6)
		for range hits {
			owner, receiver := rng.IntN(users)+1, rng.IntN(users)+1
			if owner == receiver {
				receiver = owner%users + 1
			}
			cells[[2]int{owner, receiver}]++
			r.Series[rng.IntN(len(r.Series)-10)+10].Leaks++
		}
		s.Anomalies["X0"] = hits
		r.Anomalies["X0"] += hits
		if s.Name == "relogin" {
			s.Anomalies["X1c"] = 4
			r.Anomalies["X1c"] += 4
		}
		if s.Name == "overlap-reconnect" {
			s.Anomalies["D0"] = 9
			r.Anomalies["D0"] += 9
		}
	}
	r.Lost = r.Anomalies["D0"]
	for owner := 1; owner <= users; owner++ {
		for receiver := 1; receiver <= users; receiver++ {
			if n := cells[[2]int{owner, receiver}]; n > 0 {
				r.Matrix = append(r.Matrix, result.Cell{Owner: User(owner), Receiver: User(receiver), Count: n})
			}
		}
	}
	leaks := r.Anomalies["X0"] + r.Anomalies["X1c"]
	r.Bound95 = result.Bound{PerDelivery: history.UpperBound(leaks, r.Delivered+leaks, 0.95), PerOpportunity: history.UpperBound(leaks, r.Delivered/2, 0.95)}
	r.GoroutinesAfterStop = 3
	for i, code := range []string{"X0", "X0", "X1c", "D0"} {
		r.Evidence = append(r.Evidence, evidence(rng, code, users, i))
	}
}

func evidence(rng *rand.Rand, code string, users, i int) result.Evidence {
	owner := rng.IntN(users) + 1
	receiver := owner%users + 1
	at := 1200.5 + 321.25*float64(i)
	mark := fmt.Sprintf("~w1.7q3k%05d0000100000%03dk4t9x2mzh~", owner, 214+i)
	e := result.Evidence{
		Code: code, Owner: User(owner), Receiver: User(receiver), Schedule: schedules[(2+3*i)%len(schedules)],
		AtMS: at, EmittedMS: at - 0.6, Connection: fmt.Sprintf("c%d", 17+i),
		Frame: `{"type":"note","to":"` + User(owner) + `","text":"` + mark + `"}`,
	}
	switch code {
	case "D0":
		e.Receiver, e.Frame = e.Owner, ""
		e.Prose = fmt.Sprintf("Event 12 for %s was emitted at %.1f ms and never arrived, although the fence that followed it did.", e.Owner, e.EmittedMS)
	default:
		e.Prose = fmt.Sprintf("Event 214 for %s was emitted at %.1f ms. %s received it at %.1f ms on %s; %s never did.", e.Owner, e.EmittedMS, e.Receiver, at, e.Connection, e.Owner)
	}
	e.Around = steps(&e, owner, receiver)
	return e
}

func steps(e *result.Evidence, owner, receiver int) []result.Step {
	a, b, ca := User(owner), User(receiver), "c4"
	list := []result.Step{
		{AtMS: e.AtMS - 31.0, Kind: "open", Connection: ca},
		{AtMS: e.AtMS - 30.2, Kind: "bind", User: a, Connection: ca},
		{AtMS: e.AtMS - 12.4, Kind: "emit", User: a, Connection: ca, Owner: a, Stream: "s1", Seq: 213},
		{AtMS: e.AtMS - 12.1, Kind: "recv", User: a, Connection: ca, Owner: a, Stream: "s1", Seq: 213},
		{AtMS: e.AtMS - 6.9, Kind: "open", Connection: e.Connection},
		{AtMS: e.AtMS - 6.2, Kind: "bind", User: b, Connection: e.Connection},
		{AtMS: e.AtMS - 0.9, Kind: "emit", User: b, Connection: e.Connection, Owner: b, Stream: "s2", Seq: 88},
		{AtMS: e.EmittedMS, Kind: "emit", User: a, Connection: ca, Owner: a, Stream: "s1", Seq: 214},
	}
	if e.Code != "D0" {
		list = append(list, result.Step{AtMS: e.AtMS, Kind: "recv", User: b, Connection: e.Connection, Owner: a, Stream: "s1", Seq: 214})
	}
	return append(list, result.Step{AtMS: e.AtMS + 0.3, Kind: "recv", User: b, Connection: e.Connection, Owner: b, Stream: "s2", Seq: 88})
}

// Hostile is text that attacks every format at once: control characters, an ANSI
// sequence, a right-to-left override, markup, table and fence ends, a formula, a
// workflow command and a byte that is not UTF-8 once decoded from JSON.
const Hostile = "=1+1 \x1b[31mred\x1b[0m \u202egnp.exe\u202c </script><script>alert(1)</script><img src=x onerror=alert(2)> | `code` ```\n::error::owned\r\n# head [link](javascript:alert(3)) @octocat #1 ]]> &amp; \x00\x07\u200b\ufeff\u0085\u2028 https://evil.example/"

// HostileResult has hostile text in every field that a server or a path reaches.
func HostileResult() *result.Result {
	r := Result(3, 4)
	r.Reason = []string{Hostile}
	r.Version, r.Seed, r.Replay, r.Command = Hostile, Hostile, Hostile, []string{Hostile}
	for i := range r.Runs {
		run := &r.Runs[i]
		run.Name += Hostile
		run.Level = Hostile
		run.Mechanisms = []string{Hostile}
		run.Anomalies["X"+Hostile] = 3
		for j := range run.Evidence {
			e := &run.Evidence[j]
			e.Code, e.Owner, e.Receiver, e.Schedule = "X"+Hostile, "a"+Hostile, "b"+Hostile, Hostile
			e.Connection, e.Frame, e.Prose = Hostile, strings.Repeat(Hostile, 3), Hostile
			for k := range e.Around {
				e.Around[k].User, e.Around[k].Owner, e.Around[k].Connection, e.Around[k].Kind = Hostile, Hostile, Hostile+fmt.Sprint(k%2), "x"+Hostile
			}
		}
		for j := range run.Schedules {
			run.Schedules[j].Name += Hostile
			run.Schedules[j].Reason = Hostile
			run.Schedules[j].Anomalies["X"+Hostile] = 2
		}
		run.Matrix = append(run.Matrix, result.Cell{Owner: Hostile, Receiver: "u" + Hostile, Count: 5})
	}
	return r
}
