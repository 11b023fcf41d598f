package cmd

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
)

// noArguments is for verbs that take flags alone.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(errors.New(c.CommandPath()+" takes no arguments, and was given "+strings.Join(args, " ")), c.CommandPath()+" --help")
}

func newVersionCmd(s *IO) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of wsmig and of the Go that built it",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(s.Out, "wsmig %s %s %s/%s\n", s.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
