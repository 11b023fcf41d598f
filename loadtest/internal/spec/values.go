package spec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"
)

// List is a sequence that may be written as its only element.
type List[T any] []T

// UnmarshalYAML reads a sequence or a single element.
func (l *List[T]) UnmarshalYAML(node ast.Node) error {
	if _, ok := node.(*ast.SequenceNode); ok {
		return yaml.NodeToValue(node, (*[]T)(l))
	}
	var one T
	if err := yaml.NodeToValue(node, &one); err != nil {
		return err
	}
	*l = List[T]{one}
	return nil
}

// UnmarshalYAML reads a number, {csv: FILE} or {count: N}.
func (u *Users) UnmarshalYAML(node ast.Node) error {
	if _, ok := node.(*ast.MappingNode); ok {
		type plain Users
		return yaml.NodeToValue(node, (*plain)(u))
	}
	n, err := strconv.Atoi(node.GetToken().Value)
	if err != nil {
		return fmt.Errorf("users: %q is not a number of users and not {csv: FILE}", node.GetToken().Value)
	}
	if n < 1 {
		return fmt.Errorf("users: %q, want at least 1", node.GetToken().Value)
	}
	u.Count = n
	return nil
}

// UnmarshalYAML reads a list of ids or a pattern.
func (i *IDs) UnmarshalYAML(node ast.Node) error {
	switch node.(type) {
	case *ast.SequenceNode:
		return yaml.NodeToValue(node, &i.List)
	case *ast.MappingNode:
		type plain IDs
		return yaml.NodeToValue(node, (*plain)(i))
	}
	return yaml.NodeToValue(node, &i.Pattern)
}

// UnmarshalYAML reads cookies and named JSON paths from one mapping.
func (t *Take) UnmarshalYAML(node ast.Node) error {
	var raw map[string]any
	if err := yaml.NodeToValue(node, &raw); err != nil {
		return err
	}
	t.Values = map[string]string{}
	for name, value := range raw {
		switch v := value.(type) {
		case bool:
			if name != "cookies" {
				return fmt.Errorf("take.%s: want a JSON path such as $.%s", name, name)
			}
			t.Cookies = v
		case string:
			t.Values[name] = v
		default:
			return fmt.Errorf("take.%s: want a JSON path such as $.%s", name, name)
		}
	}
	return nil
}

// Duration is a time.Duration, written 10s or 200ms.
type Duration time.Duration

// UnmarshalYAML reads Go's duration form.
func (d *Duration) UnmarshalYAML(node ast.Node) error {
	text := node.GetToken().Value
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is not a duration such as 10s or 200ms", text)
	}
	*d = Duration(parsed)
	return nil
}

// Rate is a number of events a second.
type Rate float64

// ParseRate reads 20, 20/s, 600/m or 1/h.
func ParseRate(text string) (Rate, error) {
	number, unit, _ := strings.Cut(strings.TrimSpace(text), "/")
	per, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || n <= 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, fmt.Errorf("%q is not a rate such as 20/s", text)
	}
	return Rate(n / per), nil
}

// UnmarshalYAML reads a number or a number with a unit.
func (r *Rate) UnmarshalYAML(node ast.Node) error {
	var err error
	*r, err = ParseRate(node.GetToken().Value)
	return err
}

// Count is a number of cases that are allowed; Any means that none is one too
// many.
type Count struct {
	N   uint64
	Any bool
}

// UnmarshalYAML reads a number or the word any.
func (c *Count) UnmarshalYAML(node ast.Node) error {
	text := node.GetToken().Value
	if text == "any" {
		c.Any = true
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number and not any", text)
	}
	c.N = n
	return nil
}

// Exceeded reports whether n cases are more than allowed. A nil Count allows
// none.
func (c *Count) Exceeded(n uint64) bool {
	if c == nil {
		return n > 0
	}
	return !c.Any && n > c.N
}

func oneOf(schemas ...*jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: schemas}
}

func text(description string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Description: description}
}

// JSONSchema describes a Duration.
func (Duration) JSONSchema() *jsonschema.Schema { return text("duration such as 10s or 200ms") }

// JSONSchema describes a Rate.
func (Rate) JSONSchema() *jsonschema.Schema {
	return oneOf(&jsonschema.Schema{Type: "number"}, text("rate such as 20/s"))
}

// JSONSchema describes a Count.
func (Count) JSONSchema() *jsonschema.Schema {
	return oneOf(&jsonschema.Schema{Type: "integer", Minimum: "0"}, &jsonschema.Schema{Type: "string", Enum: []any{"any"}})
}

// JSONSchema describes a Take.
func (Take) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", AdditionalProperties: oneOf(&jsonschema.Schema{Type: "boolean"}, text("JSON path such as $.token"))}
}

// JSONSchemaExtend lets a bare number stand for the mapping.
func (Users) JSONSchemaExtend(s *jsonschema.Schema) {
	alternative(s, &jsonschema.Schema{Type: "integer", Minimum: "1"})
}

// JSONSchemaExtend lets a list or a pattern stand for the mapping.
func (IDs) JSONSchemaExtend(s *jsonschema.Schema) {
	alternative(s, text("pattern in which %d is the user's number"), &jsonschema.Schema{Type: "array", Items: text("id of a user")})
}

// JSONSchemaExtend lets the only element stand for the sequence.
func (List[T]) JSONSchemaExtend(s *jsonschema.Schema) {
	if s.Items != nil {
		alternative(s, s.Items)
	}
}

func alternative(s *jsonschema.Schema, others ...*jsonschema.Schema) {
	own := *s
	*s = jsonschema.Schema{OneOf: append([]*jsonschema.Schema{&own}, others...)}
}
