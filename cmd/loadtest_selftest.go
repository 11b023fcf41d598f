package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/loadtest/target/corpus"
)

const selftestLong = `selftest measures what loadtest can catch: it runs every server of a built-in
corpus, each with one real bug by which events reach the wrong user or get lost,
and the correct twin of each. Of a server it knows only what an outside user
would write into a configuration.

The table says for each bug which schedule caught it, how many of the deliveries
were wrong, and how long the first one took to show.

Exit codes: 0 all caught and no twin accused, 1 a bug was missed or a twin accused,
2 what was given.`

type selftestFlags struct {
	only      []string
	schedules []string
	duration  time.Duration
	users     int
	seed      uint64
}

func newLoadtestSelftestCmd(s *IO) *cobra.Command {
	var f selftestFlags
	c := &cobra.Command{
		Use:     "selftest",
		Short:   "Measure what loadtest catches, on servers with known bugs and on their correct twins",
		Long:    selftestLong,
		Example: "  wsmig loadtest selftest\n  wsmig loadtest selftest --only m14,m20 --duration 3s",
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return s.selftest(c.Context(), &f) },
	}
	flags := c.Flags()
	flags.StringSliceVar(&f.only, "only", nil, "servers whose `NAMES` begin so")
	flags.StringSliceVar(&f.schedules, "schedules", nil, "`NAMES` of schedules (default: all)")
	flags.DurationVarP(&f.duration, "duration", "d", 8*time.Second, "time for each correct server; one with a bug has up to three times as much")
	flags.IntVarP(&f.users, "users", "u", loadtest.DefaultUsers, "number of users")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the plans")
	return c
}

// trial is one server of the corpus and how it fared.
type trial struct {
	server corpus.Server
	run    *result.Run
	reason string
	first  *result.Evidence
	took   time.Duration
}

func (s *IO) selftest(ctx context.Context, f *selftestFlags) error {
	if f.users < 2 || f.duration <= 0 {
		return usage(errors.New("selftest needs two users and some time"), "leave --users and --duration away")
	}
	servers := slices.DeleteFunc(corpus.All(), func(one corpus.Server) bool { return !f.wants(one.Name) })
	if len(servers) == 0 {
		return usage(fmt.Errorf("--only %s: no server is called so", strings.Join(f.only, ",")), "the names begin with m01 to m28")
	}
	var trials []*trial
	for i, server := range servers {
		s.selftestProgress(i, len(servers), server.Name)
		t, err := s.try(ctx, server, f)
		if err != nil {
			return loadtestError(err)
		}
		if ctx.Err() != nil {
			return &exitError{code: codeInterrupted, err: errors.New("interrupted")}
		}
		trials = append(trials, t)
	}
	s.selftestProgress(len(servers), len(servers), "")
	return s.powerTable(trials)
}

func (f *selftestFlags) wants(name string) bool {
	return len(f.only) == 0 || slices.ContainsFunc(f.only, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

func (s *IO) selftestProgress(i, n int, name string) {
	if !s.Progress() {
		return
	}
	if i == n {
		fmt.Fprint(s.Err, "\r\x1b[K")
		return
	}
	fmt.Fprintf(s.Err, "\r\x1b[K%d of %d: %s", i+1, n, name)
}

// buggyTimes is how much longer than its twin a server with a bug may take: rare
// races need many tries, and a run that hits ends at once.
const buggyTimes = 3

// try runs one server through the same door as anybody's.
func (s *IO) try(ctx context.Context, server corpus.Server, f *selftestFlags) (*trial, error) {
	duration := f.duration
	if !server.Correct {
		duration *= buggyTimes // it ends at the first hit
	}
	names, _ := loadtest.Schedules()
	if len(f.schedules) > 0 {
		names = f.schedules
	}
	began := time.Now()
	r, err := loadtest.Run(ctx, &loadtest.Config{
		Servers: []loadtest.Server{{Name: server.Name, Start: func(ctx context.Context) (*loadtest.Instance, error) {
			return startCorpus(ctx, server)
		}}},
		Users: []int{f.users}, Duration: duration, Seed: f.seed, Schedules: names, UntilViolated: !server.Correct, FullEvidence: true,
	})
	if err != nil {
		return nil, err
	}
	t := &trial{server: server, run: &r.Runs[0], reason: strings.Join(r.Reason, "; "), took: time.Since(began)}
	for i := range t.run.Evidence {
		if e := &t.run.Evidence[i]; t.first == nil || e.AtMS < t.first.AtMS {
			t.first = e
		}
	}
	return t, nil
}

func startCorpus(ctx context.Context, server corpus.Server) (*loadtest.Instance, error) {
	var listeners []net.Listener
	var addresses []string
	for range server.Listeners {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, ln)
		addresses = append(addresses, ln.Addr().String())
	}
	stop, err := server.Start(ctx, listeners...)
	if err != nil {
		return nil, err
	}
	spec, err := loadtest.ParseSpec(server.Name, []byte(server.Config(addresses...)), nil)
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return &loadtest.Instance{Spec: spec, Mechanisms: []string{server.Mechanism}, Close: stop}, nil
}

// powerTable prints how each bug was caught, then whether a twin was accused.
func (s *IO) powerTable(trials []*trial) error {
	power := table.NewWriter()
	power.SetStyle(table.StyleLight)
	power.Style().Format = table.FormatOptions{}
	power.AppendHeader(table.Row{"server", "caught by", "as", "hits / deliveries", "first after"})
	missed, accused, caught, clean := 0, 0, 0, 0
	var words []string
	for _, t := range trials {
		violated := t.run.Verdict == result.Violated
		switch {
		case t.server.Correct && violated:
			accused++
			words = append(words, fmt.Sprintf("%s is correct and was accused: %s", t.server.Name, t.reason))
		case t.server.Correct:
			clean++
			if t.run.Verdict != result.Pass {
				words = append(words, fmt.Sprintf("%s was not passed: %s", t.server.Name, t.reason))
			}
		case violated:
			caught++
		default:
			missed++
			words = append(words, fmt.Sprintf("%s was missed: %s", t.server.Name, t.server.What))
		}
		if !t.server.Correct {
			power.AppendRow(t.row(violated))
		}
	}
	fmt.Fprintln(s.Out, power.Render())
	for _, line := range words {
		fmt.Fprintln(s.Out, line)
	}
	fmt.Fprintf(s.Out, "%d of %d bugs caught; %d of %d correct servers accused\n", caught, caught+missed, accused, accused+clean)
	if missed+accused > 0 {
		return exit(codeFailed)
	}
	return nil
}

func (t *trial) row(violated bool) table.Row {
	if !violated {
		return table.Row{t.server.Name, "missed", "", fmt.Sprintf("0 / %d", t.run.Delivered), ""}
	}
	var hits uint64
	var codes []string
	for code, n := range t.run.Anomalies {
		hits += n
		codes = append(codes, code)
	}
	slices.Sort(codes)
	row := table.Row{t.server.Name, "", strings.Join(codes, " "), fmt.Sprintf("%d / %d", hits, t.run.Delivered), ""}
	if t.first != nil {
		row[1], row[4] = cmp.Or(t.first.Schedule, "connecting"), fmt.Sprintf("%.2f s", t.first.AtMS/1000)
	}
	return row
}
