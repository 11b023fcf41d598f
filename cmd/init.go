package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/starter"
	"github.com/wsmig/wsmig/reports"
)

const initLong = `init writes a first .wsmig.yaml into the folder, from what lint found: the managers,
what their functions do, and by which parameter they pick the receiver. It changes
nothing in what lint finds until it is edited, and never replaces a file.

Exit codes: 0 written, 1 nothing could be loaded or written, 2 wrong use, or there is
a file already.`

type initFlags struct {
	tags   string
	schema bool
}

func newInitCmd(s *IO) *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:     "init [packages]",
		Short:   "Write .wsmig.yaml from what lint found",
		Long:    initLong,
		Example: "  wsmig init ./...\n  wsmig init --schema > wsmig.schema.json",
		RunE:    func(c *cobra.Command, args []string) error { return s.initialise(c.Context(), args, &f) },
	}
	c.Flags().StringVar(&f.tags, "tags", "", "build `TAGS`, as for go build")
	c.Flags().BoolVar(&f.schema, "schema", false, "print the JSON schema of the file instead")
	return c
}

func (s *IO) initialise(ctx context.Context, patterns []string, f *initFlags) error {
	if f.schema {
		_, err := s.Out.Write(reports.ConfigSchema)
		return err
	}
	if name := config.Find(s.Dir); name != "" {
		return usage(fmt.Errorf("%s is there already", name), "edit it, or delete it first")
	}
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	file, err := starter.Run(ctx, &driver.Config{Dir: s.Dir, Env: s.Environ(), Patterns: patterns, Tags: f.tags, ToolExec: s.toolExec()})
	if err != nil {
		return lintError(err)
	}
	if err := writeNew(s.Path(config.Name), file.Text); err != nil {
		return err
	}
	for _, p := range file.Failed {
		fmt.Fprintf(s.Err, "wsmig: %s: %s\n", p.Package, oneLine(p.Error))
	}
	s.say("%s: %d process-wide managers\n", config.Name, file.Singletons)
	return nil
}

// writeNew never replaces a file, not even one that appeared meanwhile.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage(fmt.Errorf("%s is there already", name), "edit it, or delete it first")
	}
	if err != nil {
		return failed(err, "")
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return failed(errors.Join(err, os.Remove(name)), "")
	}
	return nil
}
