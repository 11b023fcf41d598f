package cmd

import (
	"github.com/spf13/cobra"

	"github.com/wsmig/wsmig/loadtest"
)

func newLoadtestSchemaCmd(s *IO) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the configuration file",
		Long: `schema prints the JSON schema of what loadtest --config reads. Editors with a YAML
language server complete and check against it: put this on the file's first line

  # yaml-language-server: $schema=loadtest.schema.json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			text, err := loadtest.SpecSchema()
			if err != nil {
				return failed(err, "")
			}
			_, err = s.Out.Write(text)
			return err
		},
	}
}
