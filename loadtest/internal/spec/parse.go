package spec

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is something wrong in a configuration file, said in one line.
type Error struct {
	File   string
	Line   int // 0 when the place is not known
	Column int
	Text   string
	Hint   string // what to do, may be empty
}

func (e *Error) Error() string {
	place := e.File
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	message := place + ": " + e.Text
	if e.Hint != "" {
		message += "; " + e.Hint
	}
	return message
}

// Parse reads one file, presets not merged and nothing checked beyond its form:
// unknown keys, wrong kinds of value, bad durations and rates. The name is for
// messages alone.
func Parse(name string, data []byte) (*File, error) {
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, located(name, err, nil)
	}
	file := &File{}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		return file, nil
	}
	if len(tree.Docs) > 1 {
		return nil, &Error{File: name, Text: "more than one document", Hint: "leave one"}
	}
	body := tree.Docs[0].Body
	if _, ok := body.(*ast.MappingNode); !ok {
		return nil, atNode(name, body, "want a mapping such as target: ws://127.0.0.1:8080/ws", "")
	}
	if err := knownKeys(name, body, reflect.TypeFor[File](), ""); err != nil {
		return nil, err
	}
	if err := yaml.NodeToValue(body, file, yaml.Strict()); err != nil {
		return nil, located(name, err, body)
	}
	return file, nil
}

func atNode(name string, node ast.Node, text, hint string) *Error {
	e := &Error{File: name, Text: text, Hint: hint}
	e.place(node.GetToken())
	return e
}

func (e *Error) place(t *token.Token) {
	if t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
}

// located turns what the YAML library says into one line.
func located(name string, err error, body ast.Node) error {
	e := &Error{File: name, Text: err.Error()}
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		e.Text = syntax.GetMessage()
		e.place(syntax.GetToken())
	} else if body != nil {
		e.place(findValue(body, err.Error()))
	}
	e.Text = strings.Join(strings.Fields(e.Text), " ")
	return e
}

// findValue finds the token whose text an error of ours quotes, since the library
// does not tell a custom decoder's place.
func findValue(body ast.Node, message string) *token.Token {
	var found *token.Token
	ast.Walk(visitor(func(node ast.Node) {
		if _, ok := node.(ast.ScalarNode); !ok || found != nil {
			return
		}
		if t := node.GetToken(); t != nil && strings.Contains(message, fmt.Sprintf("%q", t.Value)) {
			found = t
		}
	}), body)
	return found
}

type visitor func(ast.Node)

// Visit implements ast.Visitor.
func (v visitor) Visit(node ast.Node) ast.Visitor {
	v(node)
	return v
}

// knownKeys walks the tree beside the type it is decoded into, so that an unknown
// key is refused with its place and the nearest key that exists there, also
// inside types with a decoder of their own.
func knownKeys(name string, node ast.Node, t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n := node.(type) {
	case *ast.AnchorNode:
		return knownKeys(name, n.Value, t, path)
	case *ast.TagNode:
		return knownKeys(name, n.Value, t, path)
	case *ast.SequenceNode:
		if t.Kind() != reflect.Slice {
			return nil
		}
		for i, value := range n.Values {
			if err := knownKeys(name, value, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case *ast.MappingNode:
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || t == reflect.TypeFor[Take]() {
			return nil
		}
		return knownFields(name, n, t, path)
	}
	return nil
}

func knownFields(name string, node *ast.MappingNode, t reflect.Type, path string) error {
	fields := fieldsOf(t)
	for _, pair := range node.Values {
		key := pair.Key.GetToken().Value
		if key == "<<" {
			continue
		}
		full := strings.TrimPrefix(path+"."+key, ".")
		field, ok := fields[key]
		if !ok {
			return atNode(name, pair.Key, fmt.Sprintf("unknown key %s", full), nearest(key, fields))
		}
		if err := knownKeys(name, pair.Value, field, full); err != nil {
			return err
		}
	}
	return nil
}

// fieldsOf lists a struct's keys, inlined ones included.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		field := t.Field(i)
		tag, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if options == "inline" {
			for name, inner := range fieldsOf(field.Type) {
				fields[name] = inner
			}
			continue
		}
		if tag != "" {
			fields[tag] = field.Type
		}
	}
	return fields
}

func nearest(key string, fields map[string]reflect.Type) string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	return "did you mean " + Nearest(key, names) + "?"
}

// Nearest returns the candidate that differs least from word, the first in
// alphabetical order among equals, or "" when there is none.
func Nearest(word string, candidates []string) string {
	best, distance := "", -1
	for _, candidate := range candidates {
		d := levenshtein.ComputeDistance(strings.ToLower(word), candidate)
		if distance < 0 || d < distance || d == distance && candidate < best {
			best, distance = candidate, d
		}
	}
	return best
}
