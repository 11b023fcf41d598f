package spec

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON schema of a configuration file, indented, with a final
// newline.
func Schema() ([]byte, error) {
	reflector := &jsonschema.Reflector{FieldNameTag: "yaml", RequiredFromJSONSchemaTags: true, ExpandedStruct: true, Anonymous: true, Namer: typeName}
	schema := reflector.Reflect(&File{})
	schema.Title = "wsmig loadtest configuration"
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// typeName gives a generic list a name that a reference can carry.
func typeName(t reflect.Type) string {
	name, element, generic := strings.Cut(strings.TrimSuffix(t.Name(), "]"), "[")
	if !generic {
		return t.Name()
	}
	return name + "Of" + element[strings.LastIndex(element, ".")+1:]
}
