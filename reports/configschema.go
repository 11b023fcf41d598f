package reports

import _ "embed"

// ConfigSchema is the JSON schema of .wsmig.yaml.
//
//go:embed schema/config.schema.json
var ConfigSchema []byte
