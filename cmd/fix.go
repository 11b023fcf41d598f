package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/mod/modfile"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/reports"
)

const fixLong = `fix rewrites what lint finds: a send that names its user among the arguments
becomes a call on an emitter that was made for that user and reaches nobody else.

  ws.GetManager().SendToUser(userID, msg)  ->  ws.EmitterFor(userID).SendToUser(msg)

The result is type-checked in memory, with tests and importers, before a file is
touched; what would not compile is taken back. Every site is in the ledger, with
the reason where it was left alone. A second run changes nothing.

Stages: bind gives each addressed send its emitter, which still delivers through
the old manager; move puts the connections under the runtime, which is where users
are isolated from each other; remove deletes a manager that nothing needs any more
(by itself only where no other module could know it).

On request only: --broadcasts renames sends to everyone so that their calls say so,
--widecast takes lint's alternative for broadcasts of one user's data.

Exit codes: 0 every addressed send of the stage is done, 1 the work failed and
nothing was written, 2 wrong use, 3 sites are left (the ledger says why), or with
--diff: the patch is not empty.`

const fixExample = `  wsmig fix --diff ./...                 # a patch on standard output, nothing written
  wsmig fix ./...
  wsmig fix --only realtime.GetManager --ledger ledger.json ./...
  wsmig fix --plain ./...                # without a dependency on the runtime`

type fixFlags struct {
	diff, plain, interactive, force bool
	broadcasts, widecast            bool
	ledger, stage, runtime, tags    string
	only, accessors                 []string
}

func newFixCmd(s *IO) *cobra.Command {
	var f fixFlags
	c := &cobra.Command{
		Use:     "fix [packages]",
		Short:   "Rewrite sends into calls on emitters that are bound to one user",
		Long:    fixLong,
		Example: fixExample,
		RunE:    func(c *cobra.Command, args []string) error { return s.fix(c.Context(), args, &f) },
	}
	flags := c.Flags()
	flags.BoolVar(&f.diff, "diff", false, "print a patch for git apply and write nothing")
	flags.StringVar(&f.ledger, "ledger", "", "write the ledger to `FILE` as JSON")
	flags.StringArrayVar(&f.only, "only", nil, "fix only this rule, symbol (pkg.Name) or `PATH`; repeatable")
	flags.StringVar(&f.stage, "stage", "", "stop at `STAGE`: bind, move or remove (default: as far as each manager goes)")
	flags.StringVar(&f.runtime, "runtime", "", "use the copy of wsmig in `DIR`, by a replace in go.mod")
	flags.BoolVar(&f.plain, "plain", false, "generate code without any dependency, and without the gate (stage bind)")
	flags.BoolVar(&f.broadcasts, "broadcasts", false, "give broadcasts a name that says so: BroadcastAll")
	flags.BoolVar(&f.widecast, "widecast", false, "send broadcasts of one user's data to that user, where the manager can")
	flags.BoolVar(&f.interactive, "interactive", false, "show each change and ask")
	flags.BoolVar(&f.force, "force", false, "write although git has changes that are not committed")
	flags.StringVar(&f.tags, "tags", "", "build `TAGS`, as for go build")
	flags.StringArrayVar(&f.accessors, "accessor", nil, "`PKG.NAME` is a process-wide manager; repeatable")
	return c
}

func (s *IO) fix(ctx context.Context, patterns []string, f *fixFlags) error {
	o, err := s.fixOptions(patterns, f)
	if err != nil {
		return err
	}
	if err := s.recoverFix(ctx, o, f.diff); err != nil {
		return fixError(err)
	}
	plan, err := fixer.Run(ctx, o)
	if err != nil {
		return fixError(err)
	}
	s.showFootprint(plan)
	if f.diff {
		if top := plan.DiffDir(); top != s.absDir() {
			s.say("the patch is to be applied in %s\n", top)
		}
		err = plan.Diff(s.Out)
	} else {
		err = s.writeFix(ctx, plan, f.force)
	}
	if err != nil {
		return fixError(err)
	}
	if err := s.showLedger(plan.Ledger, f.ledger); err != nil {
		return err
	}
	return exit(fixCode(plan, f.diff))
}

func (s *IO) fixOptions(patterns []string, f *fixFlags) (*fixer.Options, error) {
	o := &fixer.Options{
		Dir: s.Dir, Env: s.Environ(), Tags: f.tags, Patterns: patterns, Accessors: f.accessors,
		Stage: ledger.Stage(f.stage), Only: f.only, Plain: f.plain, Runtime: f.runtime, Version: s.Version,
		Broadcasts: f.broadcasts, Widecast: f.widecast, ToolExec: s.toolExec(),
	}
	o.Settings = config.NewTree(analyzer.Rules())
	switch o.Stage {
	case ledger.None, ledger.Bind, ledger.Move, ledger.Remove:
	default:
		return nil, usage(fmt.Errorf("--stage %s: no such stage", f.stage), "the stages are bind, move and remove")
	}
	switch {
	case f.plain && f.runtime != "":
		return nil, usage(errors.New("--plain and --runtime exclude each other"), "plain code has no runtime to copy")
	case f.plain && (o.Stage == ledger.Move || o.Stage == ledger.Remove):
		return nil, usage(fmt.Errorf("--plain goes no further than bind, not to %s", f.stage), "leave out --plain")
	case f.interactive && !(s.InTerminal && s.ErrTerminal):
		return nil, usage(errors.New("--interactive needs a terminal"), "use --diff to look at the changes, --only to choose")
	}
	if f.interactive {
		o.Ask = newAsker(s).ask
	}
	if err := checkAccessors(f.accessors); err != nil {
		return nil, err
	}
	if err := s.checkOutput("--ledger", f.ledger); err != nil {
		return nil, err
	}
	return o, s.checkRuntime(f.runtime)
}

