package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
)

const manLong = `man writes the manual page of wsmig, or of one command, to standard output, or the
pages of all commands into a folder. They say what --help says, in the form that
man(1) reads.

Exit codes: 0 written, 1 the folder could not be written, 2 wrong use.`

const manExample = `  wsmig man | man -l -
  wsmig man loadtest probe | man -l -
  wsmig man --dir /usr/local/share/man/man1`

func newManCmd(s *IO) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:     "man [COMMAND ...]",
		Short:   "Write manual pages",
		Long:    manLong,
		Example: manExample,
		RunE: func(c *cobra.Command, args []string) error {
			if dir != "" && len(args) > 0 {
				return usage(fmt.Errorf("--dir with the command %s", strings.Join(args, " ")), "--dir writes the pages of all commands")
			}
			if dir != "" {
				return s.manPages(c.Root(), s.Path(dir))
			}
			return s.manPage(c.Root(), args)
		},
	}
	c.Flags().StringVar(&dir, "dir", "", "write the pages of all commands into `DIR`")
	return c
}

// manPage writes one page. Cobra finds the longest command that the words name, so
// words that are left over name none.
func (s *IO) manPage(root *cobra.Command, words []string) error {
	found, rest, err := root.Find(words)
	if err != nil || len(rest) > 0 || found.Hidden {
		return usage(fmt.Errorf("no command %q", strings.Join(words, " ")), "wsmig help lists the commands")
	}
	_, err = s.Out.Write(manual(found, s.Version))
	return err
}

// manPages writes the pages of all commands, each whole or not at all.
func (s *IO) manPages(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return failed(err, "give a folder that can be written")
	}
	for _, c := range visible(root) {
		if err := renameio.WriteFile(filepath.Join(dir, pageName(c)+".1"), manual(c, s.Version), 0o644); err != nil {
			return failed(err, "give a folder that can be written")
		}
	}
	return nil
}

// visible lists a command and all below it that help shows.
func visible(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			all = append(all, visible(sub)...)
		}
	}
	return all
}
