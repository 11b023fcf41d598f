package cmd

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// flagsOf is every flag of every command that help shows, with its dashes.
func flagsOf(root *cobra.Command) []string {
	var names []string
	for _, c := range visible(root) {
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		c.PersistentFlags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// foreignFlags stand in the README and belong to other programs.
var foreignFlags = []string{"--check", "--help"}

// TestTheREADMEAndTheFlagsAgree: each flag that the README speaks of exists, and
// each flag that exists stands in the README.
func TestTheREADMEAndTheFlagsAgree(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	flags := flagsOf(newRoot(&IO{LookupEnv: os.LookupEnv}))
	require.Greater(t, len(flags), 40)
	said := regexp.MustCompile(`(?:^|[^-\w])(--[a-z][a-z-]*[a-z])`).FindAllStringSubmatch(string(text), -1)
	var named []string
	for _, match := range said {
		named = append(named, match[1])
	}
	for _, name := range named {
		if !slices.Contains(flags, name) && !slices.Contains(foreignFlags, name) {
			t.Errorf("the README speaks of %s, which no command has", name)
		}
	}
	for _, name := range flags {
		if !slices.Contains(named, name) {
			t.Errorf("the README does not speak of %s", name)
		}
	}
}

// TestEveryCommandExplainsItself: a long text with the exit codes, and an example
// that starts with the command itself.
func TestEveryCommandExplainsItself(t *testing.T) {
	for _, c := range visible(newRoot(&IO{LookupEnv: os.LookupEnv})) {
		if !c.HasParent() || c.Name() == "version" || c.Name() == "schema" {
			continue
		}
		require.NotEmpty(t, c.Long, c.CommandPath())
		require.Contains(t, c.Long, "Exit code", c.CommandPath())
		require.Contains(t, c.Example, c.CommandPath(), c.CommandPath())
	}
}
