package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
)

// replay runs what a saved result found again: the same server, schedule and seed,
// then with as few users and waves as still show it.
func (s *IO) replay(c *cobra.Command, f *loadtestFlags) error {
	saved, err := s.savedResult(f.replay)
	if err != nil {
		return err
	}
	hit, ok := loadtest.FirstHit(saved)
	if !ok {
		return usage(fmt.Errorf("%s has no anomaly to replay", f.replay), "give the report of a run that found one")
	}
	again, err := s.flagsOf(saved, f)
	if err != nil {
		return err
	}
	config, _, err := s.loadtestConfig(again)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s of %s at %s under %s, seed %s\n", hit.Code, nobody(hit.Owner), nobody(hit.Receiver), hit.Schedule, saved.Seed)
	found, err := loadtest.RunReplay(c.Context(), config, hit, func(line string) { fmt.Fprintln(s.Out, line) })
	if err != nil {
		return loadtestError(err)
	}
	return s.replayed(c.Context(), found)
}

func nobody(name string) string {
	if name == "" {
		return "nobody"
	}
	return name
}

// savedResult reads results.json, or the folder that it is in.
func (s *IO) savedResult(name string) (*result.Result, error) {
	path := s.Path(name)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "results.json")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, usage(fmt.Errorf("--replay %s: no such file", name), "give the results.json or the folder of an earlier run")
	}
	defer func() { _ = file.Close() }() // it was only read
	saved, err := reports.ReadResult(file)
	if err != nil {
		return nil, usage(fmt.Errorf("--replay %s: %w", name, err), "")
	}
	return saved, nil
}

// flagsOf are the flags of the saved run, with the seed that it had.
func (s *IO) flagsOf(saved *result.Result, now *loadtestFlags) (*loadtestFlags, error) {
	again := *now
	var old loadtestFlags
	c := newLoadtestFlagSet(&old)
	words := saved.Command
	if len(words) > 0 && words[0] == "loadtest" {
		words = words[1:]
	}
	if err := c.Parse(words); err != nil {
		return nil, usage(fmt.Errorf("--replay: the saved command %q can't be read: %w", strings.Join(saved.Command, " "), err), "")
	}
	seed, err := strconv.ParseUint(saved.Seed, 10, 64)
	if err != nil {
		return nil, usage(fmt.Errorf("--replay: the saved seed %q is no number", saved.Seed), "")
	}
	if len(again.urls) == 0 && (again.config == "" || old.config != "") { // beside a configuration the saved address replaced its target
		again.urls = old.urls
	}
	if again.config == "" && again.preset == "" {
		again.config, again.preset = old.config, old.preset
	}
	if again.exec == "" {
		again.exec = old.exec
	}
	if strings.Contains(strings.Join(again.urls, " "), "REDACTED") {
		return nil, usage(errors.New("--replay: the saved address has no credentials"), "give the address again with --url")
	}
	again.users, again.engine, again.rate, again.seed = old.users, old.engine, old.rate, seed
	again.allowHosts, again.allowExec = append(again.allowHosts, old.allowHosts...), again.allowExec || old.allowExec
	return &again, nil
}

// replayed tells what came of it; the exit code is that of a run that found the
// same.
func (s *IO) replayed(ctx context.Context, r *loadtest.Replay) error {
	s.story(r)
	switch {
	case ctx.Err() != nil:
		return &exitError{code: codeInterrupted, err: errors.New("interrupted")}
	case r.Whole.Hits > 0:
		return exit(loadtest.ExitViolated)
	}
	return &exitError{code: loadtest.ExitInconclusive, err: fmt.Errorf("it did not show in %d tries", r.Whole.Tries), hint: "races depend on timing: try again, or on a machine as busy as that one was"}
}

// story tells what the connections involved did around the anomaly.
func (s *IO) story(r *loadtest.Replay) {
	if r.Prose != "" {
		fmt.Fprintf(s.Out, "\n%s\n", r.Prose)
	}
	for _, step := range r.Steps {
		fmt.Fprintf(s.Out, "  %10.3f ms  %-6s %-8s %-6s %s\n", step.AtMS, step.Connection, step.User, step.Kind, eventOf(&step))
	}
}

// shrunk says how small the run can be that still shows what was found. That it
// could not be made smaller, or ended badly, changes nothing about what was found.
func (s *IO) shrunk(ctx context.Context, config *loadtest.Config, r *result.Result) {
	if s.Progress() {
		fmt.Fprintf(s.Err, "\r\x1b[Klooking for the smallest run that shows it, up to %v; Ctrl-C stops that", loadtest.ShrinkTime)
		defer fmt.Fprint(s.Err, "\r\x1b[K")
	}
	found, err := loadtest.Shrink(ctx, config, r)
	if err != nil || found == nil || found.Small == nil {
		return
	}
	if s.Progress() {
		fmt.Fprint(s.Err, "\r\x1b[K")
	}
	fmt.Fprintf(s.Out, "\n%s of %s at %s under %s, with %s\n", found.Hit.Code, nobody(found.Hit.Owner), nobody(found.Hit.Receiver), found.Hit.Schedule, found.Small)
	s.story(found)
}

func eventOf(step *result.Step) string {
	if step.Stream == "" {
		return ""
	}
	return fmt.Sprintf("%s#%d of %s", step.Stream, step.Seq, step.Owner)
}
