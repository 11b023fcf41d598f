package loadtest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/result"
)

// Spec is the description of a server, as a configuration file gives it. Read one
// with [ParseSpec].
type Spec = spec.File

// Config says what to test. The zero value of every field but Servers means its
// default. A Config is not changed by Run and may be used again.
type Config struct {
	// Servers are tested one after the other under the same plan. A control comes
	// first: a server that must be caught, without which a clean result of the
	// others proves little.
	Servers []Server
	// Users is how many users there are; with several numbers every server is
	// tested with each. Default: what the specification says, else 10.
	Users []int
	// Duration is the time that each server is under load, connecting included.
	// Default: what the specification says, else 5 s, or 60 s for all schedules.
	Duration time.Duration
	// Seed makes the plan: equal seeds, equal plans. Default: random.
	Seed uint64
	// Rate is a number of events a second for each user that is not exceeded.
	// Default: what the specification says, else as much as a schedule likes,
	// within 10,000 a second in all.
	Rate float64
	// Schedules are names, or quick or all. Default: quick, and of the others those
	// for which the specification says something: resume, revoke, cancel, nodes.
	Schedules []string
	// Raw selects the raw-frame engine: less CPU and memory for each user, no
	// per-message compression.
	Raw bool
	// Shard and Shards make this process one of several that load the same servers
	// under one plan, from 1 on; 0 and 0 mean that it is alone. The plan is a function
	// of the seed, the users and the duration, so that the processes agree without
	// talking; the results are put together afterwards.
	Shard, Shards int
	// FullEvidence keeps the frames of anomalies as they were; otherwise evidence
	// shows the canary and a hash.
	FullEvidence bool
	// UntilViolated ends a server's load as soon as something that was expected did
	// not hold. Default: the time is used up.
	UntilViolated bool
	// AllowHosts names hosts that may be reached beside this machine.
	AllowHosts []string
	// AllowExec permits emitters that start processes.
	AllowExec bool
	// LookupEnv reads the variables that a specification lists as secrets. Default:
	// none is known.
	LookupEnv func(name string) (string, bool)
	// ReadFile reads what a specification names, such as a CSV of users. Default:
	// nothing can be read.
	ReadFile func(name string) ([]byte, error)
	// Progress, if set, is called some ten times a second from one goroutine; it
	// must return soon.
	Progress func(Progress)
	// Partial, if set, gets the result so far before the plan begins and between two of
	// its stretches, at most twice a second, from the goroutine that runs it: it must return soon. The
	// result is the callee's; its verdict is violated or inconclusive, never a pass.
	Partial func(*result.Result)
	// Command and Version stand in the result: how the run was started, and by
	// which version.
	Command []string
	Version string

	only   []string           // users, by id; nil: all
	named  func([]drive.User) // hears who the users are, before some are left out
	waves  int                // of a schedule, at most; 0: as many as there is time for
	atOnce bool               // end before the first schedule when UntilViolated is met
	_      struct{}
}

// Server is one server to test.
type Server struct {
	Name string
	// Control marks a server that must be caught.
	Control bool
	// Strict judges what is otherwise only reported: starved connections, late
	// events, interference. It is for servers that promise all of it.
	Strict bool
	// Start starts the server, or says where it runs. It is called once for each
	// number of users. An error that is not a *UsageError ends the run.
	Start func(ctx context.Context) (*Instance, error)
	_     struct{}
}

// Instance is a running server.
type Instance struct {
	Spec *Spec
	// Mechanisms name the bugs that the server is known to have; empty when none
	// are known.
	Mechanisms []string
	// Stats measures the server from inside; nil when that is not possible.
	Stats func(ctx context.Context) (Stats, error)
	// Close ends the server; nil when it is not ours to end.
	Close func() error
	// Connect and Emit replace the specification's auth and emit by Go code.
	Connect func(ctx context.Context, user string) (Socket, error)
	Emit    func(ctx context.Context, user, canary string) error
	_       struct{}
}

// Stats is what a server says of itself.
type Stats struct {
	Goroutines int
	RSSBytes   uint64        // 0 when unknown
	CPU        time.Duration // used since it started, 0 when unknown
	Created    uint64        // emitters, or what the server has in their place
	Active     uint64
	Peak       uint64
}

// Progress is how far a run has come.
type Progress struct {
	Server      string
	Users       int
	Connections int
	Schedule    string
	Events      uint64
	Leaks       uint64
	Elapsed     time.Duration // of the server under test
	Total       time.Duration
	Step, Steps int // servers begun, servers in all
}

// UsageError is a mistake in what the caller gave. Hint says what to do and may
// be empty.
type UsageError struct {
	Err  error
	Hint string
}

// Error is one line, the hint not included.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Err }

func mistake(hint, format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...), Hint: hint}
}

// The defaults of a Config.
const (
	DefaultUsers    = 10
	DefaultDuration = 5 * time.Second
	AllDuration     = 60 * time.Second
)

// Quick and All are names of sets of schedules.
const (
	Quick = "quick"
	All   = "all"
)

// Schedules lists the names of all schedules, with what each does.
func Schedules() (names, words []string) {
	for _, s := range plan.All() {
		names, words = append(names, s.Name), append(words, s.Words)
	}
	return names, words
}

