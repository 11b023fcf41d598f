// Package result holds the saved form of a load test, wsmig.result/v1: what
// `wsmig loadtest` writes as results.json and what every report is a pure
// function of. It has no behaviour beyond decoding, so that a program that only
// reads results does not pull in the load generator.
package result

// Schema names the format and its version in every file.
const Schema = "wsmig.result/v1"

// Verdict is the judgement of a run. Unknown is never a pass: what could not be
// decided is Inconclusive.
type Verdict string

// The three verdicts, by rising weight.
const (
	Pass         Verdict = "pass"
	Inconclusive Verdict = "inconclusive"
	Violated     Verdict = "violated"
)

// Result is one invocation: every server that was tested, and the verdict over
// all of them. A Result is plain data; share it only once it is complete.
type Result struct {
	Schema   string   `json:"schema"`
	Version  string   `json:"version"`
	Command  []string `json:"command"`
	Seed     string   `json:"seed"`
	Started  string   `json:"started"` // RFC 3339, UTC
	Seconds  float64  `json:"seconds"`
	Verdict  Verdict  `json:"verdict"`
	ExitCode int      `json:"exit_code"`
	// Reason says in words why the verdict is not a plain pass, one entry a cause.
	Reason   []string `json:"reason"`
	SelfTest SelfTest `json:"selftest"`
	Replay   string   `json:"replay"` // the command that runs the same plan again
	Runs     []Run    `json:"runs"`
	// Shard is "2/3" for the second of three load machines, and empty for a run
	// that is whole.
	Shard string `json:"shard,omitempty"`
	// Sweep says how each server's figures grow with the number of users; empty
	// unless several numbers were run.
	Sweep []Sweep `json:"sweep,omitempty"`
	// Environment is what the figures depend on; nil when it was not recorded.
	Environment *Environment `json:"environment,omitempty"`
}

// Sweep is one server under several numbers of users.
type Sweep struct {
	Name   string       `json:"name"`
	Points []SweepPoint `json:"points"`
	Slopes []Slope      `json:"slopes"`
}

// SweepPoint is one number of users. What could not be measured is 0.
type SweepPoint struct {
	Users int `json:"users"`
	// LeakRate is leaks per judged receipt, 0 to 1; LeakLow and LeakHigh are its 95 %
	// limits (Clopper-Pearson).
	LeakRate float64 `json:"leak_rate"`
	LeakLow  float64 `json:"leak_low"`
	LeakHigh float64 `json:"leak_high"`
	// RSSBytes is the server's memory with all users connected, less that without
	// any.
	RSSBytes uint64 `json:"rss_bytes"`
	// CPUMicrosPerEvent is the server's processor time under load for each delivery.
	CPUMicrosPerEvent float64 `json:"cpu_us_per_event"`
	// CPUMicrosPerSecond is the same for each second of load.
	CPUMicrosPerSecond float64 `json:"cpu_us_per_s"`
}

// Slope is a straight line through a measure over the number of users, by least
// squares, and how the measure grows: as users to the power of Exponent, 1 being
// linear. The limits are at 95 % (Student's t) and nil where there are too few
// points, two or less, to have any; the exponent is nil where some point is 0.
type Slope struct {
	Measure      string   `json:"measure"` // leak_rate, rss_bytes, cpu_us_per_event, cpu_us_per_s
	Points       int      `json:"points"`
	PerUser      float64  `json:"per_user"`
	Low          *float64 `json:"low,omitempty"`
	High         *float64 `json:"high,omitempty"`
	Exponent     *float64 `json:"exponent,omitempty"`
	ExponentLow  *float64 `json:"exponent_low,omitempty"`
	ExponentHigh *float64 `json:"exponent_high,omitempty"`
}

