package reports_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
)

// A saved load test is rendered again in any format, without running anything.
func ExampleTable() {
	f, err := os.Open("schema/result.example.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	r, err := reports.ReadResult(f)
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Sweep = nil // one number of users is enough here
	if err := reports.Table(os.Stdout, r, nil); err != nil {
		fmt.Println(err)
	}
	// Output:
	// PASS
	//
	// The factory held: none of 4,990 deliveries reached a wrong user; under the same
	// plan the singleton leaked 17 times.
	//
	// ┌────────────────────────┬───────────┬──────────────────┬─────────────┐
	// │ 10 users               │ singleton │          factory │ change      │
	// ├────────────────────────┼───────────┼──────────────────┼─────────────┤
	// │ verdict                │  VIOLATED │             pass │ better      │
	// │ isolation held         │      none │ session-isolated │ better      │
	// │ deliveries judged      │     4,987 │            4,990 │             │
	// │ leaks                  │        17 │                0 │ better      │
	// │ lost                   │         3 │                0 │ no evidence │
	// │ duplicates             │         0 │                0 │ same        │
	// │ reordered              │         0 │                0 │ same        │
	// │ latency p50            │    210 µs │           210 µs │ same        │
	// │ latency p99            │    900 µs │           900 µs │ same        │
	// │ latency p99.9          │    2.1 ms │           2.1 ms │ same        │
	// │ events per second      │  48,000/s │         48,000/s │ same        │
	// │ memory per user        │    20 KiB │           20 KiB │ same        │
	// │ emitters created       │        10 │               10 │             │
	// │ emitters active        │        10 │               10 │             │
	// │ emitters after close   │         0 │                0 │ same        │
	// │ goroutines after close │         2 │                0 │ better      │
	// └────────────────────────┴───────────┴──────────────────┴─────────────┘
	//
	// singleton (control): VIOLATED, 17 X0 cross-user delivery, 3 D0 lost in 4,987
	// deliveries, by last writer wins (M02).
	// factory: pass, nothing wrong in 4,990 deliveries; holds up to session-isolated.
	// factory: at 95 % confidence at most 0.06 % of deliveries and 0.12 % of
	// opportunities (overlapping pairs) leak.
	// factory: 90 of 90 ordered pairs of users had events in flight at the same time.
	// Checker self-test: 3 of 3 kinds of anomaly recognised.
	// Not run: revoke (no revoke action in the configuration).
	//
	// replay: wsmig loadtest --users 10 --seed 1
}

// Read takes any of the three saved formats; what is not ours is one clear error.
func ExampleRead() {
	for _, file := range []string{`{"schema":"wsmig.lint/v1","findings":[]}`, `{"total": 3}`, `{"schema":"wsmig.result/v1",`} {
		d, err := reports.Read(strings.NewReader(file))
		var format *reports.FormatError
		if errors.As(err, &format) {
			fmt.Println("error:", err)
			continue
		}
		fmt.Println(d.Schema(), "can be rendered as", strings.Join(d.Formats(), ", "))
	}
	// Output:
	// wsmig.lint/v1 can be rendered as table, text, markdown, json, html, junit, sarif, github, prometheus, csv
	// error: not a file of wsmig: it has no schema field
	// error: line 1, column 28: the file ends in the middle: it was not written to its end
}

// Compare calls something a regression only when the data shows it.
func ExampleCompare() {
	before := &result.Result{Verdict: result.Pass, Runs: []result.Run{{Name: "chat", Verdict: result.Pass, Level: "session-isolated", Users: 50, Delivered: 100_000}}}
	after := &result.Result{Verdict: result.Violated, Runs: []result.Run{{Name: "chat", Verdict: result.Violated, Level: "none", Users: 50, Delivered: 100_000, Anomalies: map[string]uint64{"X0": 2}}}}
	c := reports.Compare(before, after, nil)
	fmt.Println(c.Word())
	for _, entry := range c.Regressions {
		fmt.Println("worse:", entry)
	}
	fmt.Println("can't tell:", c.Undecided[0])
	// Output:
	// REGRESSION
	// worse: chat, 50 users: verdict pass -> VIOLATED
	// worse: chat, 50 users: isolation held session-isolated -> none
	// can't tell: chat, 50 users: leaks 0 -> 2
}
