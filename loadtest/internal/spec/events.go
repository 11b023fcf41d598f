package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/invopop/jsonschema"

	"github.com/wsmig/wsmig/loadtest/history"
)

// Events is a protocol of events in which each connection must receive them. The
// word agent stands for the one of the runtime's emitters.
type Events struct {
	Name    string       `yaml:"name,omitempty" jsonschema_description:"how reports call it; default: events"`
	Type    string       `yaml:"type,omitempty" jsonschema_description:"path of an event's type, default $.type; events of other types than are named here are not judged"`
	Run     List[string] `yaml:"run,omitempty" jsonschema_description:"paths whose values tell one run from another; events with none of them are not judged; default: a connection's runs follow one another"`
	First   string       `yaml:"first,omitempty" jsonschema_description:"type that begins a run, and comes once"`
	Last    List[string] `yaml:"last,omitempty" jsonschema_description:"types that end a run; nothing follows"`
	Between List[string] `yaml:"between,omitempty" jsonschema_description:"types that may come any number of times"`
	Pairs   List[Pair]   `yaml:"pairs,omitempty" jsonschema_description:"types of which each open is followed by one close before the run ends"`
}

// Pair is two types of events that belong together.
type Pair struct {
	Open  string       `yaml:"open" jsonschema_description:"type that begins something within a run"`
	Close string       `yaml:"close" jsonschema_description:"type that ends it"`
	By    List[string] `yaml:"by,omitempty" jsonschema_description:"paths whose values tell which pair it is"`
}

// agentEvents is the word for the protocol of the runtime's emitters.
const agentEvents = "agent"

// UnmarshalYAML reads a mapping or the word agent.
func (e *Events) UnmarshalYAML(node ast.Node) error {
	if _, ok := node.(*ast.MappingNode); ok {
		type plain Events
		return yaml.NodeToValue(node, (*plain)(e))
	}
	if word := node.GetToken().Value; word != agentEvents {
		return fmt.Errorf("expect.events: %q is not %s and not a mapping with type, first, last, pairs", word, agentEvents)
	}
	e.adopt(history.AgentEvents())
	return nil
}

func (e *Events) adopt(s *history.Sequence) {
	*e = Events{Name: s.Name, Type: s.Type, Run: s.Run, First: s.First, Last: s.Last, Between: s.Between}
	for _, p := range s.Pairs {
		e.Pairs = append(e.Pairs, Pair{Open: p.Open, Close: p.Close, By: p.By})
	}
}

// JSONSchemaExtend lets the word stand for the mapping.
func (Events) JSONSchemaExtend(s *jsonschema.Schema) {
	alternative(s, &jsonschema.Schema{Type: "string", Enum: []any{agentEvents}, Description: "the events of an agent's run, as the runtime's emitters send them"})
}

// Sequence is the protocol in the form that the checker knows.
func (e *Events) Sequence() *history.Sequence {
	s := &history.Sequence{Name: e.Name, Type: member(e.Type), Run: members(e.Run), First: e.First, Last: e.Last, Between: e.Between}
	if s.Name == "" {
		s.Name = "events"
	}
	if e.Type == "" {
		s.Type = "type"
	}
	for _, p := range e.Pairs {
		s.Pairs = append(s.Pairs, history.Pair{Open: p.Open, Close: p.Close, By: members(p.By)})
	}
	return s
}

// member is a path in the checker's form, without the leading $.
func member(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".") }

func members(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = member(p)
	}
	return out
}

func (e *Events) check(path string) *problem {
	switch {
	case e.First == "":
		return &problem{path + ".first", "is missing", "name the type that begins a run, or write events: agent"}
	case len(e.Last) == 0:
		return &problem{path + ".last", "is missing", "name the types that end a run"}
	case slices.Contains(e.Last, e.First):
		return &problem{path + ".last", fmt.Sprintf("%q begins a run as well", e.First), ""}
	}
	paths := append([]string{e.Type}, e.Run...)
	for i, p := range e.Pairs {
		if p.Open == "" || p.Close == "" || p.Open == p.Close {
			return &problem{fmt.Sprintf("%s.pairs[%d]", path, i), "want two different types, open and close", ""}
		}
		paths = append(paths, p.By...)
	}
	for _, p := range paths {
		parsed, err := ParsePath(p)
		index := func(part any) bool { _, is := part.(int); return is }
		if err != nil || slices.ContainsFunc(parsed, index) {
			return &problem{path, fmt.Sprintf("%q is not a path of names such as $.data.run_id", p), ""}
		}
	}
	return nil
}
