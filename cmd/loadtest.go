package cmd

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const loadtestLong = `loadtest connects real users over real WebSockets, sends them events that carry a
mark of their owner, and judges every frame where it arrives: own, foreign, lost,
duplicated, reordered, late.

Without --url or --config it starts two servers on this machine, a singleton one
that leaks and one on wsmig's runtime, and puts both under the same plan. It
passes only if the second held and the first was caught.

Schedules: quick (the default, with resume, revoke, cancel and nodes where the
configuration describes what they need), all (a minute on each server), or names:
%s
Exit codes: 0 pass; 1 violated, and only that; 2 what was given (flags,
configuration, a target that can't be reached); 3 inconclusive; 4 the performance
threshold was missed; 130 interrupted.

What is found on a server of yours is made smaller for up to 8 s more: the two
users and the few waves that still show it, how often of 20 times, and what their
connections did. --json and --quiet leave that away; --replay does it again later.

Only this machine is loaded, unless --allow-host names another.`

const loadtestExample = `  wsmig loadtest --users 10
  wsmig loadtest probe ws://127.0.0.1:8080/ws
  wsmig loadtest --config loadtest.yaml --duration 30s --out report
  wsmig loadtest --url ws://127.0.0.1:8080/ws --users 1,10,100
  wsmig loadtest --schedules swap,relogin --seed 42 --json > results.json`

type loadtestFlags struct {
	users      []int
	duration   time.Duration
	seed       uint64
	rate       string
	schedules  []string
	out        string
	json       bool
	urls       []string
	config     string
	preset     string
	engine     string
	evidence   string
	exec       string
	replay     string
	shard      string
	shardIndex int
	shardCount int
	allowHosts []string
	allowExec  bool
	dashboard  bool
}

func newLoadtestCmd(s *IO) *cobra.Command {
	var f loadtestFlags
	c := &cobra.Command{
		Use:     "loadtest",
		Short:   "Prove with real users that nobody receives what was meant for somebody else",
		Long:    fmt.Sprintf(loadtestLong, scheduleList()),
		Example: loadtestExample,
		Args:    noTarget,
		RunE:    func(c *cobra.Command, _ []string) error { return s.loadtest(c, &f) },
	}
	c.Flags().AddFlagSet(newLoadtestFlagSet(&f))
	c.AddCommand(newLoadtestProbeCmd(s), newLoadtestSelftestCmd(s), newLoadtestSchemaCmd(s), newLoadtestServeCmd(s))
	return c
}

// newLoadtestFlagSet binds the flags; a replay parses the command of the saved run
// with them.
func newLoadtestFlagSet(f *loadtestFlags) *pflag.FlagSet {
	flags := pflag.NewFlagSet("loadtest", pflag.ContinueOnError)
	flags.IntSliceVarP(&f.users, "users", "u", nil, "`N` users, or several numbers: 1,10,100 tests with each (default 10)")
	flags.DurationVarP(&f.duration, "duration", "d", 0, "`TIME` under load for each server (default 5s, 60s with all schedules)")
	flags.Uint64Var(&f.seed, "seed", 0, "seed `N` of the plan (default random)")
	flags.StringVar(&f.rate, "rate", "", "`RATE` of events per user that is not exceeded, for example 20/s")
	flags.StringSliceVar(&f.schedules, "schedules", nil, "quick, all, or `NAMES` (default quick)")
	flags.StringVarP(&f.out, "out", "o", "", "`FOLDER` of the report (default wsmig-report)")
	flags.BoolVar(&f.json, "json", false, "write the results as JSON to standard output")
	flags.StringArrayVar(&f.urls, "url", nil, "WebSocket `ADDRESS` of the server to test, in place of the configuration's target; again for each further node of the same service")
	flags.StringVarP(&f.config, "config", "c", "", "configuration `FILE`; wsmig loadtest schema describes it")
	flags.StringVar(&f.preset, "preset", "", "protocol `NAME` of --url: raw, wsmig, socketio, centrifugo, graphql-ws or a file")
	flags.StringVar(&f.engine, "engine", "gorilla", "`NAME` of the client: gorilla, or raw: less CPU and memory for each user")
	flags.StringVar(&f.evidence, "evidence", "brief", "`KIND`: brief for canaries and hashes, full for the frames as they were")
	flags.StringVar(&f.exec, "exec", "", "`COMMAND` that starts the server; it is stopped afterwards")
	flags.StringSliceVar(&f.allowHosts, "allow-host", nil, "`HOST` that may be loaded beside this machine (repeatable)")
	flags.BoolVar(&f.allowExec, "allow-exec", false, "allow emitters of the configuration to start processes")
	flags.BoolVar(&f.dashboard, "dashboard", false, "serve the report on this machine while the run goes on")
	flags.StringVar(&f.shard, "shard", "", "play part `I/N` of a run on N machines with one seed; wsmig report merge joins them")
	flags.StringVar(&f.replay, "replay", "", "reproduce and shrink what the report in `FOLDER` found")
	return flags
}

func noTarget(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if strings.Contains(args[0], "://") {
		return usage(fmt.Errorf("unexpected argument %q", args[0]), "give the address with --url")
	}
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	hint := didYouMean(args[0], names)
	if hint == "" {
		hint = "wsmig loadtest --help lists what it takes"
	}
	return usage(fmt.Errorf("unexpected argument %q", args[0]), hint)
}

// check refuses what contradicts itself.
func (f *loadtestFlags) check(c *cobra.Command) error {
	given := c.Flags().Changed
	switch {
	case f.preset != "" && f.config != "":
		return usage(errors.New("--preset beside --config"), "a configuration names its own preset")
	case f.preset != "" && len(f.urls) == 0:
		return usage(errors.New("--preset without --url"), "say where the server is that speaks it")
	case f.exec != "" && len(f.urls) == 0 && f.config == "" && f.replay == "":
		return usage(errors.New("--exec without --url or --config"), "say where the server that it starts will answer")
	case f.engine != "gorilla" && f.engine != "raw":
		return usage(fmt.Errorf("unknown engine %q", f.engine), "give gorilla or raw")
	case f.evidence != "brief" && f.evidence != "full":
		return usage(fmt.Errorf("unknown kind of evidence %q", f.evidence), "give brief or full")
	case f.dashboard && f.replay != "":
		return usage(errors.New("both --dashboard and --replay"), "a replay is over in seconds and prints what it does")
	case f.dashboard && given("quiet"):
		return usage(errors.New("both --dashboard and --quiet"), "nobody would learn its address")
	case given("duration") && f.duration <= 0:
		return usage(fmt.Errorf("--duration %v", f.duration), "give a time such as 10s")
	case given("seed") && f.seed == 0:
		return usage(errors.New("--seed 0"), "give a number from 1 on")
	case given("out") && f.out == "":
		return usage(errors.New("--out names no folder"), "leave it away for wsmig-report")
	}
	if err := f.checkShard(given("seed")); err != nil {
		return err
	}
	for _, n := range f.users {
		if n < 1 {
			return usage(fmt.Errorf("--users %d", n), "give at least 1")
		}
	}
	if given("users") && len(f.users) == 0 {
		return usage(errors.New("--users names no number"), "give at least 1")
	}
	return nil
}
