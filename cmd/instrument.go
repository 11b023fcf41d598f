package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/instrument"
)

const instrumentLong = `instrument writes an overlay for go build that puts scheduling points around the
accesses of what lint finds. A window of two microseconds between two calls shows
nothing under any load; with a point in it, it shows at once:

  wsmig instrument ./... -o overlay.json
  go build -overlay overlay.json -o server ./cmd/server
  WSMIG_YIELD=0.5 wsmig loadtest --config loadtest.yaml --exec ./server

The sources stay as they are, and the inserted code needs the standard library
alone. WSMIG_YIELD is the probability that a point yields or sleeps (default 0.1, 0
is off), WSMIG_YIELD_MAX the longest sleep (default 200us), WSMIG_SEED the seed.

Exit codes: 0 written, 1 nothing could be loaded or written, 2 wrong use.`

type instrumentFlags struct {
	output, tags string
	accessors    []string
}

func newInstrumentCmd(s *IO) *cobra.Command {
	var f instrumentFlags
	c := &cobra.Command{
		Use:     "instrument [packages]",
		Short:   "Write a build overlay with scheduling points around what lint found",
		Long:    instrumentLong,
		Example: "  wsmig instrument ./... -o overlay.json && go test -overlay overlay.json ./...",
		RunE:    func(c *cobra.Command, args []string) error { return s.instrument(c.Context(), args, &f) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "overlay.json", "write the overlay to `FILE`, and the changed sources into a folder beside it")
	flags.StringVar(&f.tags, "tags", "", "build `TAGS`, as for go build")
	flags.StringArrayVar(&f.accessors, "accessor", nil, "`PKG.NAME` is a process-wide manager; repeatable")
	return c
}

func (s *IO) instrument(ctx context.Context, patterns []string, f *instrumentFlags) error {
	if err := checkAccessors(f.accessors); err != nil {
		return err
	}
	output := s.Path(f.output)
	dir := sourcesOf(output)
	if err := checkOverlay(output, dir); err != nil {
		return usage(fmt.Errorf("-o %s: %w", f.output, err), "give a file that does not exist, or one that wsmig instrument wrote")
	}
	o, err := instrument.Run(ctx, &driver.Config{
		Dir: s.Dir, Env: s.Environ(), Patterns: patterns, Tags: f.tags, Accessors: f.accessors, Settings: config.NewTree(analyzer.Rules()),
		ToolExec: s.toolExec(),
	})
	if err != nil {
		return lintError(err)
	}
	if err := writeOverlay(output, dir, o); err != nil {
		return failed(err, "")
	}
	for _, left := range o.Left {
		fmt.Fprintf(s.Err, "wsmig: %s: no points (%s)\n", left.File, left.Reason)
	}
	for _, p := range o.Failed {
		fmt.Fprintf(s.Err, "wsmig: %s: no points: %s\n", p.Package, oneLine(p.Error))
	}
	if o.Points == 0 {
		s.say("no use of a process-wide manager was found: the overlay is empty\n")
		return nil
	}
	s.say("%d scheduling points; build with: go build -overlay %s\n", o.Points, f.output)
	return nil
}

// sourcesOf is the folder for the changed sources. Its name starts so that the go
// command looks for no packages in it.
func sourcesOf(output string) string {
	base := filepath.Base(output)
	return filepath.Join(filepath.Dir(output), "_"+strings.TrimSuffix(base, filepath.Ext(base)))
}

// overlayFile is what go build -overlay reads.
type overlayFile struct {
	Replace map[string]string
}

// checkOverlay keeps what is not ours from being overwritten.
func checkOverlay(output, dir string) error {
	if info, err := os.Stat(filepath.Dir(output)); err != nil || !info.IsDir() {
		return errors.New("no such folder")
	}
	data, err := os.ReadFile(output)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dir); err == nil {
			return fmt.Errorf("the folder %s is there already", filepath.Base(dir))
		}
		return nil
	}
	if err != nil {
		return errors.New("can't be read")
	}
	var old overlayFile
	if json.Unmarshal(data, &old) != nil || old.Replace == nil {
		return errors.New("is there and is no overlay")
	}
	for _, to := range old.Replace {
		if filepath.Dir(to) != dir {
			return errors.New("is an overlay of somebody else")
		}
	}
	return nil
}

// writeOverlay puts the sources into a new folder before the old one goes.
func writeOverlay(output, dir string, o *instrument.Overlay) error {
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "_overlay")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	file := overlayFile{Replace: map[string]string{}}
	for i, name := range slices.Sorted(maps.Keys(o.Files)) {
		base := fmt.Sprintf("%03d_%s", i, filepath.Base(name))
		if err := os.WriteFile(filepath.Join(fresh, base), o.Files[name], 0o644); err != nil {
			return err
		}
		file.Replace[name] = filepath.Join(dir, base)
	}
	data, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if len(o.Files) > 0 {
		if err := errors.Join(os.Chmod(fresh, 0o755), os.Rename(fresh, dir)); err != nil {
			return err
		}
	}
	return maybe.WriteFile(output, append(data, '\n'), 0o644)
}