// checkRuntime looks at the folder given with --runtime before any work is done.
func (s *IO) checkRuntime(dir string) error {
	if dir == "" {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(s.Path(dir), "go.mod"))
	if err != nil {
		return usage(fmt.Errorf("--runtime %s: no go.mod there", dir), "give the top folder of a checkout of github.com/wsmig/wsmig")
	}
	if path := modfile.ModulePath(data); path != "github.com/wsmig/wsmig" {
		return usage(fmt.Errorf("--runtime %s: holds module %s", dir, path), "give the top folder of a checkout of github.com/wsmig/wsmig")
	}
	return nil
}

// absDir is the folder that the verb runs in.
func (s *IO) absDir() string {
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return s.Dir
	}
	return dir
}

// recoverFix deals with a run that was killed while it wrote.
func (s *IO) recoverFix(ctx context.Context, o *fixer.Options, diff bool) error {
	pending, err := fixer.Interrupted(ctx, o.Dir, o.Env)
	if err != nil || !pending {
		return err
	}
	if diff {
		return failed(errors.New("an earlier run was interrupted while it wrote"), "run wsmig fix without --diff once: it puts the old files back first")
	}
	files, err := fixer.Recover(ctx, o.Dir, o.Env)
	for _, name := range files {
		s.say("put back after an interrupted run: %s\n", name)
	}
	return err
}

func (s *IO) writeFix(ctx context.Context, plan *fixer.Plan, force bool) error {
	if !plan.Changed() {
		s.say("nothing to change: no file was touched\n")
		return nil
	}
	if !force {
		if err := s.checkClean(ctx, plan); err != nil {
			return err
		}
	}
	return plan.Write(ctx)
}

// showFootprint says what becomes of the module files before they change.
func (s *IO) showFootprint(plan *fixer.Plan) {
	for _, p := range plan.Footprint {
		name := filepath.ToSlash(filepath.Join(p.Module, "go.mod"))
		if p.Require != "" {
			s.say("%s: require %s\n", name, p.Require)
		}
		if p.Replace != "" {
			s.say("%s: replace %s\n", name, p.Replace)
		}
		if p.GoBefore != p.GoAfter {
			s.say("%s: go %s becomes go %s\n", name, p.GoBefore, p.GoAfter)
		}
		if p.Toolchain != "" {
			s.say("%s: toolchain %s goes, it is older than that\n", name, p.Toolchain)
		}
		for _, version := range p.Held {
			s.say("%s: exclude %s: the packages here do not build with all that wsmig requires, and the runtime does not need it\n", name, version)
		}
		for _, setting := range p.Godebug {
			s.say("%s: the default GODEBUG setting %s no longer holds\n", name, setting)
		}
		for _, loop := range p.Loops {
			s.say("%s: the loop variables are new in each round from now on\n", loop)
		}
	}
}

// say writes a line for the eye.
func (s *IO) say(format string, args ...any) {
	if !s.Quiet {
		fmt.Fprintf(s.Err, format, args...)
	}
}

func (s *IO) showLedger(l *ledger.Ledger, file string) error {
	if !s.Quiet {
		if err := reports.LedgerTable(s.Err, l, &reports.Options{Color: s.ColorErr(), Width: s.Width}); err != nil {
			return err
		}
		s.sayHowFar(l)
	}
	if file == "" {
		return nil
	}
	return s.deliver("--ledger", file, func(w io.Writer) error { return reports.LedgerJSON(w, l, nil) })
}

// sayHowFar keeps anyone from taking bound callers for isolated users.
func (s *IO) sayHowFar(l *ledger.Ledger) {
	for _, single := range l.Singletons {
		if single.Stage == ledger.Bind {
			s.say("\nStage bind binds the callers; users are isolated from each other once the connections have moved (stage move).\n")
			return
		}
	}
}

func fixCode(plan *fixer.Plan, diff bool) int {
	if diff && plan.Changed() {
		return codeFindings
	}
	for i := range plan.Ledger.Sites {
		if plan.Ledger.Sites[i].Status == ledger.Left {
			return codeFindings
		}
	}
	return codeOK
}

// fixError gives an error of the fixer its exit code.
func fixError(err error) error {
	var input *driver.InputError
	var coded *exitError
	switch {
	case errors.As(err, &coded):
		return err
	case errors.As(err, &input):
		return usage(errors.New(input.Message), input.Hint)
	case errors.Is(err, context.Canceled):
		return failed(errors.New("interrupted"), "nothing was written")
	}
	return failed(err, "")
}