// choose turns names into schedules, in the order of the list of all.
func choose(names []string) ([]*plan.Schedule, error) {
	if len(names) == 0 {
		names = []string{Quick}
	}
	wanted := map[string]bool{}
	for _, name := range names {
		switch {
		case name == Quick, name == All, plan.Find(name) != nil:
			wanted[name] = true
		default:
			return nil, mistake(didYouMean(name), "unknown schedule %q", name)
		}
	}
	var chosen []*plan.Schedule
	for _, s := range plan.All() {
		if wanted[s.Name] || wanted[All] || wanted[Quick] && s.Quick {
			chosen = append(chosen, s)
		}
	}
	return chosen, nil
}

func didYouMean(name string) string {
	known := append(plan.Names(), Quick, All)
	return fmt.Sprintf("did you mean %s? there are %s, %s, and %s", spec.Nearest(name, known), Quick, All, strings.Join(plan.Names(), ", "))
}

// check refuses a Config that can't be run, before anything is started.
func (c *Config) check() error {
	switch {
	case len(c.Servers) == 0:
		return mistake("", "no server to test")
	case c.Duration < 0:
		return mistake("give a time such as 10s", "a duration of %v", c.Duration)
	case c.Rate < 0:
		return mistake("give a rate such as 20/s", "a rate of %v", c.Rate)
	}
	for _, n := range c.Users {
		if n < 1 {
			return mistake("give at least 1", "%d users", n)
		}
		if n > maxUsers {
			return mistake("run several machines with --shard", "%d users are more than one process can hold, at most %d", n, maxUsers)
		}
	}
	if err := c.checkShard(); err != nil {
		return err
	}
	_, err := choose(c.Schedules)
	return err
}

const maxUsers = 1_000_000

// settings are a Config with one server's specification and all defaults applied.
type settings struct {
	schedules []*plan.Schedule
	duration  time.Duration
	defaulted bool // nobody named the duration
	quick     bool // nobody named the schedules
	ramp      time.Duration
	rate      float64
	expect    spec.Expect
}

func (c *Config) settle(s *Spec) (*settings, error) {
	names := c.Schedules
	if len(names) == 0 {
		names = s.Load.Schedules
	}
	chosen, err := choose(names)
	if err != nil {
		return nil, err
	}
	out := &settings{schedules: chosen, duration: c.Duration, rate: c.Rate, ramp: time.Duration(s.Load.Ramp), expect: s.Expect}
	if out.duration == 0 {
		out.duration = time.Duration(s.Load.Hold)
	}
	out.quick = len(names) == 0
	all := slices.Contains(names, All)
	switch {
	case out.duration == 0 && all:
		out.duration = AllDuration
	case out.duration == 0:
		out.duration, out.defaulted = DefaultDuration, true
	case all && out.duration < AllDuration && c.Duration > 0:
		return nil, mistake("give --duration 60s or more, or name the schedules", "all schedules need more than %v", out.duration)
	}
	if out.rate == 0 {
		out.rate = float64(s.Load.Rate)
	}
	return out, nil
}

// counts are the numbers of users to test with.
func (c *Config) counts(s *Spec) []int {
	switch {
	case len(c.Users) > 0:
		return c.Users
	case s != nil && s.Users.Count > 0:
		return []int{s.Users.Count}
	}
	return []int{DefaultUsers}
}

// ParseSpec reads a configuration, fills it up from its preset and checks it. The
// name is for messages. read reads the preset when that is a file; nil refuses it.
func ParseSpec(name string, data []byte, read func(file string) ([]byte, error)) (*Spec, error) {
	return ParseSpecAt(nil, name, data, read)
}

// ParseSpecAt is ParseSpec for a server that answers at other addresses than the
// configuration says; none: at those it says.
func ParseSpecAt(addresses []string, name string, data []byte, read func(file string) ([]byte, error)) (*Spec, error) {
	s, err := spec.Parse(name, data)
	if err != nil {
		return nil, &UsageError{Err: err}
	}
	if len(addresses) > 0 {
		s.Target = addresses
	}
	return s, finish(name, s, read)
}

// TargetSpec is the specification of a server of which only the address and, if
// not empty, the preset is known. Several addresses are nodes of one service.
func TargetSpec(addresses []string, preset string, read func(file string) ([]byte, error)) (*Spec, error) {
	s := &Spec{Target: addresses, Preset: preset}
	return s, finish("--url", s, read)
}

func finish(name string, s *Spec, read func(file string) ([]byte, error)) error {
	if err := s.Resolve(read); err != nil {
		return &UsageError{Err: err}
	}
	if err := s.Check(name); err != nil {
		return &UsageError{Err: err}
	}
	return nil
}

// ParseRate reads a number of events a second: 20, 20/s, 600/m.
func ParseRate(text string) (float64, error) {
	rate, err := spec.ParseRate(text)
	return float64(rate), err
}

// SpecSchema is the JSON schema of a configuration file.
func SpecSchema() ([]byte, error) { return spec.Schema() }

// Presets lists the built-in presets.
func Presets() []string { return spec.Presets() }

// errNoUpgrade explains the commonest reason why a first connection fails.
func errNoUpgrade(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "the server does not accept the user: see auth in the configuration"
	case http.StatusNotFound:
		return "is the path right?"
	}
	return "is it a WebSocket address? wsmig loadtest probe shows what the server says"
}