// Environment is the machine that generated the load.
type Environment struct {
	Go         string `json:"go"` // go1.26.8
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	CPUs       int    `json:"cpus"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	// Load1 is the load average of the last minute when the run began; 0 where
	// the system does not tell.
	Load1 float64 `json:"load1,omitempty"`
}

// SelfTest is the checker's fire drill before the run: a recorded history was
// broken once per code, and Passed of Total were named.
type SelfTest struct {
	Passed int      `json:"passed"`
	Total  int      `json:"total"`
	Codes  []string `json:"codes"`
}

// Run is one server under one set of users.
type Run struct {
	Name       string   `json:"name"`
	Control    bool     `json:"control"` // a server that must be caught
	Verdict    Verdict  `json:"verdict"`
	Level      string   `json:"level"`      // strongest isolation level that held, or "none"
	Mechanisms []string `json:"mechanisms"` // how the control leaks, M01 to M28; empty when not known

	Users       int    `json:"users"`
	Connections int    `json:"connections"` // opened over the whole run
	Emitted     uint64 `json:"emitted"`
	// Planned is the number of events that the schedules' plan asked for; Emitted
	// has those of the warm-up and of fences as well.
	Planned     uint64  `json:"planned,omitempty"`
	Delivered   uint64  `json:"delivered"`
	Lost        uint64  `json:"lost"`
	Duplicates  uint64  `json:"duplicates"`
	Reordered   uint64  `json:"reordered"`
	Declared    uint64  `json:"declared"`     // losses that the server announced
	JudgedShare float64 `json:"judged_share"` // frames that carried a canary, of all frames, 0 to 1

	Anomalies map[string]uint64 `json:"anomalies"` // by code, only those seen
	Bound95   Bound             `json:"bound95"`
	// Pairs says how much of the interference that is possible was tried; nil
	// when it was not counted.
	Pairs    *Pairs     `json:"pairs,omitempty"`
	Evidence []Evidence `json:"evidence"`
	// Protocols are the orders of events that were expected; empty when none was.
	Protocols []Protocol `json:"protocols,omitempty"`

	Latency             Latency   `json:"latency_us"`
	EventsPerSecond     float64   `json:"events_per_s"`
	RSSBytesPerUser     uint64    `json:"rss_bytes_per_user"` // 0 when it could not be measured
	GoroutinesAfterStop int       `json:"goroutines_after_close"`
	Lifecycle           Lifecycle `json:"lifecycle"`

	Schedules []Schedule `json:"schedules"`
	Matrix    []Cell     `json:"matrix"` // foreign receipts only; the diagonal is implied
	Series    []Point    `json:"series"`
}

// Bound is the upper 95 % limit (Clopper-Pearson) of the leak rate, per judged
// delivery and per opportunity (pairs of emissions that overlapped in time).
type Bound struct {
	PerDelivery    float64 `json:"per_delivery"`
	PerOpportunity float64 `json:"per_opportunity"`
}

// Pairs counts ordered pairs of users, (a, b) apart from (b, a): those that had
// an event each in flight at the same time at least once, of all there are.
type Pairs struct {
	Overlapped uint64 `json:"overlapped"`
	Possible   uint64 `json:"possible"`
}

// Protocol is an order of events, such as that of an agent's run, that was held
// against what every connection received.
type Protocol struct {
	Name     string   `json:"name"`
	Runs     uint64   `json:"runs"` // whose beginning was received
	Events   uint64   `json:"events"`
	Faults   uint64   `json:"faults"`
	Examples []string `json:"examples"` // the first faults, in words
}

// Evidence is one anomaly that was kept with its context.
type Evidence struct {
	Code       string  `json:"code"`
	Owner      string  `json:"owner"`
	Receiver   string  `json:"receiver"`
	Schedule   string  `json:"schedule"`
	AtMS       float64 `json:"at_ms"`      // receipt, milliseconds since the run began
	EmittedMS  float64 `json:"emitted_ms"` // emission, on the same clock; 0 when unknown
	Connection string  `json:"connection"`
	Frame      string  `json:"frame"`
	Prose      string  `json:"prose"`
	// Around is what the connections involved did in the 50 ms before the receipt
	// and shortly after it, in order of time; empty when it was not kept.
	Around []Step `json:"around,omitempty"`
}

// Step is one record of a run's history.
type Step struct {
	AtMS float64 `json:"at_ms"` // milliseconds since the run began
	// Kind is what happened: open, login, bind, emit, recv, unbind, revoke, join,
	// leave, close, fault, heal, fence, or another word for a record of the harness.
	Kind string `json:"kind"`
	// User is who was bound to the connection then, or, for an emit, who asked for
	// it; empty before the first bind.
	User       string `json:"user"`
	Connection string `json:"connection"` // empty for an emit that used none
	// Owner is whom the event of an emit or recv was meant for.
	Owner string `json:"owner,omitempty"`
	// Stream and Seq name the event: an emit and its recv carry the same.
	Stream string `json:"stream,omitempty"`
	Seq    uint64 `json:"seq,omitempty"`
}

// Latency is in microseconds from the intended emission time to the receipt; the
// raw figures count from the actual emission and so hide a stalled sender.
type Latency struct {
	P50    float64 `json:"p50"`
	P99    float64 `json:"p99"`
	P999   float64 `json:"p999"`
	Max    float64 `json:"max"`
	RawP50 float64 `json:"raw_p50"`
	RawP99 float64 `json:"raw_p99"`
	// RawP999 and RawMax complete the raw figures.
	RawP999 float64 `json:"raw_p999,omitempty"`
	RawMax  float64 `json:"raw_max,omitempty"`
	// HDR and RawHDR are the two distributions as HdrHistogram writes them
	// (version 2, compressed, base 64), for other tools that read it.
	HDR    string `json:"hdr,omitempty"`
	RawHDR string `json:"raw_hdr,omitempty"`
	// Buckets and RawBuckets are the whole distributions, by rising latency, from
	// which curves are drawn and shards are merged without loss; empty when they
	// were not kept.
	Buckets    []Bucket `json:"buckets,omitempty"`
	RawBuckets []Bucket `json:"raw_buckets,omitempty"`
}

// Lifecycle counts the server's emitters: made over the run, active at its
// height, and left after every connection was closed.
type Lifecycle struct {
	Created    uint64 `json:"created"`
	Active     uint64 `json:"active"`
	AfterClose uint64 `json:"after_close"`
}

// Schedule is one pattern of load and what it found. Ran is false, with the
// reason, for what the configuration or the time budget did not allow.
type Schedule struct {
	Name      string            `json:"name"`
	Ran       bool              `json:"ran"`
	Reason    string            `json:"reason"`
	Emitted   uint64            `json:"emitted"`
	Planned   uint64            `json:"planned,omitempty"` // events that the plan asked for
	Anomalies map[string]uint64 `json:"anomalies"`
}

// Point is one sample of the run's time line, counted since the sample before.
type Point struct {
	AtMS        float64 `json:"at_ms"`
	Events      uint64  `json:"events"`
	Leaks       uint64  `json:"leaks"`
	Connections int     `json:"connections"`
}
