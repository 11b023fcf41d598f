package cmd

import "github.com/spf13/cobra"

// verbs lists the commands in the order in which help shows them.
func verbs(s *IO) []*cobra.Command {
	return []*cobra.Command{
		newLintCmd(s),
		newFixCmd(s),
		newInitCmd(s),
		newInstrumentCmd(s),
		newLoadtestCmd(s),
		newReportCmd(s),
		newManCmd(s),
		newVersionCmd(s),
	}
}
