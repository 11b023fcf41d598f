package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/loadtest"
)

const probeLong = `probe connects two users to a server, sends marked messages in the forms that
people use, shows what came back where, and writes a configuration for loadtest
as soon as one of them reached the user that it names.

Exit codes: 0 written, 2 what was given or a server that can't be reached, 3
nothing came back.`

type probeFlags struct {
	output     string
	preset     string
	allowHosts []string
}

func newLoadtestProbeCmd(s *IO) *cobra.Command {
	var f probeFlags
	c := &cobra.Command{
		Use:     "probe ADDRESS",
		Short:   "Find out how to speak with a server and write the configuration",
		Long:    probeLong,
		Example: "  wsmig loadtest probe ws://127.0.0.1:8080/ws\n  wsmig loadtest --config loadtest.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("probe takes one address"), "for example ws://127.0.0.1:8080/ws")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return s.probe(c.Context(), args[0], &f) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "loadtest.yaml", "`FILE` to write, which must not exist")
	flags.StringVar(&f.preset, "preset", "", "protocol: raw, wsmig, socketio, centrifugo, graphql-ws or a file (default: guessed)")
	flags.StringSliceVar(&f.allowHosts, "allow-host", nil, "`HOST` that may be reached beside this machine (repeatable)")
	return c
}

func (s *IO) probe(ctx context.Context, address string, f *probeFlags) error {
	if _, err := os.Stat(s.Path(f.output)); err == nil {
		return usage(fmt.Errorf("%s exists", f.output), "give another name with -o")
	}
	if err := s.checkOutput("-o", f.output); err != nil {
		return err
	}
	config, err := loadtest.Probe(ctx, &loadtest.ProbeConfig{
		Address: address, Preset: f.preset, AllowHosts: f.allowHosts, ReadFile: s.readFile,
		Tell: func(line string) {
			if !s.Quiet {
				fmt.Fprintln(s.Err, line)
			}
		},
	})
	if errors.Is(err, loadtest.ErrNothingCameBack) {
		return &exitError{code: loadtest.ExitInconclusive, err: err, hint: "write the configuration by hand: wsmig loadtest schema describes it"}
	}
	if err != nil {
		return loadtestError(err)
	}
	file, err := os.OpenFile(s.Path(f.output), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usage(fmt.Errorf("%s exists", f.output), "give another name with -o")
	}
	if err != nil {
		return usage(err, "")
	}
	if _, err := file.Write(config); err != nil {
		return usage(errors.Join(err, file.Close(), os.Remove(file.Name())), "")
	}
	if err := file.Close(); err != nil {
		return usage(err, "")
	}
	fmt.Fprintf(s.Out, "wrote %s; now: wsmig loadtest --config %s\n", f.output, f.output)
	return nil
}
