package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
)

const defaultReportDir = "wsmig-report"

func (s *IO) loadtest(c *cobra.Command, f *loadtestFlags) error {
	if err := f.check(c); err != nil {
		return err
	}
	if f.replay != "" {
		return s.replay(c, f)
	}
	config, dir, err := s.loadtestConfig(f)
	if err != nil {
		return err
	}
	if err := reports.CheckDir(s.Path(dir)); err != nil {
		return usage(err, "")
	}
	progress := s.newProgress()
	config.Progress = progress.show
	end := func(*result.Result, string) {}
	if f.dashboard {
		if end, err = s.watch(c.Context(), config); err != nil {
			return err
		}
	}
	r, err := loadtest.Run(c.Context(), config)
	progress.clear()
	if err != nil {
		end(nil, dir)
		return loadtestError(err)
	}
	err = s.loadtestDone(r, f, dir)
	if r.ExitCode == loadtest.ExitViolated && !f.json && !s.Quiet {
		s.shrunk(c.Context(), config, r)
	}
	end(r, dir)
	return err
}

// loadtestError gives an error of the library its exit code. Work that failed is
// inconclusive: 1 is for violated and nothing else.
func loadtestError(err error) error {
	var mistake *loadtest.UsageError
	var coded *exitError
	switch {
	case errors.As(err, &coded):
		return err
	case errors.As(err, &mistake):
		return usage(mistake.Err, mistake.Hint)
	case errors.Is(err, context.Canceled):
		return &exitError{code: codeInterrupted, err: errors.New("interrupted before the first server was ready")}
	}
	return &exitError{code: loadtest.ExitInconclusive, err: err}
}

// loadtestDone writes the report and the result. A report that can't be written
// makes a run inconclusive, whatever it found, unless it found a violation.
func (s *IO) loadtestDone(r *result.Result, f *loadtestFlags, dir string) error {
	o := &reports.Options{Color: s.ColorOut(), Width: s.Width, Version: s.Version}
	wrote := reports.WriteDir(s.Path(dir), r, o)
	if f.json {
		if err := reports.JSON(s.Out, r, o); err != nil {
			return loadtestError(err)
		}
	} else if err := reports.Table(s.Out, r, o); err != nil {
		return loadtestError(err)
	}
	if wrote != nil {
		code := loadtest.ExitInconclusive
		if r.ExitCode == loadtest.ExitViolated || r.ExitCode == loadtest.ExitInterrupted {
			code = r.ExitCode
		}
		return &exitError{code: code, err: wrote}
	}
	if !s.Quiet {
		fmt.Fprintf(s.Err, "report: %s\n", dir)
	}
	return exit(r.ExitCode)
}

// loadtestConfig turns flags, and the configuration file under them, into what
// the library wants, and the folder of the report.
func (s *IO) loadtestConfig(f *loadtestFlags) (*loadtest.Config, string, error) {
	config := &loadtest.Config{
		Users: f.users, Duration: f.duration, Seed: f.seed, Schedules: f.schedules,
		Raw: f.engine == "raw", FullEvidence: f.evidence == "full", AllowHosts: f.allowHosts, AllowExec: f.allowExec,
		LookupEnv: s.LookupEnv, ReadFile: s.readFile, Version: s.Version, Command: f.command(),
		Shard: f.shardIndex, Shards: f.shardCount,
	}
	if f.rate != "" {
		rate, err := loadtest.ParseRate(f.rate)
		if err != nil {
			return nil, "", usage(fmt.Errorf("--rate: %w", err), "")
		}
		config.Rate = rate
	}
	spec, err := s.loadtestSpec(f)
	if err != nil {
		return nil, "", loadtestError(err)
	}
	if spec == nil {
		config.Servers = s.builtinServers()
	} else {
		config.Servers = []loadtest.Server{s.targetServer(spec, f)}
		if config.Seed == 0 && spec.Load.Seed != nil {
			config.Seed = *spec.Load.Seed
		}
	}
	dir := f.out
	if dir == "" && spec != nil {
		dir = spec.Report.Dir
	}
	if dir == "" {
		dir = defaultReportDir
	}
	s.keepSmall(slices.Max(append([]int{0}, config.Users...)), spec)
	return config, dir, nil
}

// manyUsers is where what a user costs in memory begins to be felt.
const manyUsers = 1000

// keepSmall has memory cleared more often when there are many users: what is alive
// then hardly changes, so that it costs little, and as much again would be held
// otherwise. Who sets GOGC knows better.
func (s *IO) keepSmall(users int, spec *loadtest.Spec) {
	if spec != nil && users == 0 {
		users = max(spec.Users.Count, len(spec.IDs.List))
	}
	if _, chosen := s.LookupEnv("GOGC"); !chosen && users >= manyUsers {
		debug.SetGCPercent(25)
	}
}

// loadtestSpec reads what describes the user's server; nil for the built-in ones.
func (s *IO) loadtestSpec(f *loadtestFlags) (*loadtest.Spec, error) {
	switch {
	case f.config != "":
		data, err := s.readFile(f.config)
		if err != nil {
			return nil, usage(fmt.Errorf("--config: %w", err), "wsmig loadtest probe ADDRESS writes one")
		}
		return loadtest.ParseSpecAt(f.urls, f.config, data, s.readFile)
	case len(f.urls) > 0:
		return loadtest.TargetSpec(f.urls, f.preset, s.readFile)
	}
	return nil, nil
}

func (s *IO) readFile(name string) ([]byte, error) {
	data, err := os.ReadFile(s.Path(name))
	var path *os.PathError
	if errors.As(err, &path) {
		return nil, fmt.Errorf("%s: %w", name, path.Err)
	}
	return data, err
}

// command is the run as it was asked for, in the form that starts it again, with
// what looks like a credential in an address left out.
func (f *loadtestFlags) command() []string {
	words := []string{"loadtest"}
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, value)
		}
	}
	if f.config == "" && len(f.urls) == 0 || len(f.users) > 0 {
		add("--users", f.usersText())
	}
	for _, address := range f.urls {
		add("--url", withoutCredentials(address))
	}
	add("--config", f.config)
	add("--preset", f.preset)
	if f.duration > 0 {
		add("--duration", f.duration.String())
	}
	add("--rate", f.rate)
	add("--schedules", strings.Join(f.schedules, ","))
	if f.engine != "gorilla" {
		add("--engine", f.engine)
	}
	add("--exec", f.exec)
	add("--shard", f.shard)
	for _, host := range f.allowHosts {
		add("--allow-host", host)
	}
	if f.allowExec {
		words = append(words, "--allow-exec")
	}
	if f.seed > 0 {
		add("--seed", fmt.Sprint(f.seed))
	}
	return words
}

func (f *loadtestFlags) usersText() string {
	if len(f.users) == 0 {
		return fmt.Sprint(loadtest.DefaultUsers)
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(f.users), " ", ","), "[]")
}
