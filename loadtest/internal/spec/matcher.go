package spec

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// Matcher recognises a frame: exactly one field is set. A bare string is the
// short form of contains.
type Matcher struct {
	Contains string    `yaml:"contains,omitempty" jsonschema_description:"text that the frame contains"`
	Regex    string    `yaml:"regex,omitempty" jsonschema_description:"regular expression; its first group is the value"`
	JSON     JSONMatch `yaml:"json,omitempty" jsonschema_description:"path that must exist, such as $.type, or {PATH: VALUE, ...}"`
}

// JSONMatch maps paths into a JSON frame to the values that must stand there; an
// empty value means any.
type JSONMatch map[string]string

// UnmarshalYAML reads a mapping or a bare string.
func (m *Matcher) UnmarshalYAML(node ast.Node) error {
	if _, ok := node.(*ast.MappingNode); ok {
		type plain Matcher
		return yaml.NodeToValue(node, (*plain)(m))
	}
	return yaml.NodeToValue(node, &m.Contains)
}

// UnmarshalYAML reads a path or a mapping of paths to values.
func (j *JSONMatch) UnmarshalYAML(node ast.Node) error {
	if _, ok := node.(*ast.MappingNode); !ok {
		*j = JSONMatch{node.GetToken().Value: ""}
		return nil
	}
	var raw map[string]any
	if err := yaml.NodeToValue(node, &raw); err != nil {
		return err
	}
	*j = JSONMatch{}
	for path, want := range raw {
		(*j)[path] = fmt.Sprint(want)
	}
	return nil
}

// JSONSchemaExtend lets a bare string stand for contains.
func (Matcher) JSONSchemaExtend(s *jsonschema.Schema) {
	alternative(s, text("text that the frame contains"))
}

// JSONSchema describes a JSONMatch.
func (JSONMatch) JSONSchema() *jsonschema.Schema {
	return oneOf(text("path such as $.type"), &jsonschema.Schema{Type: "object"})
}

func (m *Matcher) check() error {
	set := 0
	for _, is := range []bool{m.Contains != "", m.Regex != "", len(m.JSON) > 0} {
		if is {
			set++
		}
	}
	if set != 1 {
		return fmt.Errorf("want exactly one of contains, regex, json")
	}
	for path := range m.JSON {
		if _, err := ParsePath(path); err != nil {
			return err
		}
	}
	if m.Regex != "" && !strings.Contains(m.Regex, "{{") {
		if _, err := regexp.Compile(m.Regex); err != nil {
			return fmt.Errorf("%q is not a regular expression: %w", m.Regex, err)
		}
	}
	return nil
}

// Path is a parsed path into a JSON value.
type Path []any // string for a member, int for an element

// ParsePath reads $.a.b[0].c; the leading $ may be left out.
func ParsePath(text string) (Path, error) {
	rest := strings.TrimPrefix(text, "$")
	if rest == text && text != "" && text[0] != '[' {
		rest = "." + rest
	}
	var path Path
	for rest != "" {
		end := strings.IndexAny(rest[1:], ".[") + 1
		if end == 0 {
			end = len(rest)
		}
		part := rest[:end]
		rest = rest[end:]
		if index, ok := strings.CutPrefix(part, "["); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
			if err != nil || !strings.HasSuffix(index, "]") {
				return nil, fmt.Errorf("%q is not a JSON path such as $.a[0].b", text)
			}
			path = append(path, n)
			continue
		}
		if part[0] != '.' || len(part) == 1 {
			return nil, fmt.Errorf("%q is not a JSON path such as $.a[0].b", text)
		}
		path = append(path, part[1:])
	}
	return path, nil
}

// Find returns the value at the path as text, in the way JSON would show it
// without quotes, and whether there is one.
func (p Path) Find(frame []byte) (string, bool) {
	var value any
	decoder := json.NewDecoder(strings.NewReader(string(frame)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return "", false
	}
	for _, part := range p {
		switch at := part.(type) {
		case string:
			object, ok := value.(map[string]any)
			if !ok {
				return "", false
			}
			if value, ok = object[at]; !ok {
				return "", false
			}
		case int:
			array, ok := value.([]any)
			if !ok || at < 0 || at >= len(array) {
				return "", false
			}
			value = array[at]
		}
	}
	switch v := value.(type) {
	case map[string]any, []any:
		text, err := json.Marshal(v)
		return string(text), err == nil
	case nil:
		return "", true
	}
	return fmt.Sprint(value), true
}
