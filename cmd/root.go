package cmd

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `wsmig finds every process-wide WebSocket manager in a Go program and every use
of it, rewrites the uses into calls on emitters that are bound to one user, and
proves with real users over real WebSockets that nobody receives what was meant
for somebody else.

  lint      find the singletons and say what each use does
  fix       rewrite the uses; what it writes always compiles
  loadtest  prove isolation, singleton and factory side by side

The binary is also a vettool: go vet -vettool=$(which wsmig) ./...`

const rootExample = `  wsmig lint ./...
  wsmig fix --diff ./...
  wsmig loadtest --users 10`

// newRoot builds the command tree over s.
func newRoot(s *IO) *cobra.Command {
	root := &cobra.Command{
		Use:           "wsmig",
		Short:         "Find, fix and disprove process-wide WebSocket managers",
		Long:          rootLong,
		Example:       rootExample,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		CompletionOptions: cobra.CompletionOptions{
			HiddenDefaultCmd: false,
		},
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetFlagErrorFunc(flagError)
	addGlobalFlags(root, s)
	root.AddCommand(verbs(s)...)
	return root
}

// checkBuiltins makes cobra's own commands refuse words that mean nothing to them.
func checkBuiltins(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Args = knownTopic
		case "completion":
			c.Args, c.RunE = knownCommand, root.RunE
		}
	}
}

// knownTopic keeps help from answering a slip with the general page: whoever mistypes
// a command wants to hear so.
func knownTopic(c *cobra.Command, words []string) error {
	root := c.Root()
	found, rest, err := root.Find(words)
	if err == nil && len(rest) == 0 {
		return nil
	}
	if found == root {
		return knownCommand(root, words)
	}
	return usage(fmt.Errorf("no command %q", strings.Join(words, " ")), found.CommandPath()+" --help lists its flags")
}

func addGlobalFlags(root *cobra.Command, s *IO) {
	var dir string
	flags := root.PersistentFlags()
	flags.StringVarP(&dir, "chdir", "C", "", "change to `DIR` before doing anything")
	flags.BoolVarP(&s.Quiet, "quiet", "q", s.Quiet, "write nothing but errors to standard error")
	flags.BoolVar(&s.NoColor, "no-color", s.NoColor || s.colourless(), "no colour, as with NO_COLOR=1")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return s.changeDir(dir) }
}

func (s *IO) changeDir(dir string) error {
	if dir == "" {
		return nil
	}
	target := s.Path(dir)
	info, err := os.Stat(target)
	if err != nil {
		return usage(fmt.Errorf("-C %s: no such folder", dir), "give a folder that exists")
	}
	if !info.IsDir() {
		return usage(fmt.Errorf("-C %s: not a folder", dir), "give a folder")
	}
	s.Dir = target
	return nil
}

func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	names := make([]string, 0, len(c.Commands()))
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	hint := didYouMean(args[0], names)
	if hint == "" {
		hint = "wsmig help lists the commands"
	}
	return usage(fmt.Errorf("unknown command %q", args[0]), hint)
}

// wanted says what a flag takes, in words, for the types whose own errors speak of
// Go.
func wanted(f *pflag.Flag) string {
	switch kind := f.Value.Type(); kind {
	case "int", "uint64":
		return "a whole number"
	case "intSlice":
		return "a whole number, or several with commas between them"
	case "float64":
		return "a number"
	case "duration":
		return "a duration such as 500ms, 10s or 2m"
	case "bool":
		return "true or false"
	default:
		return ""
	}
}

func flagError(c *cobra.Command, err error) error {
	hint := c.CommandPath() + " --help lists the flags"
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) {
		if f := invalid.GetFlag(); wanted(f) != "" {
			return usage(fmt.Errorf("--%s %s: not %s", f.Name, invalid.GetValue(), wanted(f)), hint)
		}
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) && unknown.GetSpecifiedName() != "" {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := didYouMean(unknown.GetSpecifiedName(), names); near != "" {
			hint = strings.Replace(near, "mean ", "mean --", 1)
		}
	}
	return usage(err, hint)
}
